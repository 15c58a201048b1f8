"""Whether the reports of a study are learning curves of its objective, and on what horizon."""

from __future__ import annotations

import math
from collections.abc import Sequence

from crosstune.engines.base import Outcome
from crosstune.samplers.gaussian_process.curve_rows import NO_CURVE, Curve, TrainingHorizon
from crosstune.samplers.gaussian_process.regression import Observation

NEAR = 1e-6
"""Relative difference at which a value is still that of a report."""


def curve_of(outcome: Outcome, sign: float) -> Curve:
    """The curve of a trial; without reports, if it has none.

    Args:
        outcome: of the trial.
        sign: 1 if lower values are better, -1 if higher ones are.
    """
    reports = sorted((step, sign * v) for step, v in outcome.reports.items() if math.isfinite(v))
    steps, values = [step for step, _ in reports], [value for _, value in reports]
    if outcome.state == "complete" and outcome.value is not None and outcome.epochs is None:
        return Curve(steps, values, sign * outcome.value)
    if outcome.state != "failed" and steps:
        return Curve(steps, values)
    return NO_CURVE


def horizon_of(observed: Sequence[Observation]) -> TrainingHorizon | None:
    """The horizon of the curves of a study; None if its trials have no curves of the objective.

    Reports are of the objective if half or more of the finished trials with two reports returned
    one of their reports.
    """
    curves = [observation.curve for observation in observed]
    finished = [curve for curve in curves if curve.end is not None and len(curve.steps) > 1]
    related = sum(_reported(curve.end, curve) for curve in finished)
    if 2 * related < len(finished):
        return None
    epochs = max((o.epochs for o in observed if o.epochs is not None), default=None)
    return TrainingHorizon.of(curves, epochs)


def _reported(end: float | None, curve: Curve) -> bool:
    return any(math.isclose(value, end or 0.0, rel_tol=NEAR) for value in reversed(curve.values))
