"""A Keras Tuner oracle whose trials stand in an Optuna study."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import optuna
from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from crosstune import _optuna
from crosstune.adapters.keras_library import keras_tuner
from crosstune.adapters.keras_tuner_distributions import held_under
from crosstune.adapters.keras_tuner_engine import released_lock
from crosstune.errors import RequestError
from crosstune.feasibility import is_feasible

TRIAL_ID = "keras_tuner:trial_id"
"""The trial attribute that holds the trial's name in the project folder."""

OTHER_VALUES = "keras_tuner:other_values"
"""The trial attribute that holds values which are not searched: under `tune_new_entries=False`,
or outside the range that their hyperparameter states."""

ERROR = "crosstune:error"
"""The trial attribute that holds why it failed."""

PRUNED = "STOPPED"
"""What a pruned trial is called in Keras Tuner: it is not failed, and not among the best."""

_REPORTED = "crosstune:reported"
"""The metric of a Keras Tuner trial that keeps its reports in the project folder."""

_STATES = {
    "COMPLETED": TrialState.COMPLETE,
    PRUNED: TrialState.PRUNED,
    "FAILED": TrialState.FAIL,
}

Recorded: TypeAlias = tuple[dict[str, BaseDistribution], dict[str, Any], dict[str, Any]]
"""Distributions and values of the parameters, and the values that are no parameters."""


class LedgerOracle(keras_tuner.Oracle):  # type: ignore[misc]  # untyped
    """What stands in front of an oracle so that an Optuna study holds its trials.

    `create_trial` begins an Optuna trial, `update_trial` reports to it, and `end_trial` tells it:
    COMPLETED with the score, FAILED as failed, and as pruned what `should_prune` said yes to. A
    trial that Keras Tuner runs again is still the same one. `reload` builds the study anew from
    the project folder, where the storage does not have it.

    Args:
        open_study: makes or opens the study; called again when a project is reloaded.
        resume: called with the study once it holds the trials of an earlier process.
        more: what the oracle takes.
    """

    def __init__(
        self, open_study: Callable[[], Study], resume: Callable[[Study], None], **more: Any
    ):
        super().__init__(**more)
        self._open_study, self._resume = open_study, resume
        self.study = open_study()
        """The `optuna.Study`."""
        if any(trial.state.is_finished() for trial in _optuna.all_trials(self.study)):
            resume(self.study)
        self._numbers: dict[str, int] = {}
        self._live: dict[str, Trial] = {}
        self._pruned: dict[str, str] = {}
        self._diverged: set[str] = set()
        self._stopped_by_sampler = False

    def trial_number(self, trial_id: str) -> int:
        """The number in the study of one of Keras Tuner's trials."""
        return self._numbers[trial_id]

    def report(self, trial_id: str, value: float, step: int) -> None:
        """Report the objective after `step`; a step that was reported is left as it is."""
        live, value, step = self._live[trial_id], float(value), int(step)
        metrics = self.trials[trial_id].metrics
        if not metrics.exists(_REPORTED):
            metrics.register(_REPORTED, direction=self.objective.direction)
        if step not in self._reports(trial_id):
            live.report(value, step)
            metrics.update(_REPORTED, value, step=step)

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
        """Keras Tuner's own, and which trial of the study is which."""
        return {**super().get_state(), "crosstune": {"numbers": self._numbers}}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take up a project: in a storage that has the study, or in a study built from it."""
        super().set_state(state)
        numbers = dict(state.get("crosstune", {}).get("numbers", {}))
        known = _optuna.all_trials(self.study)
        if not any(trial.state != TrialState.WAITING for trial in known):
            self._rebuild()
        else:
            self._find(numbers, known)
        self._resume(self.study)

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
        state = _STATES.get(kept.status, TrialState.FAIL)
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
        return _reports(self.trials[trial_id])

    def _rebuild(self) -> None:
        """Fill an empty study with the trials of the project folder."""
        self.study = self._open_study()
        sampler, self.study.sampler = self.study.sampler, optuna.samplers.RandomSampler()
        queued = _optuna.all_trials(self.study)
        if queued:
            raise RequestError(
                f"the study {self.study.study_name!r} has queued trials already, so the project "
                "cannot be put into it"
            )
        for trial_id in self.start_order:
            kept = self.trials[trial_id]
            if kept.status in _STATES:
                self._numbers[trial_id] = len(_optuna.all_trials(self.study))
                self.study.add_trial(self._frozen(kept))
            else:
                self._take_up(trial_id, self._begin(trial_id))
        self.study.sampler = sampler

    def _find(self, numbers: Mapping[str, int], known: list[FrozenTrial]) -> None:
        """Meet the trials of the project folder in a storage."""
        missing = [name for name in self.trials if not 0 <= numbers.get(name, -1) < len(known)]
        if missing:
            raise RequestError(
                f"the project's trial {missing[0]} is not in the study "
                f"{self.study.study_name!r}. Give the storage and study_name it was made with, or "
                "another project_name"
            )
        self._numbers = dict(numbers)
        for trial_id, number in numbers.items():
            if known[number].state == TrialState.RUNNING:
                kept = self.trials[trial_id]
                self._live[trial_id] = Trial(self.study, self._place(number)[1])
                if kept.status in _STATES:  # the process ended between the folder and the study
                    self._close(kept)

    def _take_up(self, trial_id: str, live: Trial) -> None:
        self._write(trial_id, self.trials[trial_id].hyperparameters)
        for step, value in self._reports(trial_id).items():
            live.report(value, step)

    def _frozen(self, kept: Any) -> FrozenTrial:
        """A finished trial of the project folder as one of the study."""
        laws, params, others = self._recorded(kept.hyperparameters)
        attrs: dict[str, Any] = {TRIAL_ID: kept.trial_id}
        if others:
            attrs[OTHER_VALUES] = others
        state = _STATES[kept.status]
        if state == TrialState.FAIL and kept.message:
            attrs[ERROR] = kept.message.strip().splitlines()[-1]
        return create_trial(
            state=state,
            value=None if state == TrialState.FAIL else kept.score,
            params=params,
            distributions=laws,
            user_attrs=attrs,
            intermediate_values=_reports(kept),
        )


def _reports(kept: Any) -> dict[int, float]:
    """What was reported of a Keras Tuner trial, by step."""
    if not kept.metrics.exists(_REPORTED):
        return {}
    history = kept.metrics.get_history(_REPORTED)
    return {int(held.step): float(held.mean()) for held in history}
