"""The trials of a study that are asked for again, as they stand in this attempt."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.engines.record_names import DRAWN, TRIAL_BUDGET
from crosstune.resume.trial_origins import FIXED

PROPOSED = (TRIAL_BUDGET, DRAWN)
"""The user attributes that the sampler gives a trial."""


class FreshTrials(Mapping[int, FrozenTrial]):
    """Fresh trials by number, in the order in which they were put.

    A trial that was read is never changed: `change` replaces it.

    Args:
        lock: held while trials are replaced, removed or copied.
    """

    def __init__(self, lock: threading.RLock):
        self._lock = lock
        self._trials: dict[int, FrozenTrial] = {}
        self._numbers: dict[int, int] = {}
        """The number by trial id."""
        self._live: dict[int, FrozenTrial] = {}
        """The copies that `optuna.Trial` objects read from."""

    def __getitem__(self, number: int) -> FrozenTrial:
        return self._trials[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self._trials)

    def __len__(self) -> int:
        return len(self._trials)

    def number(self, trial_id: int) -> int | None:
        """The number of a fresh trial; None if the trial is not fresh."""
        return self._numbers.get(trial_id)

    def put(self, trial: FrozenTrial) -> None:
        """Add a trial, or replace that of the same number."""
        self._trials[trial.number] = trial
        self._numbers[_optuna.trial_id(trial)] = trial.number

    def drop(self, number: int) -> None:
        """Remove a trial."""
        self._numbers.pop(_optuna.trial_id(self._trials.pop(number)), None)

    def clear(self) -> None:
        """Remove all trials."""
        self._trials.clear()
        self._numbers.clear()

    def change(self, number: int, **attributes: Any) -> None:
        """Replace a trial by a copy with other attributes."""
        with self._lock:
            trial = copy.copy(self._trials[number])
            for name, value in attributes.items():
                setattr(trial, name, value)
            self._trials[number] = trial

    def begin(self, number: int) -> None:
        """Set a trial to running."""
        self.change(number, state=TrialState.RUNNING)
        self._live.pop(number, None)

    def report(self, number: int, step: int, value: float) -> None:
        """Add a report to a trial and to the live copy of it.

        Args:
            number: of the trial.
            step: of the report.
            value: that was reported.
        """
        reports = {**self._trials[number].intermediate_values, step: value}
        self.change(number, intermediate_values=reports)
        if number in self._live:
            self._live[number].intermediate_values[step] = value

    def copy_of(self, trial_id: int) -> FrozenTrial | None:
        """A copy that may be changed; None if the trial is not fresh."""
        with self._lock:
            number = self._numbers.get(trial_id)
            fresh = None if number is None else self._trials[number]
        if number is None or fresh is None:
            return None
        trial = copy.copy(fresh)
        for name in ("params", "distributions", "user_attrs", "system_attrs"):
            setattr(trial, name, dict(getattr(trial, name)))
        trial.intermediate_values = dict(trial.intermediate_values)
        if trial.state == TrialState.RUNNING:
            self._live.setdefault(number, trial)  # the first is what `optuna.Trial` reads from
        return trial


def fresh_trial(recorded: FrozenTrial, state: TrialState, *, exact: bool) -> FrozenTrial:
    """A trial without parameters and reports, to be asked for again.

    Args:
        recorded: the trial in the study.
        state: of the fresh trial.
        exact: False fixes the parameters that the recorded trial has and keeps what its sampler
            noted; True leaves both to the sampler.
    """
    fixed = recorded.system_attrs.get(FIXED)
    attrs = dict(recorded.user_attrs)
    if not exact and recorded.params:
        fixed = {**(fixed or {}), **recorded.params}
    else:
        attrs = {key: value for key, value in attrs.items() if key not in PROPOSED}
    return FrozenTrial(
        number=recorded.number,
        trial_id=_optuna.trial_id(recorded),
        state=state,
        value=None,
        datetime_start=recorded.datetime_start,
        datetime_complete=None,
        params={},
        distributions={},
        user_attrs=attrs,
        system_attrs={} if fixed is None else {FIXED: fixed},
        intermediate_values={},
    )
