"""From a spec to an `optuna.Study` with the chosen engine in it."""

from __future__ import annotations

import logging
import secrets
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.samplers import BaseSampler
from optuna.study import Study

from crosstune import _optuna, adapters, pruners
from crosstune.adapters import ledger
from crosstune.adapters.base import Adapter
from crosstune.errors import RequestError, StudyExists, UnknownName, Unsupported
from crosstune.native_space import NativeSpace
from crosstune.own import own_study
from crosstune.prior import beliefs
from crosstune.resume import (
    BEGAN_WITH,
    NotInOrder,
    Run,
    retry_in_flight,
    take_up,
    take_up_in_order,
)
from crosstune.resume.agreement import (
    BASE_SEED,
    LAG,
    PRUNER,
    agreed_lag,
    check_agrees,
    is_same_engine,
    plain,
)
from crosstune.resume.mismatch import FRESH, MADE_ON, made_on
from crosstune.samplers.engine import EngineSampler
from crosstune.samplers.grid import GridSampler
from crosstune.samplers.record import RUNS, run_record
from crosstune.space import Space
from crosstune.spec import Named, Spec, load
from crosstune.storage import Place, describe, open_storage
from crosstune.warm_start import Earlier
from crosstune.warm_start import finished as earlier_trials

if TYPE_CHECKING:
    from crosstune.parallel.several import Several

WARM_START = "warm_start"
"""The option of samplers that learn from earlier studies."""

_logger = logging.getLogger("crosstune")


@dataclass(frozen=True)
class Engine:
    """What will propose: a backend, its algorithm with options, and the seed.

    Attributes:
        notes: what the user should know of the choice.
        native: whether its suggestions are those of the library called by hand.
        drawn: whether the seed was drawn, since none was asked for.
    """

    adapter: Adapter
    algorithm: str
    options: Mapping[str, Any]
    seed: int
    ours: bool = False
    native: bool = True
    notes: tuple[str, ...] = field(default=())
    drawn: bool = False

    @property
    def label(self) -> str:
        """Backend and sampler, such as ``hyperopt:tpe``."""
        return f"{self.adapter.name}:{self.algorithm}"

    def sampler(self, space: Space) -> BaseSampler:
        """The Optuna sampler behind which it works.

        Raises:
            Unsupported: it cannot search this space.
        """
        if self.ours:
            return GridSampler(space=space, seed=self.seed, **self.options)
        direct = self.adapter.sampler(self.algorithm, space, seed=self.seed, options=self.options)
        return direct or EngineSampler(
            self.adapter, self.algorithm, space=space, seed=self.seed, options=self.options
        )

    def record(self, first_trial: int) -> dict[str, Any]:
        """What the study keeps of it."""
        return {
            **run_record(
                self.adapter,
                self.algorithm,
                self.options,
                self.seed,
                native=self.native,
                notes=self.notes,
            ),
            "first_trial": first_trial,
        }


def choose(
    spec: Spec,
    *,
    backend: str | None = None,
    sampler: str | Mapping[str, Any] | None = None,
    seed: int | None = None,
    warm_start: Earlier | Iterable[Earlier] = (),
) -> Engine:
    """The engine that a spec and its overrides name.

    Args:
        backend, sampler, seed: in place of the spec's. A spec's sampler that another backend
            does not have becomes that backend's `bayesian`, which is noted.
        warm_start: earlier studies to learn from, or where they are.

    Raises:
        RequestError: there is no such backend, sampler or option, its library is missing, or it
            cannot learn from earlier studies.
    """
    adapter = adapters.get(backend or spec.backend)
    wanted = spec.sampler if sampler is None else _named(sampler)
    notes: list[str] = []
    swapped = sampler is None and adapter.name != spec.backend
    options: Mapping[str, Any] = wanted.options
    if swapped and not _is_role(wanted.name) and wanted.name not in adapter.algorithms:
        notes.append(f"{adapter.name} has no sampler {wanted.name!r}, so its 'bayesian' runs")
        wanted = Named(name="bayesian")
        options = {}
    if isinstance(spec.space, NativeSpace):
        notes += spec.space.notes_on(adapter.name)
    seed = spec.seed if seed is None else seed
    drawn = seed is None
    if seed is None:
        seed = secrets.randbits(31)
    ours = wanted.name == "grid" and not _has_grid(adapter, spec.space)
    if ours:
        notes.append(f"{adapter.name} has no grid for this space, so crosstune's own runs")
    algorithm = "grid" if ours else adapter.algorithm(wanted.name)
    if spec.prior and not ours and adapter.algorithms[algorithm].takes("prior"):
        options = {"prior": spec.prior, **options}
    elif spec.prior:
        notes.append(f"{adapter.name}:{algorithm} has no use for the spec's prior")
    if options.get("prior"):
        beliefs(spec.space, options["prior"])
    options = _with_earlier(options, spec, warm_start)
    if warm_start and (ours or not adapter.algorithms[algorithm].takes(WARM_START)):
        raise RequestError(
            f"{adapter.name}:{algorithm} does not learn from earlier studies; crosstune:gp does"
        )
    chosen = Engine(adapter, algorithm, options, seed, ours, not ours, tuple(notes), drawn)
    if not ours:
        adapter.algorithms[algorithm].check_options(chosen.label, options)
    return chosen


def create_study(
    spec: Spec | str | Path | Mapping[str, Any],
    *,
    backend: str | None = None,
    sampler: str | Mapping[str, Any] | None = None,
    pruner: str | Mapping[str, Any] | None = None,
    seed: int | None = None,
    warm_start: Earlier | Iterable[Earlier] = (),
    storage: Place = None,
    study_name: str | None = None,
) -> Study:
    """A new `optuna.Study` whose trials the chosen engine proposes.

    Every keyword defaults to what the spec says. Start points are queued.

    Args:
        spec: a Spec, its file, or a mapping of its keys.
        backend: "optuna", "hyperopt", "keras_tuner" or one of a plug-in.
        sampler: a role (random, grid, bayesian), a native name of the backend, or a mapping of a
            name and options.
        pruner: a name from `crosstune.pruners`, or a mapping of a name and options.
        seed: any integer.
        warm_start: earlier studies to learn from, journal files or URLs of databases, whichever
            engine made them; for `crosstune:gp`.
        storage: None for memory, a path for a journal file, a database URL, or a storage.
        study_name: defaults to the spec's name. Hyperband's brackets depend on it.

    Raises:
        RequestError: anything in it cannot be carried out.

    >>> study = create_study({"space": {"x": {"type": "float", "low": -1, "high": 1}}, "seed": 0})
    >>> study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=20)
    >>> len(study.trials)
    20
    """
    spec = load(spec)
    engine = choose(spec, backend=backend, sampler=sampler, seed=seed, warm_start=warm_start)
    return open_study(
        spec, engine, pruner=pruner, storage=storage, study_name=study_name, resume=False
    )


def open_study(
    spec: Spec,
    engine: Engine,
    *,
    pruner: str | Mapping[str, Any] | None = None,
    storage: Place = None,
    study_name: str | None = None,
    resume: bool | str = False,
    enough: int | None = None,
    several: Several | None = None,
) -> Study:
    """A study for an engine: a new one, or with `resume` the one that is there.

    Args:
        resume: True goes on to the trials that the uninterrupted run would have had, or with
            another engine; "fresh" with an engine that only learns from the trials.
        enough: with so many finished trials nothing will be evaluated, so the engine need not be
            brought to where it stood.
        several: who evaluates, where it is not this process alone. It goes on with the lag of a
            run in order that is resumed.

    Raises:
        StudyExists: it is there, has trials, and was not to be resumed.
        Mismatch: its engine would not propose the trials that are there.
        RequestError: it was made with another space, direction, seed, pruner or sampler option.
    """
    if resume not in (True, False, FRESH):
        raise RequestError(f"resume is true, false or {FRESH!r}, not {resume!r}")
    name = study_name or spec.name
    named = spec.pruner if pruner is None else _named(pruner)
    make_pruner = partial(pruners.create, *((named.name, named.options) if named else (None,)))
    chosen_pruner = make_pruner()
    sampler = engine.sampler(spec.space)
    place = open_storage(storage)
    try:
        with own_study():
            study = optuna.create_study(
                study_name=name,
                storage=place,
                sampler=sampler,
                pruner=chosen_pruner,
                direction=spec.metric.direction,
                load_if_exists=True,
            )
    except ImportError as error:
        raise RequestError(f"the storage {describe(storage)} needs a library: {error}") from error
    except OSError as error:
        raise RequestError(
            f"the study {name!r} in {describe(storage)} cannot be written: "
            f"{error.strerror or error}. Its folder has to be writable too"
        ) from error
    trials = study.get_trials(deepcopy=False)
    finished = sum(trial.state.is_finished() for trial in trials)
    if ledger.space_of(study) is not None:
        check_same(study, spec)
    started = bool(trials)
    if started and not resume:
        raise StudyExists(
            f"the study {name!r} in {describe(storage)} has {finished} finished trials. Resume "
            "it, or choose another name or place"
        )
    runs = study.user_attrs.get(RUNS, [])
    record = runs[-1] if started and runs and PRUNER in runs[-1] else None
    if record is not None:
        for point in spec.points[len(trials) : record["points"]]:
            study.enqueue_trial(ledger.write_point(spec.space, point))  # it was killed before
    kept_pruner = None if named is None else {"name": named.name, "options": named.options}
    if (
        record is not None
        and resume != FRESH
        and is_same_engine(record, engine.adapter.name, engine.algorithm)
    ):
        asked_seed = None if engine.drawn else engine.seed
        if WARM_START in record["options"]:  # it is kept, so nobody has to give it again
            engine = replace(
                engine,
                options={WARM_START: record["options"][WARM_START], **engine.options},
            )
        check_agrees(
            name, record, options=engine.options, seed=asked_seed, pruner=plain(kept_pruner)
        )
        engine = replace(engine, seed=record["seed"])
        lag = agreed_lag(
            name, record, several=several is not None, lag=several.lag if several else None
        )
        if several is not None and lag is not None:
            several.keep_lag(lag)
        if enough is None or finished < enough:
            again = Run(
                record,
                _full_record(engine, spec, kept_pruner, record["first_trial"], {}, lag),
                partial(engine.sampler, spec.space),
                make_pruner,
            )
            if several is not None and lag is not None:
                through = partial(several.go_through, trials=enough)
                return take_up_in_order(study, again, through)
            try:
                return take_up(study, again)
            except NotInOrder:
                note = "the trials were made several at a time"
                engine = replace(engine, notes=(*engine.notes, note))
        else:
            return _with(study, continued_engine(engine, finished), spec)
    base_seed = engine.seed
    if finished:
        engine = continued_engine(engine, finished)
        study = _with(study, engine, spec)
    first = len(trials) if started else 0
    attrs = _optuna.system_attrs(study) if started else {}
    lag = several.lag if several is not None else None
    made = _full_record(engine, spec, kept_pruner, first, attrs, lag)
    made[BASE_SEED] = base_seed
    if not started:
        study.set_user_attr(ledger.SPACE, spec.space.to_dict())
    study.set_user_attr(RUNS, [*(runs if started else []), made])
    if not started:
        for point in spec.points:
            study.enqueue_trial(ledger.write_point(spec.space, point))
    for note in engine.notes:
        _logger.warning(note)
    return retry_in_flight(study) if started else study


def _with_earlier(
    options: Mapping[str, Any], spec: Spec, warm_start: Earlier | Iterable[Earlier]
) -> Mapping[str, Any]:
    """Options of a sampler with the trials of earlier studies in the place of their names.

    A place in a spec file is one beside the file.
    """
    if warm_start:
        return {**options, WARM_START: earlier_trials(warm_start)}
    if WARM_START not in options:
        return options
    given = options[WARM_START]
    given = [given] if isinstance(given, str) else given
    folder = spec.folder or Path()
    if isinstance(given, list | tuple):
        given = [
            folder / each if isinstance(each, str) and "://" not in each else each for each in given
        ]
    return {**options, WARM_START: earlier_trials(given)}


def _full_record(
    engine: Engine,
    spec: Spec,
    pruner: Any,
    first_trial: int,
    attrs: Mapping[str, Any],
    lag: int | None,
) -> dict[str, Any]:
    """What the study keeps of a run.

    Args:
        pruner: name and options, or None.
        first_trial: the number of its first trial.
        attrs: what samplers have left in the study before.
        lag: of a run in order.
    """
    record = engine.record(first_trial)
    record["options"] = plain(record["options"])
    record["metric"] = spec.metric.name
    record[PRUNER] = plain(pruner)
    record["points"] = len(spec.points)
    record[MADE_ON] = made_on()
    if lag is not None:
        record[LAG] = lag
    if attrs:
        record[BEGAN_WITH] = dict(attrs)
    if spec.points:
        record["native"] = False
        record["notes"].append("start points were evaluated first")
    return record


def asked_seed(study: Study) -> int:
    """The seed that the last run of a study was asked for, or drew."""
    record = study.user_attrs[RUNS][-1]
    return int(record.get(BASE_SEED, record["seed"]))


def _with(study: Study, engine: Engine, spec: Spec) -> Study:
    with own_study():
        study.sampler = engine.sampler(spec.space)
    return study


def continued_engine(engine: Engine, finished: int) -> Engine:
    """The engine for the rest of a study.

    Its random state begins anew, so a shifted seed keeps it from proposing the first trials
    again. A walk through a grid keeps its order, and leaves out what is evaluated.
    """
    walks = engine.ours or engine.adapter.algorithms[engine.algorithm].exhaustive
    seed = engine.seed if walks else zlib.crc32(repr((engine.seed, finished)).encode())
    note = f"continued after {finished} finished trials with a fresh random state"
    return replace(engine, seed=seed, native=False, notes=(*engine.notes, note))


def check_same(study: Study, spec: Spec) -> None:
    """Raise RequestError for a study that was made with another space or direction."""
    kept = ledger.space_of(study)
    if kept is not None and kept != spec.space:
        raise RequestError(
            f"the study {study.study_name!r} was made with another space:\n"
            f"{kept.difference(spec.space)}"
        )
    if study.direction.name.lower() != spec.metric.direction:
        raise RequestError(
            f"the study {study.study_name!r} was made to {study.direction.name.lower()}, and the "
            f"spec says {spec.metric.direction}"
        )


def _has_grid(adapter: Adapter, space: Space) -> bool:
    if "grid" not in adapter.roles and "grid" not in adapter.algorithms:
        return False
    try:
        adapter.engine("grid", space, seed=0, maximize=False, options={})
    except Unsupported:
        return not any(space.conditions.values())
    return True


def _is_role(name: str) -> bool:
    return name in ("random", "grid", "bayesian")


def _named(value: str | Mapping[str, Any]) -> Named:
    if isinstance(value, str) and value:
        return Named(name=value)
    if not isinstance(value, str | Mapping):
        raise RequestError(
            f"a sampler or pruner is a name, or a mapping with a name and options, not {value!r}. "
            "An instance goes into a study of your own, as in optuna.create_study(pruner=...)"
        )
    if isinstance(value, str) or not value.get("name"):
        raise UnknownName(f"a sampler or pruner with options needs a name: {value!r}")
    return Named(**value)
