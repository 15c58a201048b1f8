"""A Keras Tuner oracle whose trials are stored in an Optuna study."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import Trial, TrialState

from crosstune import _optuna
from crosstune.adapters.keras_tuner.distributions import recorded_under
from crosstune.adapters.keras_tuner.library import keras_tuner
from crosstune.adapters.keras_tuner.private import released_lock
from crosstune.adapters.keras_tuner.project import STATE
from crosstune.adapters.keras_tuner.reload import ReloadedOracle
from crosstune.adapters.keras_tuner.runs import Run, Runs, as_json
from crosstune.adapters.keras_tuner.trial_state import (
    OTHER_VALUES,
    PRUNED,
    REPORTED,
    STATES,
    TRIAL_ID,
    reports_of,
    values_of,
)
from crosstune.engines.budget import SearchBudget
from crosstune.engines.feasibility import is_feasible
from crosstune.engines.record_names import ERROR, RUNS

Recorded: TypeAlias = tuple[dict[str, BaseDistribution], dict[str, Any], dict[str, Any]]
"""Distributions and values of the parameters, and values that are not parameters."""


class LedgerOracle(ReloadedOracle):
    """A base class in front of an oracle, which stores its trials in an Optuna study.

    `create_trial` begins an Optuna trial, `update_trial` reports to it, and `end_trial` tells it:
    COMPLETED with the score, FAILED as failed, and as pruned if `should_prune` returned True. A
    trial that Keras Tuner runs again remains the same one. `reload` rebuilds the study from the
    project folder if the storage does not have it.

    Args:
        open_study: makes or opens the study; called again when a project is reloaded.
        resume: called with the study once it has the trials of an earlier process. It returns the
            record of the engine as it continues, or None if the oracle's own state, or the
            sampler itself, provides it.
        run: the record of the engine.
        budget: the limit of the search.
        more: arguments of the oracle.

    The study and the project folder store which engine proposed which trial: the record of each
    engine has its `first_trial`.
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
        """Report the objective; a step that was reported before is unchanged.

        A study with several objectives takes no reports.

        Args:
            trial_id: Keras Tuner's name of the trial.
            value: of the objective.
            step: after which it was measured.
        """
        if self._several:
            return
        live, value, step = self._live[trial_id], float(value), int(step)
        metrics = self.trials[trial_id].metrics
        if not metrics.exists(REPORTED):
            metrics.register(REPORTED, direction=self.objective.direction)
        if step not in self._reports(trial_id):
            live.report(value, step)
            metrics.update(REPORTED, value, step=step)

    def report_divergence(self, trial_id: str, step: int) -> None:
        """Report NaN after `step`, as the last report, so that earlier ones are not learnt from.

        Keras Tuner's own oracles cannot learn from NaN, so their trial has no score.
        """
        if not self._several:
            self._live[trial_id].report(math.nan, int(step))
        self._diverged.add(trial_id)

    def should_prune(self, trial_id: str) -> bool:
        """True if the pruner decides to prune the trial. Its training has to stop then."""
        reports = self._reports(trial_id)
        if self._several or not self._live[trial_id].should_prune():
            return False
        last = max(reports)
        self._pruned[trial_id] = f"Pruned at step {last}: {self.objective.name} = {reports[last]}"
        return True

    def prune(self, trial_id: str, reason: str) -> None:
        """Prune a trial regardless of the pruner."""
        self._pruned.setdefault(trial_id, reason)

    def last_report(self, trial_id: str) -> float:
        """The value that was reported last; NaN without reports."""
        reports = self._reports(trial_id)
        return reports[max(reports)] if reports else math.nan

    @keras_tuner.synchronized  # type: ignore[untyped-decorator]
    def update_trial(self, trial_id: str, metrics: Mapping[str, Any], step: int = 0) -> Any:
        """Keras Tuner's own; the objective is reported to the study too.

        Args:
            trial_id, metrics, step: as in `keras_tuner.Oracle`.
        """
        with released_lock(self):
            trial = super().update_trial(trial_id, metrics, step=step)
            runs = trial_id in self._live and trial_id not in self._pruned
            if runs and self.objective.name in metrics:
                self.report(trial_id, metrics[self.objective.name], step)
            return trial

    @keras_tuner.synchronized  # type: ignore[untyped-decorator]
    def end_trial(self, trial: Any) -> None:
        """Keras Tuner's own; the study is told too."""
        stored = self.trials[trial.trial_id]
        if trial.trial_id in self._pruned:
            trial.status, trial.message = PRUNED, self._pruned.pop(trial.trial_id)
            reports = self._reports(trial.trial_id)
            if reports and trial.trial_id not in self._diverged:
                stored.best_step = max(reports)
                stored.score = reports[stored.best_step]
        with released_lock(self):
            try:
                super().end_trial(trial)
            finally:
                self._close(stored)

    def get_best_trials(self, num_trials: int = 1) -> list[Any]:
        """Keras Tuner's own; trials that violate a constraint come last."""
        trials: list[Any] = super().get_best_trials(len(self.trials))
        in_study = _optuna.all_trials(self.study)
        infeasible = {
            name
            for name, number in self._numbers.items()
            if number < len(in_study) and not is_feasible(in_study[number])
        }
        return sorted(trials, key=lambda trial: trial.trial_id in infeasible)[:num_trials]

    def get_state(self) -> dict[str, Any]:
        """Keras Tuner's own, the numbers of the trials in the study, and the records of engines."""
        ours = {"numbers": self._numbers, "runs": as_json(self.study.user_attrs.get(RUNS, []))}
        return {**super().get_state(), STATE: ours}

    def _in_force(self) -> Run:
        """The parts of the record that the oracle's own state determines."""
        return {}

    def _continue(self, runs: list[Run]) -> None:
        """Let the engine continue after the existing trials, and record its first one."""
        continued = self._resume(self.study)
        if not _optuna.all_trials(self.study):
            self._runs.begin(self.study)
            return
        full = bool(self.max_trials) and len(self.trials) >= self.max_trials
        self._runs.follow(self.study, runs, continued, self.max_trials if full else None)

    def _begin(self, trial_id: str) -> Trial:
        """A new trial of the study for one of Keras Tuner's."""
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
        """Write the values that a running trial does not have yet."""
        storage, key = self._place(self._numbers[trial_id])
        written = storage.get_trial(key).params
        laws, params, others = self._recorded(hyperparameters)
        for name, value in params.items():
            if name not in written:
                law = laws[name]
                storage.set_trial_param(key, name, law.to_internal_repr(value), law)
            elif written[name] != value:
                others[name] = value
        if others:
            storage.set_trial_user_attr(key, OTHER_VALUES, others)

    def _recorded(self, hyperparameters: Any) -> Recorded:
        """The values of a trial as the study stores them."""
        laws: dict[str, BaseDistribution] = {}
        params: dict[str, Any] = {}
        others: dict[str, Any] = {}
        for construct in hyperparameters.space:
            name = construct.name
            if not hyperparameters.is_active(construct) or name not in hyperparameters.values:
                continue
            value = hyperparameters.values[name]
            if hasattr(value, "item"):  # of numpy, which no storage accepts
                value = value.item()
            law = recorded_under(construct) if self._searches(construct) else None
            if law is not None and _optuna.contains(law, value):
                laws[name], params[name] = law, value
            else:
                others[name] = value
        return laws, params, others

    def _searches(self, construct: Any) -> bool:
        return any(
            construct.name == other.name and construct.conditions == other.conditions
            for other in self.hyperparameters.space
        )

    def _close(self, trial: Any) -> None:
        """Tell the study a trial that will not run again."""
        if trial.status == "INVALID":
            return
        live = self._live.pop(trial.trial_id)
        self._write(trial.trial_id, trial.hyperparameters)
        state = STATES.get(trial.status, TrialState.FAIL)
        values = None
        if state == TrialState.COMPLETE:
            values = None if trial.score is None else self._values(trial)
            if values is None or any(map(math.isnan, values)):
                state, values = TrialState.FAIL, None
        if state == TrialState.FAIL and trial.message:
            live.set_user_attr(ERROR, trial.message.strip().splitlines()[-1])
        self._tell(live.number, state, values)

    @property
    def _several(self) -> bool:
        """Whether the study has a value of each objective, not their sum."""
        return len(self.study.directions) > 1

    def _values(self, trial: Any) -> list[float]:
        """The values of a trial in the study."""
        return values_of(trial, self.objective) if self._several else [float(trial.score)]

    def _tell(self, number: int, state: TrialState, values: list[float] | None = None) -> None:
        try:
            self.study.tell(number, values, state=state)
        except RuntimeError:
            # A sampler at its end calls `study.stop()`, which is refused outside
            # `study.optimize`; the trial is told nevertheless.
            if not _optuna.all_trials(self.study)[number].state.is_finished():
                raise
            self._stopped_by_sampler = True

    def _reports(self, trial_id: str) -> dict[int, float]:
        return reports_of(self.trials[trial_id])
