"""Opens the Optuna study of a Keras Tuner oracle, and resumes it after a reload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import optuna
from optuna.samplers import BaseSampler
from optuna.study import Study

from crosstune import _optuna
from crosstune.adapters.keras_tuner.library import keras_tuner
from crosstune.engines import registry as adapters
from crosstune.engines.record import run_record
from crosstune.engines.seeds import derived_seed
from crosstune.errors import RequestError, StudyExists
from crosstune.pruners import as_pruner
from crosstune.resume.agreement import plain
from crosstune.samplers.engine import EngineSampler
from crosstune.samplers.named import named_algorithm, named_sampler
from crosstune.samplers.scalarisation import NOTE, SCALARISE
from crosstune.study.internal import own_study
from crosstune.study.several import asked_for
from crosstune.study.storage import Place, describe, open_storage
from crosstune.tuning.measures import name_metrics

_DEFAULT = "optuna:tpe"


class StudyKeeper:
    """Opens an oracle's study, with a sampler that does not repeat itself after a reload.

    Args:
        sampler: an Optuna sampler or a name; None is Optuna's TPE.
        seed, options: of a sampler by name.
        pruner: an Optuna pruner, a name, or a mapping of a name and options.
        storage, study_name: of the study.
        objective: Keras Tuner's; determines the direction. Of several objectives the study has
            the signed sum, or, with the option `scalarise` of the sampler, each.
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
        parts = scalarised_parts(objective, options)
        self._directions = [direction_of(part) for part in parts or [objective]]
        self._metrics = [
            str(keras_tuner.Oracle(part, seed=1).objective.name) for part in parts or [objective]
        ]
        if parts:
            self._options = self._scalarising(options or {}, pruner)
        self._new = new
        self._first: BaseSampler = self._make(0)

    def open(self) -> Study:
        """The study, made if it does not exist.

        Raises:
            StudyExists: it has trials, and `new` is set.
            RequestError: it has another direction.
        """
        with own_study():
            study = optuna.create_study(
                study_name=self._name,
                storage=open_storage(self._storage),
                sampler=self._first,
                pruner=self._pruner,
                directions=self._directions,
                load_if_exists=True,
            )
        check_directions(study, self._directions)
        name_metrics(study, self._metrics)
        if self._new:
            check_new(study, self._storage)
        return study

    def _scalarising(self, options: Mapping[str, Any], pruner: Any) -> Mapping[str, Any]:
        """The options of a sampler that scalarises, with the weights in the order of the metrics.

        Raises:
            RequestError: the sampler cannot scalarise, or there is a pruner.
        """
        if isinstance(self._sampler, BaseSampler):
            raise RequestError("give the sampler by name, with scalarise among its options")
        if pruner is not None:
            raise RequestError(
                "a pruner compares trials by one value, and there are several objectives. Leave "
                "the pruner out"
            )
        adapter, algorithm = named_algorithm(self._sampler or _DEFAULT)
        declared = adapter.algorithms[algorithm]
        label = f"{adapter.name}:{algorithm}"
        return asked_for(label, declared, options, self._metrics)[0]

    @property
    def run(self) -> dict[str, Any]:
        """The record of the engine."""
        return self._record(self._first, self._seed)

    def resume(self, study: Study) -> dict[str, Any] | None:
        """Set a sampler with a fresh random state for a study that has trials.

        Returns:
            The record of the engine as it continues; None if the sampler writes it itself.
        """
        count = len(_optuna.all_trials(study))
        is_instance = isinstance(self._sampler, BaseSampler)
        with own_study():
            study.sampler = continued(self._first, count) if is_instance else self._make(count)
        if is_instance and isinstance(study.sampler, EngineSampler):
            return None
        record = self._record(study.sampler, self._seed_of(count))
        note = f"continued after {count} trials with a fresh random state"
        return {**record, "native": False, "notes": [*record["notes"], note]}

    def _record(self, sampler: BaseSampler, seed: int | None) -> dict[str, Any]:
        if isinstance(sampler, EngineSampler):
            learnt = [] if sampler.space is not None else ["the space is learnt from the trials"]
            if SCALARISE in sampler.options:
                learnt.append(NOTE)
            return run_record(
                sampler.adapter,
                sampler.algorithm,
                plain(sampler.options),
                sampler.seed,
                native=not learnt,
                notes=learnt,
            )
        if isinstance(self._sampler, BaseSampler):
            note = "options and seed are those of the sampler that was given"
            name = type(sampler).__name__
            return run_record(adapters.get("optuna"), name, {}, None, native=True, notes=[note])
        adapter, algorithm = named_algorithm(self._sampler or _DEFAULT)
        options = plain(self._options or {})
        return run_record(adapter, algorithm, options, seed, native=True, notes=())

    def _seed_of(self, count: int) -> int | None:
        if self._seed is None or not count:
            return self._seed
        return derived_seed(self._seed, count)

    def _make(self, count: int) -> BaseSampler:
        if isinstance(self._sampler, BaseSampler):
            return self._sampler
        return named_sampler(self._sampler or _DEFAULT, self._seed_of(count), self._options)


def continued(sampler: BaseSampler, count: int) -> BaseSampler:
    """A sampler for the rest of a study of `count` trials."""
    if not isinstance(sampler, EngineSampler):
        sampler.reseed_rng()
        return sampler
    copy = type(sampler).__new__(type(sampler))
    # A copy of an engine's sampler uses another seed after that many proposals.
    copy.__setstate__({**sampler.__getstate__(), "asked": count})
    return copy


def direction_of(objective: Any) -> Literal["minimize", "maximize"]:
    """The direction of Keras Tuner's objective.

    Raises:
        RequestError: it is not an objective, or its name does not determine the direction.
    """
    adapters.get("keras_tuner")
    try:
        # Without a seed, one would be drawn from the script's own random numbers.
        oracle = keras_tuner.Oracle(objective, seed=1)
    except (TypeError, ValueError) as error:
        raise RequestError(
            f"the objective {objective!r} does not say its direction. Give "
            'keras_tuner.Objective("name", direction="min")'
        ) from error
    return "maximize" if oracle.objective.direction == "max" else "minimize"


def scalarised_parts(objective: Any, options: Mapping[str, Any] | None) -> list[Any]:
    """The objectives of a study that scalarises them; empty for one with a single value.

    Args:
        objective: Keras Tuner's, perhaps a list of objectives.
        options: of the sampler.
    """
    parts = getattr(objective, "objectives", objective)
    return list(parts) if SCALARISE in (options or {}) and isinstance(parts, list | tuple) else []


def check_directions(study: Study, directions: Sequence[str]) -> None:
    """Raise RequestError if a study has other directions."""
    made = [one.name.lower() for one in study.directions]
    if made != list(directions):
        raise RequestError(
            f"the study {study.study_name!r} was made to {', '.join(made)}, and the objective says "
            f"{', '.join(directions)}"
        )


def check_new(study: Study, storage: Place) -> None:
    """Raise StudyExists if a study has trials."""
    count = len(_optuna.all_trials(study))
    if count:
        raise StudyExists(
            f"the study {study.study_name!r} in {describe(storage)} has {count} trials, and "
            "overwrite=True clears the project folder alone. Choose another study_name, or delete "
            "the study"
        )
