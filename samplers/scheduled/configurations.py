"""The trials of a study, grouped into configurations.

A configuration is one point of the space. It is trained in parts, each of which is a trial: the
first begins the training, and each later one names the trial that it continues.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from crosstune.engines.base import Budget
from crosstune.engines.record_names import LOST, TRIAL_BUDGET
from crosstune.engines.record_names import PAUSED as PAUSED_AT
from crosstune.samplers.scheduled.epochs import Unit, epochs_of, unit_of

_RETRIED = "failed_trial"
"""Optuna's attribute of a retry: the number of the trial that failed."""

RUNNING, PAUSED, FINISHED, STOPPED, FAILED = "running", "paused", "finished", "stopped", "failed"


@dataclass(frozen=True)
class Configuration:
    """One point of the space, and how far it is trained.

    Attributes:
        index: position among the configurations, in the order in which they began.
        parts: its trials, the earliest first.
        state: "running", "paused", "finished" (trained to the end), "stopped" (its objective gave
            it up) or "failed".
        epochs: up to which it is trained, or is being trained.
        curve: the reports by epoch, turned so that lower is better; only finite ones.
        value: the last one of them, or the final value of a finished one; infinite without any.
        spent: the epochs that its parts have cost, including those of a running one.
        bracket: of the schedule.
    """

    index: int
    parts: Sequence[FrozenTrial]
    state: str
    epochs: int
    curve: Mapping[int, float] = field(default_factory=dict)
    value: float = math.inf
    spent: int = 0
    bracket: int = 0

    @property
    def first(self) -> int:
        """The number of its first trial."""
        return self.parts[0].number

    @property
    def last(self) -> int:
        """The number of its last trial."""
        return self.parts[-1].number

    @property
    def params(self) -> Mapping[str, Any]:
        """Its parameters, as the study stores them."""
        return self.parts[0].params

    def at(self, epoch: int) -> float:
        """The last value up to an epoch, lower is better; infinite if there is none."""
        return max(
            ((e, value) for e, value in self.curve.items() if e <= epoch), default=(0, math.inf)
        )[1]


def budget_of(trial: FrozenTrial) -> Budget | None:
    """The budget that a scheduler gave a trial."""
    fields = trial.user_attrs.get(TRIAL_BUDGET)
    return None if fields is None else Budget(**fields)


def configurations(
    trials: Iterable[FrozenTrial], *, maximize: bool, max_epochs: int
) -> list[Configuration]:
    """The configurations of trials, in the order in which they began.

    A trial without a budget, such as one that was added by hand, is a configuration of its own: it
    is finished if it is complete, and else stopped.

    Args:
        trials: by number.
        maximize: whether higher values are better.
        max_epochs: the end of a whole training.
    """
    groups: dict[int, list[FrozenTrial]] = {}
    root: dict[int, int] = {}
    for trial in trials:
        if trial.state == TrialState.WAITING or LOST in trial.user_attrs:
            continue
        planned = budget_of(trial)
        if planned is None and not trial.params:
            continue  # it was begun, or ended, before it had a proposal
        earlier = None if planned is None else planned.resume_from
        if earlier is None:
            earlier = trial.system_attrs.get(_RETRIED)
        number = trial.number if earlier is None else root.get(earlier, trial.number)
        root[trial.number] = number
        groups.setdefault(number, []).append(trial)
    sign = -1.0 if maximize else 1.0
    return [
        _configuration(index, parts, sign, max_epochs)
        for index, parts in enumerate(groups.values())
    ]


def _configuration(
    index: int, parts: Sequence[FrozenTrial], sign: float, max_epochs: int
) -> Configuration:
    """The configuration that consists of these trials."""
    curve: dict[int, float] = {}
    unit: tuple[Unit, int] | None = None
    spent = 0
    for part in parts:
        planned = budget_of(part) or Budget(max_epochs)
        running = part.state == TrialState.RUNNING
        reports = {} if running else part.intermediate_values  # no decision depends on the moment
        if reports and unit is None:
            begin = min(reports)
            unit = unit_of(begin, planned), begin
        epochs = epochs_of(reports, planned, *unit) if unit is not None else {}
        curve.update(
            (epochs[step], sign * value) for step, value in reports.items() if math.isfinite(value)
        )
        returned = _returned(part, planned)
        if returned is not None and max(curve, default=0) < planned.epochs:
            curve[planned.epochs] = sign * returned
        spent += _cost(planned, epochs, running=running)
    last = parts[-1]
    of_last = budget_of(last)
    reached = max(curve, default=0)
    state = _state(last, of_last, reached, max_epochs)
    target = max_epochs if of_last is None else of_last.epochs
    if state == PAUSED:
        target = max(target, reached)
    elif state == STOPPED:
        target = reached
    value = curve[reached] if curve else math.inf
    if state == FINISHED and last.values:
        value = sign * last.values[0]
    ordered = dict(sorted(curve.items()))
    bracket = 0 if of_last is None else of_last.bracket
    return Configuration(index, parts, state, target, ordered, value, spent, bracket)


def _returned(part: FrozenTrial, planned: Budget) -> float | None:
    """The finite value that the objective returned for a part that was paused; None without one."""
    value = part.user_attrs.get(PAUSED_AT)
    if part.state == TrialState.COMPLETE and not planned.final:
        value = part.values[0]
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _cost(planned: Budget, epochs: Mapping[int, int], *, running: bool) -> int:
    """The epochs that a part has cost: all of them if it was trained from the beginning again."""
    if running or not epochs:
        return planned.epochs - planned.initial_epoch
    first, reached = min(epochs.values()), max(epochs.values())
    return reached if first <= planned.initial_epoch else reached - planned.initial_epoch


def _state(last: FrozenTrial, planned: Budget | None, reached: int, max_epochs: int) -> str:
    match last.state:
        case TrialState.RUNNING:
            return RUNNING
        case TrialState.FAIL:
            return FAILED
        case TrialState.COMPLETE if planned is None or planned.final or reached >= max_epochs:
            return FINISHED
    if planned is None or planned.final:
        return STOPPED
    if _returned(last, planned) is not None:
        return PAUSED
    if last.state == TrialState.COMPLETE or reached < planned.epochs:
        return STOPPED
    newest = last.intermediate_values[max(last.intermediate_values)]
    return PAUSED if math.isfinite(newest) else STOPPED
