"""Pruning in the search of a plain Keras Tuner.

    tuner = keras_tuner.RandomSearch(build_model, objective="val_loss", max_trials=50)
    callback = KerasTunerPruningCallback(tuner, pruner="median")
    tuner.search(x, y, validation_split=0.2, epochs=30, callbacks=[callback])

Keras Tuner has no pruned trials. A pruned one ends after its epoch and is COMPLETED, with the best
of its epochs as score and "pruned after step 3: ..." as message: an exception would make it
failed, and three of these in a row end a search. In an oracle of crosstune it is STOPPED.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import optuna
from optuna.pruners import BasePruner, NopPruner
from optuna.trial import Trial, TrialState

from crosstune.adapters.keras_tuner.library import keras_tuner, oracles
from crosstune.adapters.keras_tuner.oracle_with_study import LedgerOracle
from crosstune.adapters.keras_tuner.tuner.keras_tuner import KerasTuner, MetricNotLogged
from crosstune.adapters.keras_tuner.tuner.oracle_study import direction_of
from crosstune.callbacks.fold import Fold, check_folds
from crosstune.callbacks.keras import keras
from crosstune.callbacks.report import (
    Divergence,
    Reporter,
    Reports,
    TrainingDiverged,
    check_choices,
    check_one_objective,
)
from crosstune.engines.record import set_pruner
from crosstune.errors import ObjectiveError, RequestError, Unsupported
from crosstune.pruners import as_pruner
from crosstune.study.internal import own_study
from crosstune.system.scalars import plain_arguments


class KerasTunerPruningCallback(keras.callbacks.Callback):  # type: ignore[misc]  # untyped
    """Prunes the trials of a Keras Tuner search with any of Optuna's pruners.

    The metric is reported after each epoch of a trial's first execution, to a study of the
    callback's own in memory. A later execution of a pruned trial ends after one batch. If the
    tuner's oracle is one of crosstune, as under `crosstune exec`, the trials are pruned in its
    study, by that study's pruner if it has one.

    `PruningCallback` describes the treatment of the metric. With ``divergence="fail"`` a trial is
    FAILED; so is one whose objective was never a number, which is Keras Tuner's own rule.

    Args:
        tuner: whose trials are pruned.
        monitor: the metric in Keras's logs, or a `keras_tuner.Objective` with its direction. None
            is the tuner's objective.
        pruner: an Optuna pruner, a name from `crosstune.pruners`, or a mapping of a name and
            options.
        divergence: as in `PruningCallback`.
        folds: how many trainings of a trial are reported one after the other, for a hypermodel
            whose `fit` trains one model per fold. The step is fold x epochs + epoch, with the
            `epochs` of the search.

    Raises:
        Unsupported: the tuner has several objectives, ends trials itself (Hyperband), or has its
            oracle in another process.
        RequestError: not a tuner, or an invalid metric, pruner or choice.
    """

    @plain_arguments()
    def __init__(
        self,
        tuner: keras_tuner.Tuner,
        monitor: str | keras_tuner.Objective | None = None,
        *,
        pruner: BasePruner | str | Mapping[str, Any] = "median",
        divergence: Divergence = "prune",
        folds: int = 1,
    ):
        super().__init__()
        _check(tuner)
        check_folds(folds)
        objective = tuner.oracle.objective if monitor is None else monitor
        direction = direction_of(objective)
        self._monitor: str = getattr(objective, "name", objective)
        check_choices(self._monitor, divergence)
        self._divergence: Divergence = divergence
        self._tuner = tuner
        ledger = tuner.oracle if isinstance(tuner.oracle, LedgerOracle) else None
        self._trials = (
            _OwnStudy(tuner, direction) if ledger is None else _LedgerStudy(ledger, direction)
        )
        if isinstance(self.study.pruner, NopPruner):
            set_pruner(self.study, as_pruner(pruner))
        self._trial_id: str | None = None
        self._reporter: Reporter | None = None
        self._folds, self._fold = folds, 0
        self._trains = False
        self._trial: Reports | None = None
        self._reports = False
        self._trained: set[str] = set()
        self._pruned: set[str] = set()

    @property
    def study(self) -> optuna.Study:
        """The `optuna.Study` whose pruner decides."""
        return self._trials.study

    def __deepcopy__(self, memo: dict[int, Any]) -> KerasTunerPruningCallback:
        # Keras Tuner trains with copies of its callbacks; the study has to outlive a trial.
        return self

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Find the trial that the tuner runs."""
        trial_id = self._tuner.oracle.ongoing_trials[self._tuner.tuner_id].trial_id
        self._reports = trial_id not in self._trained | self._pruned
        if trial_id in self._pruned:
            self.model.stop_training = True
        elif trial_id != self._trial_id or (self._trains and self._folds > 1):
            self._begin(trial_id)
        elif self._reports and self._folds > 1:
            self._reporter = self._reporter_of_fold()
        # Otherwise Keras Tuner reruns a trial that crashed.
        self._trains = True

    def _begin(self, trial_id: str) -> None:
        self._trial_id, self._fold = trial_id, 0
        self._trial = self._trials.begin(trial_id)
        self._reporter = self._reporter_of_fold()

    def _reporter_of_fold(self) -> Reporter:
        assert self._trial is not None
        fold = Fold(self._fold, self.params["epochs"]) if self._folds > 1 else None
        return Reporter(self._trial, self._monitor, self._divergence, fold)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Report, and end the training of a pruned trial.

        Raises:
            MetricNotLogged: the metric is not among the logged ones, which are listed. It ends the
                search.
            keras_tuner.errors.FailedTrialError: the metric diverged, with ``divergence="fail"``.
        """
        if not self._reports or self._reporter is None or self._trial_id is None:
            return
        try:
            self._reporter(epoch, logs)
        except ObjectiveError as error:
            raise MetricNotLogged(str(error)) from error
        except TrainingDiverged as diverged:
            raise keras_tuner.errors.FailedTrialError(str(diverged)) from diverged
        except optuna.TrialPruned as pruned:
            self._reports = False
            self._pruned.add(self._trial_id)
            self._trials.prune(self._trial_id, str(pruned))
            self.model.stop_training = True

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Note that a trial's first training ended; not called for one that crashed."""
        self._trains = False
        self._fold += 1
        if self._reports and self._trial_id is not None and self._fold >= self._folds:
            self._trained.add(self._trial_id)
            self._trials.complete()


class _LedgerStudy:
    """The study of a crosstune oracle, which begins and tells its trials itself."""

    def __init__(self, oracle: LedgerOracle, direction: str):
        self._oracle = oracle
        if oracle.study.direction.name.lower() != direction:
            raise RequestError(
                f"the metric is to {direction}, and the tuner's study is to "
                f"{oracle.study.direction.name.lower()}"
            )

    @property
    def study(self) -> optuna.Study:
        return self._oracle.study  # another one after a reload

    def begin(self, trial_id: str) -> _LedgerTrial:
        return _LedgerTrial(self._oracle, trial_id)

    def prune(self, trial_id: str, reason: str) -> None:
        self._oracle.prune(trial_id, reason)

    def complete(self) -> None:
        pass


class _LedgerTrial:
    def __init__(self, oracle: LedgerOracle, trial_id: str):
        self._oracle, self._trial_id = oracle, trial_id

    def report(self, value: float, step: int) -> None:
        if math.isfinite(value):
            self._oracle.report(self._trial_id, value, step)
        else:
            self._oracle.report_divergence(self._trial_id, step)

    def should_prune(self) -> bool:
        return self._oracle.should_prune(self._trial_id)


class _OwnStudy:
    """A study beside a plain oracle, with a trial for each of Keras Tuner's, without parameters."""

    def __init__(self, tuner: keras_tuner.Tuner, direction: Literal["minimize", "maximize"]):
        self._tuner = tuner
        with own_study():
            self.study = optuna.create_study(
                study_name=tuner.project_name, direction=direction, pruner=NopPruner()
            )
        self._running: Trial | None = None

    def begin(self, trial_id: str) -> Trial:
        self._end(TrialState.FAIL)  # the last one, if it crashed
        self._running = self.study.ask()
        return self._running

    def prune(self, trial_id: str, reason: str) -> None:
        self._end(TrialState.PRUNED)
        self._tuner.oracle.trials[trial_id].message = reason

    def complete(self) -> None:
        self._end(TrialState.COMPLETE)

    def _end(self, state: TrialState) -> None:
        if self._running is None:
            return
        number, self._running = self._running.number, None
        reports = self.study.trials[number].intermediate_values
        value = None
        if state == TrialState.COMPLETE:
            value = reports[max(reports)] if reports else None
            state = state if reports else TrialState.FAIL
        self.study.tell(number, value, state=state)


def _check(tuner: object) -> None:
    if not isinstance(tuner, keras_tuner.Tuner):
        raise RequestError(f"KerasTunerPruningCallback needs a keras_tuner.Tuner, not {tuner!r}")
    if isinstance(tuner, KerasTuner):
        raise RequestError("crosstune.KerasTuner prunes by itself: give it pruner= instead")
    if not isinstance(tuner.oracle, keras_tuner.Oracle):
        raise Unsupported(
            "a pruner needs the oracle in the tuner's own process, and Keras Tuner's chief keeps "
            "it in another. Leave the pruning callback out"
        )
    if isinstance(tuner.oracle, oracles.HyperbandOracle):
        raise Unsupported("Hyperband ends trials by itself. Leave the pruning callback out")
    check_one_objective(getattr(tuner.oracle.objective, "objectives", []))
