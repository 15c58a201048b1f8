"""A Keras Tuner script on any engine, by one line: `crosstune.KerasTuner(build_model, ...)`."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from typing import Any

import optuna
from optuna.study import Study

from crosstune.adapters.keras_tuner.library import keras_tuner
from crosstune.adapters.keras_tuner.oracle_with_study import LedgerOracle
from crosstune.adapters.keras_tuner.project import project_for
from crosstune.adapters.keras_tuner.tuner.choose_oracle import choose_oracle
from crosstune.errors import ObjectiveError, Unsupported, no_such
from crosstune.spec.spec import Spec
from crosstune.study.storage import Place
from crosstune.system.files import regular
from crosstune.system.interrupts import watched
from crosstune.system.scalars import plain_arguments

_logger = logging.getLogger("crosstune")


class MetricNotLogged(ObjectiveError, keras_tuner.errors.FatalError):  # type: ignore[misc]  # untyped
    """The objective is not among the metrics that training logs; the search ends."""


class KerasTuner(keras_tuner.Tuner):  # type: ignore[misc]  # untyped
    """A `keras_tuner.Tuner` on any engine, with its trials in an Optuna study.

    `search`, `get_best_models`, `results_summary` and so on are Keras Tuner's own. Each epoch of
    a trial's first execution is reported to the study. A pruned trial is STOPPED in Keras Tuner,
    with its last report as score, and is not among the best.

    Args:
        hypermodel: a function `build_model(hp)` or a `keras_tuner.HyperModel`; None only if a
            subclass overrides `run_trial` and does not need one.
        spec: a Spec, its file, or a mapping of its keys. Its space is searched; its metric, trials,
            seconds, seed, engine, pruner and start points apply unless set here. The hypermodel's
            ranges of the same names are ignored. None: the space is that of the hypermodel.
        backend: "optuna", "hyperopt", "keras_tuner" or one of a plug-in; None is the spec's, or
            optuna. "keras_tuner" without a spec is Keras Tuner's own oracle on the hypermodel's
            own space, with the suggestions of `keras_tuner.RandomSearch` and so on.
        sampler: a role (random, grid, bayesian), a native name, a mapping of a name and options,
            or an Optuna sampler (not with a spec).
        objective: as in Keras Tuner; None is the spec's metric, or the number that
            `HyperModel.fit` returns, to be minimized.
        max_trials: None is the spec's, or 10; a grid and Hyperband run to their end.
        pruner: an Optuna pruner, a name from `crosstune.pruners`, or a mapping of a name and
            options.
        seed: any integer.
        storage, study_name: the storage of the study, and its name; by default memory, and the
            project's name. A reloaded project fills the study again.
        directory, project_name: as in Keras Tuner. A folder has the search of one engine: if it
            has that of another, a folder beside it is used, with a warning.
        overwrite: as in Keras Tuner; a study in a storage is not overwritten but refused.
        executions_per_trial, hyperparameters, tune_new_entries: as in Keras Tuner.
        allow_new_entries, max_retries_per_trial: as in Keras Tuner.
        max_consecutive_failed_trials, more: as in Keras Tuner.

    Raises:
        RequestError: an argument is invalid.
        MetricNotLogged: from `search`, with the metrics that are logged.
    """

    @plain_arguments("hypermodel", "spec")
    def __init__(
        self,
        hypermodel: Any = None,
        spec: Spec | str | os.PathLike[str] | Mapping[str, Any] | None = None,
        *,
        backend: str | None = None,
        sampler: optuna.samplers.BaseSampler | str | Mapping[str, Any] | None = None,
        objective: Any = None,
        max_trials: int | None = None,
        pruner: optuna.pruners.BasePruner | str | Mapping[str, Any] | None = None,
        seed: int | None = None,
        executions_per_trial: int = 1,
        directory: str | os.PathLike[str] | None = None,
        project_name: str | None = None,
        overwrite: bool = False,
        storage: Place = None,
        study_name: str | None = None,
        hyperparameters: keras_tuner.HyperParameters | None = None,
        tune_new_entries: bool = True,
        allow_new_entries: bool = True,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int = 3,
        **more: Any,
    ):
        if hypermodel is None and type(self).run_trial is KerasTuner.run_trial:
            raise Unsupported(
                "KerasTuner needs a hypermodel, and None was given: give build_model(hp) or a "
                "HyperModel. Only a subclass that overrides run_trial can leave it out"
            )
        self._declared = spec is not None
        self._ledger: LedgerOracle = choose_oracle(
            spec,
            hypermodel=hypermodel,
            backend=backend,
            sampler=sampler,
            objective=objective,
            max_trials=max_trials,
            pruner=pruner,
            seed=seed,
            storage=storage,
            study_name=study_name or project_name,
            new=overwrite,
            hyperparameters=hyperparameters,
            tune_new_entries=tune_new_entries,
            allow_new_entries=allow_new_entries,
            max_retries_per_trial=max_retries_per_trial,
            max_consecutive_failed_trials=max_consecutive_failed_trials,
        )
        self._first_execution: dict[str, int] = {}
        if not overwrite:
            trials = self._ledger.max_trials
            project_name, other = project_for(
                directory, project_name, self._ledger.engine, max_trials=trials
            )
            if other is not None:
                _logger.warning(other)
        super().__init__(
            oracle=self._ledger,
            hypermodel=hypermodel,
            executions_per_trial=executions_per_trial,
            directory=directory,
            project_name=project_name,
            overwrite=overwrite,
            **more,
        )
        self._prunes = not isinstance(self.study.pruner, optuna.pruners.NopPruner)
        if self._prunes and self.oracle is not self._ledger:
            raise Unsupported(
                "a pruner needs the oracle in the tuner's own process, and Keras Tuner's chief "
                "keeps it in another. Leave the pruner out"
            )

    @property
    def study(self) -> Study:
        """The `optuna.Study` with the trials."""
        return self._ledger.study

    def _populate_initial_space(self) -> None:
        # Keras Tuner builds the hypermodel here to find its space (a subroutine for subclasses
        # to override). A spec declares the space.
        if not self._declared:
            super()._populate_initial_space()

    def on_search_begin(self) -> None:
        """Start the clock of a spec that limits the seconds."""
        start_clock = getattr(self._ledger, "start_clock", None)
        if start_clock is not None:
            start_clock()
        super().on_search_begin()

    def search(self, *args: Any, **kwargs: Any) -> None:
        """Search as Keras Tuner does; Ctrl-C waits for the end of a write to the study."""
        with watched():
            super().search(*args, **kwargs)

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
        """Train a trial as Keras Tuner does, for the epochs of a scheduler if there is one.

        Args:
            trial, args, kwargs: as in `keras_tuner.Tuner`.

        Raises:
            MetricNotLogged: the objective is not among the metrics.
        """
        values = trial.hyperparameters.values
        if "tuner/epochs" in values:
            kwargs["epochs"] = values["tuner/epochs"]
            kwargs["initial_epoch"] = values["tuner/initial_epoch"]
        self._first_execution[trial.trial_id] = -1
        try:
            results = super().run_trial(trial, *args, **kwargs)
        except optuna.TrialPruned as pruned:
            if self.oracle is not self._ledger:
                raise keras_tuner.errors.FailedTrialError(f"Pruned: {pruned}") from pruned
            self._ledger.prune(trial.trial_id, f"Pruned: {pruned}")
            return self._last_reported(trial)
        for result in results if isinstance(results, list) else [results]:
            logged = getattr(result, "history", None)
            if isinstance(logged, dict) and not self.oracle.objective.has_value(logged):
                raise self._not_logged(logged)
        return results

    def on_epoch_end(
        self, trial: Any, model: Any, epoch: int, logs: Mapping[str, Any] | None = None
    ) -> None:
        """Report the objective to the study, and end the training of a pruned trial.

        Args:
            trial, model, epoch, logs: as in `keras_tuner.Tuner`.

        Raises:
            optuna.TrialPruned: the pruner prunes the trial.
            MetricNotLogged: there is a pruner, and the objective is not logged.
        """
        super().on_epoch_end(trial, model, epoch, logs)
        last = self._first_execution.get(trial.trial_id)
        if last is None or self.oracle is not self._ledger:
            return
        if epoch <= last:  # the next execution, or another fit, begins
            del self._first_execution[trial.trial_id]
            return
        self._first_execution[trial.trial_id] = epoch
        objective = self.oracle.objective
        if not objective.has_value(logs or {}):
            if self._prunes:
                raise self._not_logged(logs or {})
            return
        self._ledger.report(trial.trial_id, objective.get_value(logs), epoch)
        if self._prunes and self._ledger.should_prune(trial.trial_id):
            raise optuna.TrialPruned(f"after epoch {epoch}")

    def get_best_models(self, num_models: int = 1) -> list[Any]:
        """The best models, trained; at most one per completed trial."""
        trials = self.oracle.get_best_trials(num_models)
        return [self.load_model(trial) for trial in trials if trial.status == "COMPLETED"]

    def _build_hypermodel(self, hp: keras_tuner.HyperParameters) -> Any:
        # As in `keras_tuner.Hyperband`, which has no public hook for it: a rung continues from the
        # weights of the one before.
        model = super()._build_hypermodel(hp)
        parent = hp.values.get("tuner/trial_id")
        if parent is not None:
            if not model.built:
                with open(self._get_build_config_fname(parent), opener=regular) as file:
                    model.build_from_config(json.load(file))
            model.load_weights(self._get_checkpoint_fname(parent))
        return model

    def _last_reported(self, trial: Any) -> dict[str, float]:
        """The result for Keras Tuner of a trial that did not end; the oracle marks it as pruned."""
        objective = self.oracle.objective
        value = self._ledger.last_report(trial.trial_id)
        names = [part.name for part in getattr(objective, "objectives", [])]
        return dict.fromkeys([objective.name, *names], value)

    def _not_logged(self, logs: Mapping[str, Any]) -> MetricNotLogged:
        name = self.oracle.objective.name
        return MetricNotLogged(no_such("metric in the training logs", name, logs))
