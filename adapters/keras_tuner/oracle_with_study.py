"""A Keras Tuner oracle whose trials stand in an Optuna study."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import Trial, TrialState

from crosstune import _optuna
from crosstune.adapters.keras_tuner.distributions import held_under
from crosstune.adapters.keras_tuner.kept_state import (
    OTHER_VALUES,
    PRUNED,
    REPORTED,
    STATES,
    TRIAL_ID,
    reports_of,
)
from crosstune.adapters.keras_tuner.library import keras_tuner
from crosstune.adapters.keras_tuner.private import released_lock
from crosstune.adapters.keras_tuner.project import STATE
from crosstune.adapters.keras_tuner.reload import ReloadedOracle
from crosstune.adapters.keras_tuner.runs import Run, Runs, as_json
from crosstune.engines.budget import SearchBudget
from crosstune.engines.feasibility import is_feasible
from crosstune.engines.record_names import ERROR, RUNS

Recorded: TypeAlias = tuple[dict[str, BaseDistribution], dict[str, Any], dict[str, Any]]
"""Distributions and values of the parameters, and the values that are no parameters."""


class LedgerOracle(ReloadedOracle):
    """What stands in front of an oracle so that an Optuna study holds its trials.

    `create_trial` begins an Optuna trial, `update_trial` reports to it, and `end_trial` tells it:
    COMPLETED with the score, FAILED as failed, and as pruned what `should_prune` said yes to. A
    trial that Keras Tuner runs again is still the same one. `reload` builds the study anew from
    the project folder, where the storage does not have it.

    Args:
        open_study: makes or opens the study; called again when a project is reloaded.
        resume: called with the study once it holds the trials of an earlier process; it returns
            the record of the engine as it continues, or None where the oracle's own state, or the
            sampler itself, sees to that.
        run: the record of the engine.
        budget: the limit of the search.
        more: what the oracle takes.

    The study, and the project folder, name who proposed which trial: the record of each engine has
    its `first_trial`.
    """

    def __init__(
        self,
        open_study: Callable[[], Study],
        resume: Callable[[Study], Run | None],
        run: Run,
        budget: SearchBudget,
        **more: Any,
    ):
        super().__init__(**more)
        self._open_study, self._resume = open_study, resume
        self._runs = Runs(run, self._in_force, budget)
        self._numbers: dict[str, int] = {}
        self._live: dict[str, Trial] = {}
        self._pruned: dict[str, str] = {}
        self._diverged: set[str] = set()
        self._stopped_by_sampler = False
        self.study = open_study()
        """The `optuna.Study`."""
        runs = self.study.user_attrs.get(RUNS, [])
        if any(trial.state.is_finished() for trial in _optuna.all_trials(self.study)):
            self._continue(runs)
        elif not runs:
            self._runs.begin(self.study)

    @property
    def engine(self) -> str:
        """Backend and sampler, such as "hyperopt:tpe"."""
        return self._runs.engine

    def trial_number(self, trial_id: str) -> int:
        """The number in the study of one of Keras Tuner's trials."""
        return self._numbers[trial_id]

    def report(self, trial_id: str, value: float, step: int) -> None:
        """Report the objective after `step`; a step that was reported is left as it is."""
        live, value, step = self._live[trial_id], float(value), int(step)
        metrics = self.trials[trial_id].metrics
        if not metrics.exists(REPORTED):
            metrics.register(REPORTED, direction=self.objective.direction)
        if step not in self._reports(trial_id):
            live.report(value, step)
            metrics.update(REPORTED, value, step=step)

    def report_divergence(self, trial_id: str, step: int) -> None:
        """Report NaN after `step`: the last report, so that nothing is learnt from those before.

        Keras Tuner's own oracles cannot learn from NaN, so there the trial has no score.
        """
        self._live[trial_id].report(math.nan, int(step))
        self._diverged.add(trial_id)

    def should_prune(self, trial_id: str) -> bool:
        """Whether the pruner gives the trial up. If so its training is to be stopped now."""
        reports = self._reports(trial_id)
        if not self._live[trial_id].should_prune():
            return False
        last = max(reports)
        self._pruned[trial_id] = f"Pruned at step {last}: {self.objective.name} = {reports[last]}"
        return True

    def prune(self, trial_id: str, reason: str) -> None:
        """Give a trial up whatever the pruner says."""
        self._pruned.setdefault(trial_id, reason)

    def last_report(self, trial_id: str) -> float:
        """The value that was reported last; NaN where there is none."""
        reports = self._reports(trial_id)
        return reports[max(reports)] if reports else math.nan

    @keras_tuner.synchronized  # type: ignore[untyped-decorator]
    def update_trial(self, trial_id: str, metrics: Mapping[str, Any], step: int = 0) -> Any:
        """Keras Tuner's own, and the objective is reported to the study."""
        with released_lock(self):
            trial = super().update_trial(trial_id, metrics, step=step)
            known = trial_id in self._live and trial_id not in self._pruned
            if known and self.objective.name in metrics:
                self.report(trial_id, metrics[self.objective.name], step)
            return trial

    @keras_tuner.synchronized  # type: ignore[untyped-decorator]
    def end_trial(self, trial: Any) -> None:
        """Keras Tuner's own, and the study is told."""
        kept = self.trials[trial.trial_id]
        if trial.trial_id in self._pruned:
            trial.status, trial.message = PRUNED, self._pruned.pop(trial.trial_id)
            reports = self._reports(trial.trial_id)
            if reports and trial.trial_id not in self._diverged:
                kept.best_step = max(reports)
                kept.score = reports[kept.best_step]
        with released_lock(self):
            try:
                super().end_trial(trial)
            finally:
                self._close(kept)

    def get_best_trials(self, num_trials: int = 1) -> list[Any]:
        """Keras Tuner's own; trials that violate a constraint come last."""
        trials: list[Any] = super().get_best_trials(len(self.trials))
        known = _optuna.all_trials(self.study)
        infeasible = {
            name
            for name, number in self._numbers.items()
            if number < len(known) and not is_feasible(known[number])
        }
        return sorted(trials, key=lambda kept: kept.trial_id in infeasible)[:num_trials]

    def get_state(self) -> dict[str, Any]:
        """Keras Tuner's own, which trial of the study is which, and who proposed them."""
        ours = {"numbers": self._numbers, "runs": as_json(self.study.user_attrs.get(RUNS, []))}
        return {**super().get_state(), STATE: ours}

    def _in_force(self) -> Run:
        """The parts of the record that the oracle's own state decides."""
        return {}

    def _continue(self, runs: list[Run]) -> None:
        """Let the engine continue after the trials that are there, and record from which on."""
        continued = self._resume(self.study)
        if not _optuna.all_trials(self.study):
            self._runs.begin(self.study)
            return
        full = bool(self.max_trials) and len(self.trials) >= self.max_trials
        self._runs.follow(self.study, runs, continued, self.max_trials if full else None)

    def _begin(self, trial_id: str) -> Trial:
        """A new trial of the study, for one of Keras Tuner's."""
        live = self.study.ask()
        live.set_user_attr(TRIAL_ID, trial_id)
        self._numbers[trial_id], self._live[trial_id] = live.number, live
        return live

    def _place(self, number: int) -> tuple[BaseStorage, int]:
        """The storage, and the key of a trial in it."""
        storage, study = _optuna.identity(self.study)
        assert isinstance(storage, BaseStorage)
        return storage, storage.get_trial_id_from_study_id_trial_number(study, number)

    def _write(self, trial_id: str, hyperparameters: Any) -> None:
        """Put into a running trial the values that it does not have yet."""
        storage, key = self._place(self._numbers[trial_id])
        held = storage.get_trial(key).params
        laws, params, others = self._recorded(hyperparameters)
        for name, value in params.items():
            if name not in held:
                law = laws[name]
                storage.set_trial_param(key, name, law.to_internal_repr(value), law)
            elif held[name] != value:
                others[name] = value
        if others:
            storage.set_trial_user_attr(key, OTHER_VALUES, others)

    def _recorded(self, hyperparameters: Any) -> Recorded:
        """What the study holds of the values of a trial."""
        laws: dict[str, BaseDistribution] = {}
        params: dict[str, Any] = {}
        others: dict[str, Any] = {}
        for held in hyperparameters.space:
            if not hyperparameters.is_active(held) or held.name not in hyperparameters.values:
                continue
            value = hyperparameters.values[held.name]
            if hasattr(value, "item"):  # of numpy, which no storage holds
                value = value.item()
            law = held_under(held) if self._searches(held) else None
            if law is not None and _optuna.contains(law, value):
                laws[held.name], params[held.name] = law, value
            else:
                others[held.name] = value
        return laws, params, others

    def _searches(self, held: Any) -> bool:
        return any(
            held.name == known.name and held.conditions == known.conditions
            for known in self.hyperparameters.space
        )

    def _close(self, kept: Any) -> None:
        """Tell the study of a trial that will not run again."""
        if kept.status == "INVALID":
            return
        live = self._live.pop(kept.trial_id)
        self._write(kept.trial_id, kept.hyperparameters)
        state = STATES.get(kept.status, TrialState.FAIL)
        value = kept.score if state == TrialState.COMPLETE else None
        if state == TrialState.COMPLETE and (value is None or math.isnan(value)):
            state, value = TrialState.FAIL, None
        if state == TrialState.FAIL and kept.message:
            live.set_user_attr(ERROR, kept.message.strip().splitlines()[-1])
        self._tell(live.number, state, value)

    def _tell(self, number: int, state: TrialState, value: float | None = None) -> None:
        try:
            self.study.tell(number, None if value is None else float(value), state=state)
        except RuntimeError:
            # A sampler that is through calls `study.stop()`, which is refused outside
            # `study.optimize`; the trial is told then all the same.
            if not _optuna.all_trials(self.study)[number].state.is_finished():
                raise
            self._stopped_by_sampler = True

    def _reports(self, trial_id: str) -> dict[int, float]:
        return reports_of(self.trials[trial_id])
