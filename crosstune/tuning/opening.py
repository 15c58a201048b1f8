"""From a plan to its `optuna.Study`: lock, storage, study and record, new or resumed."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial

from crosstune import _optuna, pruners
from crosstune.digests.evaluated import Evaluated
from crosstune.engines import record_names, registry
from crosstune.engines import study_values as ledger
from crosstune.engines.record import (
    BUDGET,
    SCHEDULER,
    amend_record,
    leave_record,
    records,
    repeating,
)
from crosstune.errors import RequestError, StudyExists
from crosstune.resume import (
    BEGAN_WITH,
    NotInOrder,
    ResumedRun,
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
from crosstune.samplers.scheduled.settings import COMMON, LAST
from crosstune.space.parameters import Constant
from crosstune.space.space import Space
from crosstune.spec.spec import Spec
from crosstune.study.choice import WARM_START, ChosenEngine, continued_engine
from crosstune.study.evaluated import agree
from crosstune.study.internal import own_study
from crosstune.study.journals import new_journal
from crosstune.study.lock import driving
from crosstune.study.storage import describe, file_at, open_storage
from crosstune.study.trials import finished
from crosstune.system.interrupts import watched
from crosstune.tuning.measures import check_measures_agree, name_metrics, recorded_measures
from crosstune.tuning.request import Plan

_logger = logging.getLogger("crosstune")


def placed(plan: Plan) -> Plan:
    """The plan with a storage: a new journal file if it has none but a folder.

    Raises:
        RequestError: the file cannot be made.
    """
    if plan.storage is not None or plan.request.folder is None:
        return plan
    return replace(plan, storage=str(new_journal(plan.request.folder, plan.spec.name, plan.engine)))


@contextmanager
def opened(plan: Plan, evaluated: Evaluated | None = None) -> Iterator[Study]:
    """`open_study` under a lock against other processes and a watch for Ctrl-C.

    Raises:
        Driven: another process runs it.
        RequestError: see `open_study`.
    """
    with watched(), driving(file_at(plan.storage), plan.study_name):
        yield open_study(plan, evaluated)


def open_study(plan: Plan, evaluated: Evaluated | None = None) -> Study:
    """The study of a plan, new or resumed.

    Args:
        plan: of the study.
        evaluated: digests of what its values depend on besides the params, which a resumed study
            must share; None takes those of the plan's objective.

    Raises:
        StudyExists: it has trials, and is not to be resumed.
        ResumeMismatch: its engine would not propose the stored trials.
        RequestError: it was made with another space, direction, seed, pruner or sampler option,
            or with a pruner that has to be passed again, or evaluated on other data.
    """
    if evaluated is None and plan.storage is not None and plan.function is not None:
        evaluated = plan.function.evaluated()
    study = _stored(plan)
    name_metrics(study, [metric.name for metric in plan.spec.objectives])
    trials = study.get_trials(deepcopy=False)
    if ledger.space_of(study) is not None:
        check_same(study, plan.spec)
    if trials and not plan.request.resume:
        raise StudyExists(
            f"the study {plan.study_name!r} in {describe(plan.storage)} has {finished(study)} "
            "finished trials. Resume it, or choose another name or place"
        )
    if evaluated is not None:
        agree(study, evaluated, begun=bool(trials))
    return _resumed(study, plan, trials) if trials else _begun(study, plan)


def _stored(plan: Plan) -> Study:
    """The study in its storage, made if it is absent."""
    place = open_storage(plan.storage)
    try:
        with own_study():
            return optuna.create_study(
                study_name=plan.study_name,
                storage=place,
                sampler=plan.sampler,
                pruner=plan.pruner or pruners.create(None),
                directions=[metric.direction for metric in plan.spec.objectives],
                load_if_exists=True,
            )
    except ImportError as error:
        where = describe(plan.storage)
        raise RequestError(f"the storage {where} needs a library: {error}") from error
    except OSError as error:
        raise RequestError(
            f"the study {plan.study_name!r} in {describe(plan.storage)} cannot be written: "
            f"{error.strerror or error}. Its folder has to be writable too"
        ) from error


def _begun(study: Study, plan: Plan) -> Study:
    """A study without trials, with its record and its start points."""
    study.set_user_attr(record_names.SPACE, plan.spec.space.to_dict())
    _leave_record(study, plan, plan.engine, {}, first_trial=0)
    for point in plan.spec.points:
        study.enqueue_trial(ledger.write_point(plan.spec.space, point))
    return study


def _resumed(study: Study, plan: Plan, trials: Sequence[FrozenTrial]) -> Study:
    """A study with trials, as its last run would have continued, or with a fresh engine."""
    runs = records(study)
    record = runs[-1] if runs and is_replayable(runs[-1]) else None
    if runs and plan.request.resume != FRESH:
        study.pruner = agreed_pruner(plan.study_name, runs, plan.pruner)
    if record is None:
        return _continued(study, plan, trials)
    for point in plan.spec.points[len(trials) : record[POINTS]]:  # it was killed before these
        study.enqueue_trial(ledger.write_point(plan.spec.space, point))
    same = is_same_engine(record, plan.engine.adapter.name, plan.engine.algorithm)
    if plan.request.resume == FRESH or not same:
        return _continued(study, plan, trials)
    return _replayed(study, plan, trials, record)


def _told_as_before(engine: ChosenEngine, record: Mapping[str, Any]) -> ChosenEngine:
    """The engine with a scheduler that tells what was the default when the study began."""
    scheduler, begun = engine.scheduler, record.get(SCHEDULER)
    if scheduler is None or not begun or record.get("format", 1) >= record_names.LAST_TOLD_FROM:
        return engine
    reads = engine.adapter.algorithms[engine.algorithm].reads_curves
    if reads and (begun["told"], scheduler.told) == (COMMON, LAST):
        return replace(engine, scheduler=replace(scheduler, told=COMMON))
    return engine


def _replayed(
    study: Study, plan: Plan, trials: Sequence[FrozenTrial], record: Mapping[str, Any]
) -> Study:
    """A study with its engine in the state of the last run.

    If the budget is spent, nothing will be evaluated, so the state is not restored.
    """
    engine, several, budget = plan.engine, plan.several, plan.budget
    seed = None if engine.drawn else engine.seed
    if WARM_START in record["options"]:  # stored, so it need not be passed again
        options = {WARM_START: record["options"][WARM_START], **engine.options}
        engine = replace(engine, options=options)
    engine = _told_as_before(engine, record)
    check_agrees(
        plan.study_name,
        record,
        options=engine.options,
        seed=seed,
        pruner=study.pruner,
        scheduler=None if engine.scheduler is None else engine.scheduler.plain(),
    )
    engine = replace(engine, seed=record["seed"])
    if engine.scheduler is not None:
        scheduler = engine.scheduler.resumed(record[SCHEDULER], len(trials))
        engine = replace(engine, scheduler=scheduler)
        amend_record(study, **{SCHEDULER: scheduler.record()})
    lag = agreed_lag(plan.study_name, record, several=several is not None, lag=plan.lag)
    if several is not None and lag is not None:
        several.keep_lag(lag)
    if budget is not None:
        amend_record(study, **{BUDGET: budget.plain()}, **repeating(record, engine.notes, budget))
    done = finished(study)
    most = None if budget is None else budget.trials
    if done >= (math.inf if most is None else most):
        return _with(study, continued_engine(engine, done), plan.spec)
    begun = engine.adapter.options_of(engine.algorithm, engine.options, record.get("format", 1))
    again = ResumedRun(
        record,
        _record(engine, plan.spec, {}, lag),
        partial(replace(engine, options=begun).sampler, plan.spec.space),
        partial(deepcopy, deepcopy(study.pruner)),
    )
    if several is not None and lag is not None:
        return take_up_in_order(study, again, partial(several.go_through, trials=most))
    try:
        return take_up(study, again)
    except NotInOrder:
        note = "the trials were made several at a time"
        engine = replace(engine, notes=(*engine.notes, note))
        return _continued(study, replace(plan, engine=engine), trials)


def _continued(study: Study, plan: Plan, trials: Sequence[FrozenTrial]) -> Study:
    """A study with trials, continued by an engine that learns from them."""
    engine, done = plan.engine, finished(study)
    if done:
        engine = continued_engine(engine, done)
        study = _with(study, engine, plan.spec)
    _leave_record(study, plan, engine, _optuna.system_attrs(study), first_trial=len(trials))
    return retry_in_flight(study)


def _leave_record(
    study: Study, plan: Plan, engine: ChosenEngine, attrs: Mapping[str, Any], *, first_trial: int
) -> None:
    """Add the record of a run, and log the notes on its engine and defaults; see `_record`."""
    record = {**_record(engine, plan.spec, attrs, plan.lag), BASE_SEED: plan.engine.seed}
    if not first_trial:  # Only then the start points come first.
        record.update(plan.default_record)
    leave_record(study, record, first_trial=first_trial, budget=plan.budget)
    for note in (*engine.notes, *(() if first_trial else plan.default_notes)):
        _logger.warning(note)


def _record(
    engine: ChosenEngine, spec: Spec, attrs: Mapping[str, Any], lag: int | None
) -> dict[str, Any]:
    """The record of a run, before `leave_record` completes it.

    Args:
        engine, spec, lag: of the run.
        attrs: attributes that samplers have left in the study before.
    """
    record = engine.record()
    record["options"] = plain(record["options"])
    record["metric"] = spec.objectives[0].name
    record.update(recorded_measures(spec))
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


def check_same(study: Study, spec: Spec) -> None:
    """Raise RequestError if a study was made with another space, or measures something else."""
    stored = ledger.space_of(study)
    if stored is not None and not _same_space(stored, spec.space, study):
        raise RequestError(
            f"the study {study.study_name!r} was made with another space:\n"
            f"{stored.difference(spec.space)}"
        )
    check_measures_agree(study, spec)


def _same_space(stored: Space, requested: Space, study: Study) -> bool:
    """True if the stored space of a study equals the requested one.

    The fixed entries of a library's own space are constants if its adapter read it, and no
    parameters if it stays native. After an import from such a library only one of the two spaces
    may have them.
    """
    source = study.user_attrs.get(record_names.IMPORTED, {}).get("from")
    if not any(row.space_type and name == source for name, (row, _) in registry.formats().items()):
        return stored == requested
    both = [
        {
            name: item
            for name, item in space.items()
            if name in other or not isinstance(item, Constant)
        }
        for space, other in ((stored, requested), (requested, stored))
    ]
    return both[0] == both[1]


def _with(study: Study, engine: ChosenEngine, spec: Spec) -> Study:
    with own_study():
        study.sampler = engine.sampler(spec.space)
    return study
