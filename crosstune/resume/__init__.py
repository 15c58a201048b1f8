"""Resuming a study to the same trials that it would have had without the interruption.

replay.py               asks a fresh sampler and pruner again for the trials of a run
replay_storage.py       the storage of a resumed study, which compares what is written again
shown_moment.py         the study as it was at each trial, and the trials in flight
fresh_trials.py         the trials that are asked for again
trial_origins.py        how a trial came into its study
forwarding_storage.py   a storage in front of another one
mismatch.py             the error if the trials would differ
agreement.py            compares a request with the record of the run
snapshots.py            a shortcut for long studies; frozen.py is its content
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.checkpoints.record import reached
from crosstune.engines.record import amend_record
from crosstune.engines.record_names import ERROR, RUNS
from crosstune.resume import snapshots
from crosstune.resume.agreement import is_replayable
from crosstune.resume.frozen import install
from crosstune.resume.mismatch import Differs, ResumeMismatch, mismatch
from crosstune.resume.replay import overlaps, replay
from crosstune.resume.replay_storage import ReplayStorage
from crosstune.resume.trial_origins import was_stuck
from crosstune.samplers.engine import EngineSampler
from crosstune.study.internal import own_study
from crosstune.study.sidecar_paths import beside
from crosstune.study.storage import also_at, file_of

__all__ = [
    "BEGAN_WITH",
    "Differs",
    "NotInOrder",
    "ResumeMismatch",
    "ResumedRun",
    "differing",
    "keeper",
    "retry_in_flight",
    "stopped",
    "take_up",
    "take_up_in_order",
]

BEGAN_WITH = "began_with"
"""The key of a run's record for the study's system attributes before the run."""

_logger = logging.getLogger("crosstune")


class NotInOrder(Exception):
    """The trials of a run were made several at a time, in no order that can be replayed."""


@dataclass(frozen=True)
class ResumedRun:
    """A run to be resumed.

    Attributes:
        record: of the run, in the study.
        now: the record that the run would have if it began now.
        sampler, pruner: make a fresh one of those that the run began with.
    """

    record: Mapping[str, Any]
    now: Mapping[str, Any]
    sampler: Callable[[], BaseSampler]
    pruner: Callable[[], BasePruner]


def take_up(study: Study, run: ResumedRun) -> Study:
    """The study with sampler and pruner as the run left them, and the trial in flight queued.

    Raises:
        ResumeMismatch: the engine would propose other trials than the ledger has.
        NotInOrder: the same, and the trials were made several at a time.
    """
    _fail_twice_killed(study)
    trials = _optuna.all_trials(study)
    if _waits_for_earlier(run, trials):
        return _retried(study, run, trials)
    first = run.record["first_trial"]
    until = next((t.number for t in trials[first:] if not t.state.is_finished()), len(trials))
    in_flight = [t.number for t in trials[until:] if t.state == TrialState.RUNNING]
    if in_flight not in ([], [until]) or any(t.state.is_finished() for t in trials[until:]):
        raise NotInOrder
    resumed = _brought_up(study, run, trials, until)
    history = _history_of(resumed)
    history.on_report = lambda trial: resumed.pruner.prune(resumed, trial)
    history.go_live(in_flight)
    _note(resumed, until)
    return resumed


def take_up_in_order(
    study: Study, run: ResumedRun, go_through: Callable[[Study, ReplayStorage], None]
) -> Study:
    """The study of a run in order, as `take_up`.

    Args:
        study: as the ledger has it.
        run: to be resumed.
        go_through: asks for the trials again, tells them in the run's order, and keeps those that
            are not to be told yet, including those in flight.

    Raises:
        ResumeMismatch: the engine would propose other trials than the ledger has.
    """
    _fail_twice_killed(study)
    trials = _optuna.all_trials(study)
    if _waits_for_earlier(run, trials):
        return _retried(study, run, trials)
    history = _history(study, run.record["first_trial"], run.record.get(BEGAN_WITH, {}))
    resumed = _on(study, history, run)
    try:
        go_through(resumed, history)
    except Differs as differs:
        raise mismatch(study.study_name, differs, run.record, run.now) from None
    history.go_on()
    _note(resumed, next((t.number for t in trials if not t.state.is_finished()), len(trials)))
    return resumed


def _waits_for_earlier(run: ResumedRun, trials: Sequence[FrozenTrial]) -> bool:
    """True if a run has not begun because trials before it were in flight or queued."""
    first = run.record["first_trial"]
    begun = any(t.state != TrialState.WAITING for t in trials[first:])
    return not begun and any(not t.state.is_finished() for t in trials[:first])


def _retried(study: Study, run: ResumedRun, trials: Sequence[FrozenTrial]) -> Study:
    """The study of a run that has not begun, with the trials that were in flight queued."""
    history = _history(study, len(trials))
    resumed = _on(study, history, run)
    history.go_live([t.number for t in trials if t.state == TrialState.RUNNING], fixed=True)
    return resumed


def retry_in_flight(study: Study) -> Study:
    """The study with the trials queued that were in flight when their process was killed.

    They keep their parameters. For an engine that is not asked for them again.
    """
    _fail_twice_killed(study)
    running = [t.number for t in _in_flight(study)]
    if not running:
        return study
    history = _history(study, len(_optuna.all_trials(study)))
    again = _loaded(study, history, study.sampler, study.pruner)
    history.go_live(running, fixed=True)
    return again


def stopped(study: Study) -> None:
    """Note that the trial in flight was stopped on purpose, which does not count as a kill."""
    storage, _ = _optuna.identity(study)
    if isinstance(storage, ReplayStorage):
        storage.forgive()


def differing(study: Study, differs: Differs) -> ResumeMismatch:
    """The error for a trial in flight that its sampler would not propose again."""
    stopped(study)
    record = study.user_attrs[RUNS][-1]
    return mismatch(study.study_name, differs, record, record)


def keeper(study: Study) -> snapshots.Keeper | None:
    """The callback that keeps snapshots of a run beside its file, or None if it cannot have any."""
    file = file_of(_optuna.identity(study)[0])
    runs = study.user_attrs.get(RUNS)
    sampler = study.sampler
    learns = isinstance(sampler, EngineSampler) and sampler.space is None
    if file is None or not runs or not is_replayable(runs[-1]) or learns:
        return None
    return snapshots.Keeper(
        study, _snapshot(file, study), share=snapshots.SHARE, least=snapshots.LEAST
    )


def _snapshot(file: Path, study: Study) -> Path:
    return beside(file, study.study_name, ".snapshot")


def _brought_up(study: Study, run: ResumedRun, trials: Sequence[FrozenTrial], until: int) -> Study:
    """The study on a `ReplayStorage`, from a snapshot if there is a usable one."""
    file = file_of(_optuna.identity(study)[0])
    snapshot = None
    if file is not None:
        snapshot = snapshots.load(
            _snapshot(file, study), study.study_name, run.record, run.now, trials
        )
    if snapshot is not None and snapshot[0] <= until:
        number, frozen = snapshot
        try:
            resumed = _on(study, _history(study, number, frozen.system_attrs), run)
            install(resumed, frozen, run.sampler())
            return _replayed(resumed, until)
        except Differs as differs:
            _logger.warning("what follows the snapshot differs, so all is asked again: %s", differs)
    first = run.record["first_trial"]
    history = _history(study, first, run.record.get(BEGAN_WITH, {}))
    try:
        return _replayed(_on(study, history, run), until)
    except Differs as differs:
        if overlaps(trials, first):
            raise NotInOrder from differs
        raise mismatch(study.study_name, differs, run.record, run.now) from None


def _history(
    study: Study, shown: int, system_attrs: Mapping[str, Any] | None = None
) -> ReplayStorage:
    storage, study_id = _optuna.identity(study)
    history = ReplayStorage(storage, study_id, shown, system_attrs or {})
    also_at(history, storage)
    return history


def _on(study: Study, history: ReplayStorage, run: ResumedRun) -> Study:
    return _loaded(study, history, run.sampler(), run.pruner())


def _loaded(
    study: Study, history: ReplayStorage, sampler: BaseSampler, pruner: BasePruner
) -> Study:
    name = study.study_name
    with own_study():
        return optuna.load_study(study_name=name, storage=history, sampler=sampler, pruner=pruner)


def _replayed(study: Study, until: int) -> Study:
    replay(study, _history_of(study), until)
    return study


def _history_of(study: Study) -> ReplayStorage:
    history, _ = _optuna.identity(study)
    assert isinstance(history, ReplayStorage)
    return history


def _in_flight(study: Study) -> list[FrozenTrial]:
    """The trials that a run of crosstune left running."""
    runs = [run for run in study.user_attrs.get(RUNS, []) if is_replayable(run)]
    first = runs[0]["first_trial"] if runs else None
    trials = [] if first is None else _optuna.all_trials(study)[first:]
    return [trial for trial in trials if trial.state == TrialState.RUNNING]


def _fail_twice_killed(study: Study) -> None:
    """Fail a trial whose process was killed while it ran again: the trial may be the cause.

    A trial whose checkpoint advanced meanwhile is run once more.
    """
    storage, study_id = _optuna.identity(study)
    for trial in _in_flight(study):
        if was_stuck(trial):
            message = "its process was killed twice while it ran, so it is not run a third time"
            if (step := reached(trial)) >= 0:
                message = (
                    f"its process was killed twice while its checkpoint did not advance from step "
                    f"{step}, so it is not run again"
                )
            trial_id = storage.get_trial_id_from_study_id_trial_number(study_id, trial.number)
            storage.set_trial_user_attr(trial_id, ERROR, message)
            storage.set_trial_state_values(trial_id, TrialState.FAIL)
            _logger.warning("trial %d has failed: %s", trial.number, message)


def _note(study: Study, until: int) -> None:
    """Add to the record of the run that it was resumed, and at which trial."""
    before = study.user_attrs[RUNS][-1].get(snapshots.RESUMED, [])
    amend_record(study, **{snapshots.RESUMED: [*before, until]})
