"""Trials whose worker was lost: they are given back to the study, once each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.checkpoints.record import reached
from crosstune.engines import study_values as ledger
from crosstune.engines.record_names import BEGAN, ERROR, LOST, SPACE
from crosstune.errors import SpecError
from crosstune.space.space import Space

RETRIES = 3
"""The most times that a trial is given to another worker while its checkpoint does not advance: it
may be the cause of their deaths."""

_HISTORY = "retry_history"
"""The attribute for the numbers of the attempts before, as in Optuna's own retries."""


def sweep(study: Study) -> None:
    """Take back trials without a worker. To be called in a turn.

    A trial that runs and was not begun lost its worker in its turn, as only one worker has one. A
    trial that failed without an error was taken from a worker without a heartbeat, or was
    interrupted: it is queued with its values.
    """
    trials = study.get_trials(deepcopy=False)
    for trial in _twice(trials):
        if trial.state == TrialState.WAITING:
            _fail(study, trial, {LOST: True, ERROR: "it was queued twice"})
    unbegun = [t for t in trials if t.state == TrialState.RUNNING and BEGAN not in t.user_attrs]
    for trial in unbegun:
        # A retry that was not begun is queued once more, and counts.
        _fail(study, trial, {} if _history(trial) else {LOST: True})
    if unbegun:
        trials = study.get_trials(deepcopy=False)
    retried = _retried(trials)
    for trial in trials:
        silent = trial.state == TrialState.FAIL and ERROR not in trial.user_attrs
        begun = BEGAN in trial.user_attrs and LOST not in trial.user_attrs
        has_point = trial.params and (begun or _history(trial))
        unseen = LOST in trial.user_attrs and _is_left_out(study, trial, trials)
        if silent and (has_point or unseen) and trial.number not in retried:
            _queue_again(study, trial, trials)


def counting(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """The trials that count for the budget: of a trial and its retries only the last."""
    left_out = _retried(trials) | {trial.number for trial in _twice(trials)}
    return [t for t in trials if t.number not in left_out and LOST not in t.user_attrs]


def _twice(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Second retries of a trial, queued by a worker whose turn was lost as it swept."""
    seen: set[tuple[int, ...]] = set()
    second = []
    for trial in trials:
        history = tuple(_history(trial))
        if history and history in seen:
            second.append(trial)
        seen.add(history)
    return second


def _fail(study: Study, trial: FrozenTrial, attrs: Mapping[str, Any]) -> None:
    """Fail a trial, unless another worker was quicker."""
    storage, _ = _optuna.identity(study)
    trial_id = _optuna.trial_id(trial)
    with suppress(UpdateFinishedTrialError):
        for key, value in attrs.items():
            storage.set_trial_user_attr(trial_id, key, value)
        storage.set_trial_state_values(trial_id, TrialState.FAIL)


def _queue_again(study: Study, trial: FrozenTrial, trials: list[FrozenTrial]) -> None:
    history = [*_history(trial), trial.number]
    if _stuck(trials[number] for number in history) > RETRIES:
        return
    attrs = {k: v for k, v in trial.user_attrs.items() if k not in (BEGAN, LOST)}
    study.add_trial(
        optuna.create_trial(
            state=TrialState.WAITING,
            params=trial.params,
            distributions=trial.distributions,
            user_attrs=attrs,
            system_attrs={"failed_trial": history[0], _HISTORY: history},
        )
    )


def _stuck(attempts: Iterable[FrozenTrial]) -> int:
    """The number of attempts at a trial since the one that last advanced its checkpoint."""
    before, count = -1, 0
    for attempt in attempts:
        step = reached(attempt)
        count = 1 if step > before else count + 1
        before = max(before, step)
    return count


def _is_left_out(study: Study, trial: FrozenTrial, trials: list[FrozenTrial]) -> bool:
    """True if a lost trial has a whole point that no other has: a walk would leave it out."""
    if SPACE not in study.user_attrs:
        return False
    space = Space(study.user_attrs[SPACE])
    try:
        point = ledger.read_point(space, trial.params)
    except SpecError:
        return False
    whole = all(name in point for name in space if space.is_active(name, point))
    return whole and not any(
        t.params == trial.params and t.state != TrialState.FAIL for t in trials
    )


def _history(trial: FrozenTrial) -> list[int]:
    return list(trial.system_attrs.get(_HISTORY, []))


def _retried(trials: Sequence[FrozenTrial]) -> set[int]:
    return {number for trial in trials for number in _history(trial)}
