"""What a report shows of a study, read once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from crosstune.engines import study_values as ledger
from crosstune.engines.feasibility import is_feasible, ranked
from crosstune.engines.record import records
from crosstune.exchange.study_data import read_study
from crosstune.presentation.tables import plain
from crosstune.space.space import Space

COMPLETE, PRUNED, FAIL = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL

NAMES = {
    COMPLETE: "complete",
    PRUNED: "pruned",
    FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}
"""The states of trials in words, in the order in which they are counted."""


@dataclass(frozen=True)
class StudyContent:
    """A study as its report needs it.

    Attributes:
        study: loaded from its storage.
        place: of the study, without passwords.
        metrics: the name of each objective.
        maximize: for each objective.
        space: as declared; None if none was declared.
        distributions: of each parameter that the space or a trial has.
        trials: all, by number.
        attrs: the user attributes of the study.
        driver: the process that runs the study now; empty if none is known.
    """

    study: Study
    place: str
    metrics: tuple[str, ...]
    maximize: tuple[bool, ...]
    space: Space | None
    distributions: Mapping[str, BaseDistribution]
    trials: Sequence[FrozenTrial]
    attrs: Mapping[str, Any]
    driver: str = ""

    @property
    def several(self) -> bool:
        """True with more than one objective."""
        return len(self.metrics) > 1

    @cached_property
    def counts(self) -> dict[str, int]:
        """The number of trials in each state that has any."""
        counts = {
            name: sum(trial.state is state for trial in self.trials)
            for state, name in NAMES.items()
        }
        return {name: count for name, count in counts.items() if count}

    @property
    def complete(self) -> list[FrozenTrial]:
        """The complete trials, by number."""
        return [trial for trial in self.trials if trial.state is COMPLETE]

    @cached_property
    def top(self) -> list[FrozenTrial]:
        """The feasible trials, the best one first; the front alone with several objectives."""
        if not self.several:
            return ranked(self.study)
        return sorted(self.study.best_trials, key=lambda trial: trial.values)

    @cached_property
    def leading(self) -> frozenset[int]:
        """The numbers of the trials to stand out: the best tenth, or the front."""
        if self.several:
            return frozenset(trial.number for trial in self.top)
        return frozenset(trial.number for trial in self.top[: math.ceil(len(self.top) / 10)])

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records of its runs; empty if crosstune did not run it."""
        return records(self.study)

    def objective(self, trial: FrozenTrial, index: int) -> float | None:
        """The value of an objective; the last report of a pruned trial; None without a number."""
        if trial.state is COMPLETE and trial.values:
            value = trial.values[index]
        elif trial.state is PRUNED and not self.several and trial.intermediate_values:
            value = trial.intermediate_values[max(trial.intermediate_values)]
        else:
            return None
        return value if math.isfinite(value) else None

    def point(self, trial: FrozenTrial) -> dict[str, Any]:
        """The parameters of a trial in the types of the space."""
        return ledger.values(self.space, trial.params)

    def words(self, trial: FrozenTrial) -> str:
        """A trial in a line, for a tooltip."""
        values = [
            f"{plain(name)} {value:.6g}"
            for index, name in enumerate(self.metrics)
            if (value := self.objective(trial, index)) is not None
        ]
        params = [f"{plain(name)} = {brief(value)}" for name, value in self.point(trial).items()]
        state = [] if trial.state is COMPLETE else [NAMES[trial.state]]
        if trial.state is COMPLETE and not is_feasible(trial):
            state.append("infeasible")
        return f"trial {trial.number}: {', '.join([*state, *values, *params])}"


def brief(value: object) -> str:
    """A value on one line, a float with six digits."""
    return f"{value:.6g}" if isinstance(value, float) else plain(value)


def content_of(study: Study, place: str, *, metric: str | None = None) -> StudyContent:
    """Read a study.

    Args:
        study: loaded from its storage.
        place: as `describe` gives it.
        metric: the name of its only objective, if the study does not tell.
    """
    read = read_study(study)
    runs = records(study)
    metrics = tuple(read.metric_names or ())
    if not metrics and len(read.directions) > 1:
        metrics = tuple(f"objective {index}" for index in range(len(read.directions)))
    if not metrics:
        metrics = (str(runs[-1].get("metric", "value")) if runs else "value",)
    if metric is not None and len(metrics) == 1:
        metrics = (metric,)
    return StudyContent(
        study,
        place,
        metrics,
        tuple(direction == "maximize" for direction in read.directions),
        read.space,
        read.distributions,
        read.trials,
        read.attrs,
    )


def seconds_of(trial: FrozenTrial) -> float | None:
    """How long a trial took; None for one that has not ended."""
    return None if trial.duration is None else max(0.0, trial.duration.total_seconds())
