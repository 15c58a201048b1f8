"""`crosstune.remeasure`: evaluate the front of a study again, and say which points stay on it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.engines import study_values as ledger
from crosstune.engines.feasibility import beaten, front, satisfied, why_no_best
from crosstune.engines.record import records
from crosstune.engines.record_names import DRAWN
from crosstune.errors import RequestError
from crosstune.objectives import Objective, TrialFailed, prepare
from crosstune.objectives.measured import is_nan
from crosstune.spec.spec import Spec, load
from crosstune.study.internal import own_study
from crosstune.system.scalars import plain_arguments


@dataclass(frozen=True)
class RemeasuredPoint:
    """A trial of the front, and what it measured when it was evaluated again.

    Attributes:
        trial: of the study.
        values: the median of each metric over the new evaluations; None if all of them failed.
        spread: of each metric, the largest new value minus the smallest.
        feasible: whether the medians meet all constraints.
        stays: whether it is still on the front of the points that were evaluated again.
    """

    trial: FrozenTrial
    values: tuple[float, ...] | None
    spread: tuple[float, ...]
    feasible: bool
    stays: bool


@dataclass(frozen=True)
class Remeasured:
    """The front of a study, evaluated again.

    Attributes:
        metrics: their names.
        points: in the order of the study's front.
        repeats: how often each was evaluated again.
    """

    metrics: tuple[str, ...]
    points: tuple[RemeasuredPoint, ...]
    repeats: int

    @property
    def front(self) -> list[FrozenTrial]:
        """The trials that stay on the front."""
        return [point.trial for point in self.points if point.stays]

    def __str__(self) -> str:
        lines = [
            f"{len(self.front)} of {len(self.points)} points stay on the front, by {self.repeats} "
            "new evaluations of each"
        ]
        for point in self.points:
            if point.values is None:
                text = "failed"
            else:
                text = ", ".join(
                    f"{name} {value:.6g} (was {before:.6g}, spread {spread:.2g})"
                    for name, value, before, spread in zip(
                        self.metrics, point.values, point.trial.values, point.spread, strict=True
                    )
                )
            why = "stays" if point.stays else "leaves" if point.feasible else "is infeasible"
            lines.append(f"trial {point.trial.number} {why}: {text}")
        return "\n".join(lines)


@plain_arguments("study", "spec")
def remeasure(
    study: Study,
    spec: Spec | str | Path | Mapping[str, Any] | None = None,
    objective: Objective | str | Mapping[str, Any] | None = None,
    *,
    repeats: int = 3,
    dialect: str | None = None,
) -> Remeasured:
    """Evaluate the front of a study again, and say which points stay on it.

    Measured metrics, such as a latency, are noisy, and the front of many noisy trials is partly
    luck. So only the new values count. All points are evaluated once, then all again, so that a
    machine that becomes slower harms no point more than the others. The study is not changed.

    Args:
        study: with several objectives.
        spec: its spec, or the file; None takes space, metrics and constraints from the study.
        objective: as for `tune`; None is that of the spec.
        repeats: how often each point is evaluated again, 1 or more.
        dialect: see `tune`.

    Raises:
        RequestError: the study has one objective or no front, or there is no objective.

    >>> import crosstune
    >>> def objective(x=0.0):
    ...     return x, 1 - x
    >>> spec = {"space": {"x": crosstune.Float(0, 1)}, "metrics": ["a", "b"], "seed": 0}
    >>> study = crosstune.tune(spec, objective, trials=5)
    >>> len(remeasure(study, spec, objective).front)
    5
    """
    if isinstance(repeats, bool) or not isinstance(repeats, int) or repeats < 1:
        raise RequestError(f"repeats is a number of evaluations, 1 or more, not {repeats!r}")
    if len(study.directions) < 2:
        raise RequestError(
            f"the study {study.study_name!r} has one objective. crosstune.recommend says which of "
            "its trials to take under noise"
        )
    loaded = _spec_of(study) if spec is None else load(spec)
    function = prepare(loaded, objective, dialect)
    best = front(study)
    if not best:
        raise RequestError(f"the study {study.study_name!r} has no front: {why_no_best(study)}")
    with own_study():
        copy = optuna.create_study(
            directions=study.directions, sampler=optuna.samplers.RandomSampler(seed=0)
        )
    again: dict[int, list[FrozenTrial]] = {trial.number: [] for trial in best}
    for _ in range(repeats):
        for trial in best:
            again[trial.number].append(_evaluated(copy, trial, function))
    return Remeasured(
        tuple(metric.name for metric in loaded.objectives), _points(study, best, again), repeats
    )


def _spec_of(study: Study) -> Spec:
    """The spec of a study, without an objective.

    Raises:
        RequestError: the study was not made from a spec.
    """
    space, runs = ledger.space_of(study), records(study)
    if space is None or not runs or "metrics" not in runs[-1]:
        raise RequestError(
            f"the study {study.study_name!r} was not made from a spec: pass one with its space and "
            "metrics"
        )
    keys = {key: runs[-1][key] for key in ("metrics", "constraints") if key in runs[-1]}
    return Spec(space=space, **keys)


def _evaluated(copy: Study, trial: FrozenTrial, function: Any) -> FrozenTrial:
    """One more evaluation of the point of a trial, in a study of its own."""
    attrs = {DRAWN: trial.user_attrs[DRAWN]} if DRAWN in trial.user_attrs else None
    copy.enqueue_trial(trial.params, user_attrs=attrs)
    running = copy.ask()
    try:
        values = function(running)
    except (TrialFailed, optuna.TrialPruned):
        return copy.tell(running, state=TrialState.FAIL)
    if is_nan(values):
        return copy.tell(running, state=TrialState.FAIL)
    return copy.tell(running, values)


def _points(
    study: Study, best: Sequence[FrozenTrial], again: Mapping[int, Sequence[FrozenTrial]]
) -> tuple[RemeasuredPoint, ...]:
    medians: list[tuple[float, ...] | None] = []
    spreads, feasible = [], []
    for trial in best:
        works = [one for one in again[trial.number] if one.state == TrialState.COMPLETE]
        columns = list(zip(*(one.values for one in works), strict=True))
        medians.append(tuple(map(statistics.median, columns)) if works else None)
        spreads.append(tuple(max(column) - min(column) for column in columns))
        constraints = [_optuna.constraints(one) for one in works]
        keys = constraints[0] if constraints else {}
        feasible.append(
            bool(works)
            and satisfied(statistics.median(one[key] for one in constraints) for key in keys)
        )
    signs = [-1.0 if one.name == "MAXIMIZE" else 1.0 for one in study.directions]
    rows = [i for i, able in enumerate(feasible) if able]
    lost = beaten(np.array([medians[i] for i in rows], float).reshape(-1, len(signs)) * signs)
    stay = {i for i, no in zip(rows, lost, strict=True) if not no}
    return tuple(
        RemeasuredPoint(trial, medians[i], spreads[i], feasible[i], i in stay)
        for i, trial in enumerate(best)
    )
