"""Resuming a study to the same trials that it would have had without the interruption.

replay.py       asks a fresh sampler and pruner for the trials that are there again
history.py      the study as it was at each of them, and the trials in flight
through.py      a storage in front of another one
mismatch.py     what to say where they would not be the same
agreement.py    what is asked for, against what the run began with
snapshots.py    a shortcut for long studies; frozen.py what is in it, sealed.py its signature
driver.py       one process a study
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
from crosstune.resume.history import History, was_stuck
from crosstune.resume.mismatch import Differs, Mismatch, mismatch
from crosstune.resume.replay import overlaps, replay
from crosstune.samplers.engine import EngineSampler
from crosstune.study.internal import own_study
from crosstune.study.sidecar_paths import beside
from crosstune.study.storage import also_at, file_of

__all__ = [
    "BEGAN_WITH",
    "Differs",
    "Mismatch",
    "NotInOrder",
    "Run",
    "differing",
    "keeper",
    "retry_in_flight",
    "stopped",
    "take_up",
    "take_up_in_order",
]

BEGAN_WITH = "began_with"
"""The key of a run's record that holds what samplers had left in the study before it."""

_logger = logging.getLogger("crosstune")


class NotInOrder(Exception):
    """The trials of a run were made several at a time, and in no order to go through again."""


@dataclass(frozen=True)
class Run:
    """What a run is made of.

    Attributes:
        record: what the study keeps of it.
        now: what it would keep if it began now.
        sampler, pruner: make a fresh one of those that it began with.
    """

    record: Mapping[str, Any]
    now: Mapping[str, Any]
    sampler: Callable[[], BaseSampler]
    pruner: Callable[[], BasePruner]


def take_up(study: Study, run: Run) -> Study:
    """The study with the run's sampler and pruner where they stood, and the trial in flight queued.

    Raises:
        Mismatch: the engine would propose other trials than the ledger has.
        NotInOrder: the same, and its trials were made several at a time.
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


def take_up_in_order(study: Study, run: Run, go_through: Callable[[Study, History], None]) -> Study:
    """The study of a run in order, as `take_up`.

    Args:
        go_through: asks for the trials again and tells them in the run's order, and keeps those
            that are not to be told yet, with those in flight among them.

    Raises:
        Mismatch: the engine would propose other trials than the ledger has.
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


def _waits_for_earlier(run: Run, trials: Sequence[FrozenTrial]) -> bool:
    """Whether a run has not begun, as what was in flight or queued before it has not ended."""
    first = run.record["first_trial"]
    begun = any(t.state != TrialState.WAITING for t in trials[first:])
    return not begun and any(not t.state.is_finished() for t in trials[:first])


def _retried(study: Study, run: Run, trials: Sequence[FrozenTrial]) -> Study:
    """The study of a run that has not begun, with what was in flight before it queued."""
    history = _history(study, len(trials))
    resumed = _on(study, history, run)
    history.go_live([t.number for t in trials if t.state == TrialState.RUNNING], fixed=True)
    return resumed


def retry_in_flight(study: Study) -> Study:
    """The study with the trials queued that were in flight when their process was killed.

    They keep the parameters that they have. For an engine that does not go through them again.
    """
    _fail_twice_killed(study)
    running = [t.number for t in _in_flight(study)]
    if not running:
        return study
    history = _history(study, len(_optuna.all_trials(study)))
    with own_study():
        again = optuna.load_study(
            study_name=study.study_name,
            storage=history,
            sampler=study.sampler,
            pruner=study.pruner,
        )
    history.go_live(running, fixed=True)
    return again


def stopped(study: Study) -> None:
    """Note that the trial in flight was stopped on purpose, so that this is not held against it."""
    storage, _ = _optuna.identity(study)
    if isinstance(storage, History):
        storage.forgive()


def differing(study: Study, differs: Differs) -> Mismatch:
    """The error for a trial in flight that its sampler would not propose again."""
    stopped(study)
    record = study.user_attrs[RUNS][-1]
    return mismatch(study.study_name, differs, record, record)


def keeper(study: Study) -> snapshots.Keeper | None:
    """What keeps snapshots of a run; None where there is no file beside which to keep them."""
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


def _brought_up(study: Study, run: Run, trials: Sequence[FrozenTrial], until: int) -> Study:
    """The study on a history, from a snapshot if there is a good one."""
    file = file_of(_optuna.identity(study)[0])
    kept = None
    if file is not None:
        kept = snapshots.load(_snapshot(file, study), study.study_name, run.record, run.now, trials)
    if kept is not None and kept[0] <= until:
        number, frozen = kept
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


def _history(study: Study, shown: int, system_attrs: Mapping[str, Any] | None = None) -> History:
    storage, study_id = _optuna.identity(study)
    history = History(storage, study_id, shown, system_attrs or {})
    also_at(history, storage)
    return history


def _on(study: Study, history: History, run: Run) -> Study:
    with own_study():
        return optuna.load_study(
            study_name=study.study_name,
            storage=history,
            sampler=run.sampler(),
            pruner=run.pruner(),
        )


def _replayed(study: Study, until: int) -> Study:
    replay(study, _history_of(study), until)
    return study


def _history_of(study: Study) -> History:
    history, _ = _optuna.identity(study)
    assert isinstance(history, History)
    return history


def _in_flight(study: Study) -> list[FrozenTrial]:
    """The trials that a run of ours left running."""
    runs = [run for run in study.user_attrs.get(RUNS, []) if is_replayable(run)]
    first = runs[0]["first_trial"] if runs else None
    trials = [] if first is None else _optuna.all_trials(study)[first:]
    return [trial for trial in trials if trial.state == TrialState.RUNNING]


def _fail_twice_killed(study: Study) -> None:
    """Fail a trial whose process was killed while it ran again: it may be what kills it.

    One whose checkpoint advanced meanwhile is run once more.
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
    """Say in the record of the run that it was resumed, and at which trial."""
    before = study.user_attrs[RUNS][-1].get(snapshots.RESUMED, [])
    amend_record(study, **{snapshots.RESUMED: [*before, until]})
