"""From a spec to an `optuna.Study` with the chosen engine in it."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.pruners import BasePruner
from optuna.study import Study

from crosstune import _optuna, pruners
from crosstune.digests.evaluated import Evaluated, agree
from crosstune.engines import study_values as ledger
from crosstune.engines.budget import Budget
from crosstune.engines.record import BUDGET, RUNS, amend_record, leave_record, records
from crosstune.errors import RequestError, StudyExists
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
    POINTS,
    agreed_lag,
    agreed_pruner,
    check_agrees,
    is_replayable,
    is_same_engine,
    plain,
)
from crosstune.resume.mismatch import FRESH, MADE_ON, made_on
from crosstune.space.parameters import Constant
from crosstune.space.space import Space
from crosstune.spec.spec import Spec, load
from crosstune.study.choice import WARM_START, Engine, choose, continued_engine, named
from crosstune.study.internal import own_study
from crosstune.study.metric_name import name_metric
from crosstune.study.storage import Place, describe, open_storage
from crosstune.study.warm_start import Earlier
from crosstune.system.scalars import plain_arguments

if TYPE_CHECKING:
    from crosstune.parallel.parallel_evaluation import Several

_logger = logging.getLogger("crosstune")


@plain_arguments("spec")
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
    if pruner is not None:
        named(pruner)  # no instance: that goes into a study of the user's own
    return open_study(
        spec, engine, pruner=pruner, storage=storage, study_name=study_name, resume=False
    )


def open_study(
    spec: Spec,
    engine: Engine,
    *,
    pruner: BasePruner | str | Mapping[str, Any] | None = None,
    storage: Place = None,
    study_name: str | None = None,
    resume: bool | str = False,
    budget: Budget | None = None,
    several: Several | None = None,
    evaluated: Evaluated | None = None,
) -> Study:
    """A study for an engine: a new one, or with `resume` the one that is there.

    Args:
        pruner: not asked yet; None is the spec's, or that of the study that is resumed.
        resume: True goes on to the trials that the uninterrupted run would have had, or with
            another engine; "fresh" with an engine that only learns from the trials.
        budget: of the study as a whole; None if it is not known yet. Where it is spent, nothing
            will be evaluated, so the engine need not be brought to where it stood.
        several: who evaluates, where it is not this process alone. It goes on with the lag of a
            run in order that is resumed.
        evaluated: what its values depend on beside the params, which a resumed study has to
            have in common; None where that is not known.

    Raises:
        StudyExists: it is there, has trials, and was not to be resumed.
        Mismatch: its engine would not propose the trials that are there.
        RequestError: it was made with another space, direction, seed, pruner or sampler option,
            or with a pruner that has to be given again, or evaluated on other data.
    """
    if resume not in (True, False, FRESH):
        raise RequestError(f"resume is true, false or {FRESH!r}, not {resume!r}")
    name = study_name or spec.name
    asked_pruner = _asked_pruner(spec, pruner)
    sampler = engine.sampler(spec.space)
    place = open_storage(storage)
    try:
        with own_study():
            study = optuna.create_study(
                study_name=name,
                storage=place,
                sampler=sampler,
                pruner=asked_pruner or pruners.create(None),
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
    name_metric(study, spec.metric.name)
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
    if evaluated is not None:
        agree(study, evaluated, begun=started)
    runs = records(study) if started else []
    record = runs[-1] if runs and is_replayable(runs[-1]) else None
    if runs and resume != FRESH:
        study.pruner = agreed_pruner(name, runs, asked_pruner)
    if record is not None:
        for point in spec.points[len(trials) : record[POINTS]]:
            study.enqueue_trial(ledger.write_point(spec.space, point))  # it was killed before
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
        check_agrees(name, record, options=engine.options, seed=asked_seed, pruner=study.pruner)
        engine = replace(engine, seed=record["seed"])
        lag = agreed_lag(
            name, record, several=several is not None, lag=several.lag if several else None
        )
        if several is not None and lag is not None:
            several.keep_lag(lag)
        if budget is not None:
            amend_record(study, **{BUDGET: budget.plain()})
        enough = math.inf if budget is None or budget.trials is None else budget.trials
        if finished < enough:
            again = Run(
                record,
                _record(engine, spec, {}, lag),
                partial(engine.sampler, spec.space),
                partial(deepcopy, deepcopy(study.pruner)),
            )
            if several is not None and lag is not None:
                through = partial(several.go_through, trials=budget.trials if budget else None)
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
    made = {**_record(engine, spec, attrs, lag), BASE_SEED: base_seed}
    if not started:
        study.set_user_attr(ledger.SPACE, spec.space.to_dict())
    leave_record(study, made, first_trial=first, budget=budget)
    if not started:
        for point in spec.points:
            study.enqueue_trial(ledger.write_point(spec.space, point))
    for note in engine.notes:
        _logger.warning(note)
    return retry_in_flight(study) if started else study


def _asked_pruner(
    spec: Spec, pruner: BasePruner | str | Mapping[str, Any] | None
) -> BasePruner | None:
    """The pruner that a request names, or else the spec; None where neither does."""
    if isinstance(pruner, BasePruner):
        return pruner
    wanted = spec.pruner if pruner is None else named(pruner)
    return None if wanted is None else pruners.create(wanted.name, wanted.options)


def _record(
    engine: Engine, spec: Spec, attrs: Mapping[str, Any], lag: int | None
) -> dict[str, Any]:
    """What the study keeps of a run, but for what `leave_record` adds.

    Args:
        attrs: what samplers have left in the study before.
        lag: of a run in order.
    """
    record = engine.record()
    record["options"] = plain(record["options"])
    record["metric"] = spec.metric.name
    record[POINTS] = len(spec.points)
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


def _same_space(kept: Space, asked: Space, study: Study) -> bool:
    """Whether a study has a space.

    The fixed entries of an `hp` space are constants where `adapters` read it, and no parameters
    where it stays itself; so after an import from Hyperopt one side alone may have them.
    """
    if study.user_attrs.get(ledger.IMPORTED, {}).get("from") != "hyperopt":
        return kept == asked
    both = [
        {
            name: item
            for name, item in space.items()
            if name in other or not isinstance(item, Constant)
        }
        for space, other in ((kept, asked), (asked, kept))
    ]
    return both[0] == both[1]


def check_same(study: Study, spec: Spec) -> None:
    """Raise RequestError for a study that was made with another space or direction."""
    kept = ledger.space_of(study)
    if kept is not None and not _same_space(kept, spec.space, study):
        raise RequestError(
            f"the study {study.study_name!r} was made with another space:\n"
            f"{kept.difference(spec.space)}"
        )
    if study.direction.name.lower() != spec.metric.direction:
        raise RequestError(
            f"the study {study.study_name!r} was made to {study.direction.name.lower()}, and the "
            f"spec says {spec.metric.direction}"
        )
