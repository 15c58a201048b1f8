"""The Optuna study of a Keras Tuner oracle: opened, and taken up again after a reload."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, Literal

import optuna
from optuna.samplers import BaseSampler
from optuna.study import Study

from crosstune import _optuna, adapters
from crosstune.adapters.keras_library import keras_tuner
from crosstune.budgets import Budget
from crosstune.errors import RequestError, StudyExists
from crosstune.metric_name import name_metric
from crosstune.own import own_study
from crosstune.pruners import as_pruner
from crosstune.samplers.engine import EngineSampler
from crosstune.samplers.named import named_algorithm, named_sampler
from crosstune.samplers.record import leave_record, records, run_record
from crosstune.storage import Place, describe, open_storage


class StudyKeeper:
    """Opens an oracle's study, and gives it a sampler that does not repeat itself.

    Args:
        sampler: an Optuna sampler or a name; None is Optuna's TPE.
        seed, options: of a sampler given by name.
        pruner: an Optuna pruner, a name, or a mapping of a name and options.
        storage, study_name: where the study is kept, and its name there.
        objective: Keras Tuner's; says the direction.
        new: refuse a study that has trials.
    """

    def __init__(
        self,
        sampler: BaseSampler | str | None,
        *,
        seed: int | None,
        options: Mapping[str, Any] | None = None,
        pruner: optuna.pruners.BasePruner | str | Mapping[str, Any] | None,
        storage: Place,
        study_name: str | None,
        objective: Any,
        new: bool = False,
    ):
        if not isinstance(sampler, BaseSampler | str | None):
            raise RequestError(
                f"a sampler is an Optuna sampler or a name such as 'hyperopt' or 'optuna:gp', not "
                f"{sampler!r}"
            )
        self._sampler, self._seed, self._options = sampler, seed, options
        self._pruner = as_pruner(pruner)
        self._storage = storage
        self._name = study_name or "study"
        self._direction = direction_of(objective)
        self._metric = str(keras_tuner.Oracle(objective).objective.name)
        self._new = new
        self._first: BaseSampler = self._make(0)

    def open(self) -> Study:
        """The study, made if it is not there.

        Raises:
            StudyExists: it has trials, and a new one was asked for.
            RequestError: it has another direction.
        """
        with own_study():
            study = optuna.create_study(
                study_name=self._name,
                storage=open_storage(self._storage),
                sampler=self._first,
                pruner=self._pruner,
                direction=self._direction,
                load_if_exists=True,
            )
        check_direction(study, self._direction)
        name_metric(study, self._metric)
        if self._new:
            check_new(study, self._storage)
        return study

    def open_to_search(self, budget: Budget) -> Study:
        """The study, with a record of what searches it if it has none.

        Raises:
            RequestError: see `open`.
        """
        study = self.open()
        if not records(study):
            leave_record(study, self._record(), first_trial=0, budget=budget)
        return study

    def _record(self) -> dict[str, Any]:
        sampler = self._first
        if isinstance(sampler, EngineSampler):
            made = (sampler.adapter, sampler.algorithm, sampler.options, sampler.seed)
            notes = [] if sampler.space is not None else ["the space is learnt from the trials"]
            return run_record(*made, native=not notes, notes=notes)
        if isinstance(self._sampler, BaseSampler):
            note = "options and seed are those of the sampler that was given"
            name = type(sampler).__name__
            return run_record(adapters.get("optuna"), name, {}, None, native=True, notes=[note])
        adapter, algorithm = named_algorithm(self._sampler or "optuna:tpe")
        options = self._options or {}
        return run_record(adapter, algorithm, options, self._seed, native=True, notes=[])

    def resume(self, study: Study) -> None:
        """Give a study that has trials a sampler with a random state of its own."""
        count = len(_optuna.all_trials(study))
        if isinstance(self._sampler, BaseSampler):
            study.sampler = continued(self._sampler, count)
        else:
            study.sampler = self._make(count)

    def _make(self, count: int) -> BaseSampler:
        if isinstance(self._sampler, BaseSampler):
            return self._sampler
        seed = self._seed
        if seed is not None and count:
            seed = zlib.crc32(repr((seed, count)).encode())
        return named_sampler(self._sampler or "optuna:tpe", seed, self._options)


def continued(sampler: BaseSampler, count: int) -> BaseSampler:
    """A sampler for the rest of a study of `count` trials."""
    if not isinstance(sampler, EngineSampler):
        sampler.reseed_rng()
        return sampler
    copy = type(sampler).__new__(type(sampler))
    # An engine's copy knows how many proposals the first one made, and takes another seed.
    copy.__setstate__({**sampler.__getstate__(), "asked": count})
    return copy


def direction_of(objective: Any) -> Literal["minimize", "maximize"]:
    """Which way Keras Tuner's objective goes: "minimize" or "maximize".

    Raises:
        RequestError: it is no objective, or its direction cannot be told from its name.
    """
    adapters.get("keras_tuner")
    try:
        oracle = keras_tuner.Oracle(objective)
    except (TypeError, ValueError) as error:
        raise RequestError(
            f"the objective {objective!r} does not say its direction. Give "
            'keras_tuner.Objective("name", direction="min")'
        ) from error
    return "maximize" if oracle.objective.direction == "max" else "minimize"


def check_direction(study: Study, direction: str) -> None:
    """Raise where a study goes another way."""
    if study.direction.name.lower() != direction:
        raise RequestError(
            f"the study {study.study_name!r} was made to {study.direction.name.lower()}, and the "
            f"objective says {direction}"
        )


def check_new(study: Study, storage: Place) -> None:
    """Raise where a study has trials."""
    count = len(_optuna.all_trials(study))
    if count:
        raise StudyExists(
            f"the study {study.study_name!r} in {describe(storage)} has {count} trials, and "
            "overwrite=True clears the project folder alone. Choose another study_name, or delete "
            "the study"
        )
