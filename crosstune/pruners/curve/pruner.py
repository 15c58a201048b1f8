"""A pruner that predicts the final value of a trial from its learning curve."""

from __future__ import annotations

import math
from typing import Any

from optuna.pruners import BasePruner
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from crosstune.errors import RequestError
from crosstune.pruners.curve.finished_trials import FinishedTrials
from crosstune.samplers.curve_model.curves import Schedule, curve
from crosstune.samplers.curve_model.prediction import chance
from crosstune.study.trials import budget
from crosstune.system.extras import require
from crosstune.system.scalars import plain_arguments

NEIGHBOURS = 30
"""Number of trials that a prediction uses."""
REPEATED = 2
"""Number of distinct common reports that show that a trial repeats another."""


class CurvePruner(BasePruner):
    """Stops a trial when its chance to beat the best one is not worth the rest of its training.

    The final value is predicted from the trial's reports, from those of trials with similar
    parameters, and from the shape of the study's curves; pruned trials contribute their reports. A
    trial is stopped when its chance to end better than the best one falls below `level` times the
    remaining share of its training. So the longer the rest, the higher the chance has to be, and a
    trial near its end is seldom stopped. A trial that is the best so far at its step is never
    stopped.

    An infeasible trial, which violates a constraint, is neither the best one nor a leader; its
    reports are used like those of a pruned trial.

    The pruner decides at no more than ten of the reports of a training, from the first on, evenly
    spaced in the logarithm of their number: of 27 at 1, 2, 3, 4, 6, 9, 13 and 19.

    A trial that has the parameters of a complete one and repeats its reports, which are not all
    equal, is stopped as well.

    The reports have to be of the metric that the objective returns, as for Optuna's pruners. NaN
    and infinity are ignored; a trial that reports nothing else is stopped.

    Args:
        level: the chance below which a whole training is not worth it, in (0, 1). Higher is
            cheaper, lower is safer.
        n_startup_trials: number of complete trials before any is stopped, 2 or more.
        n_warmup_steps: no trial is stopped before this step, 0 or more.

    Raises:
        RequestError: an argument is out of its range.
        MissingLibrary: scipy is not installed.

    >>> import optuna
    >>> study = optuna.create_study(pruner=CurvePruner())
    """

    @plain_arguments()
    def __init__(
        self, level: float = 0.08, *, n_startup_trials: int = 3, n_warmup_steps: int = 0
    ) -> None:
        require("CurvePruner", "crosstune[optuna]", "scipy")
        if not isinstance(level, int | float) or not 0 < level < 1:
            raise RequestError(f"level is a chance between 0 and 1, not {level!r}")
        for name, number, least in (
            ("n_startup_trials", n_startup_trials, 2),
            ("n_warmup_steps", n_warmup_steps, 0),
        ):
            if not isinstance(number, int) or number < least:
                raise RequestError(f"{name} is a whole number from {least} on, not {number!r}")
        self._level = level
        self._n_startup_trials = n_startup_trials
        self._n_warmup_steps = n_warmup_steps
        self._past: dict[tuple[str, StudyDirection], FinishedTrials] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_past": {}}  # read again from the study

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether to stop a trial at its last report."""
        step = trial.last_step
        if step is None or step < self._n_warmup_steps:
            return False
        finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        if any(_repeats(trial, other) for other in finished):
            return True
        direction = study.direction
        reader = self._past.setdefault((study.study_name, direction), FinishedTrials(direction))
        indices = reader.read(finished)
        seen = reader.curves(indices)
        complete = [other for other in seen if math.isfinite(other.value) and len(other.steps) > 1]
        if len(complete) < self._n_startup_trials:
            return False
        now = curve(trial, direction)
        if not now.steps:
            return len(trial.intermediate_values) > 1  # none of its reports was a number
        schedule = Schedule(complete)
        before = max(
            (reported for reported in trial.intermediate_values if reported < step),
            default=-math.inf,
        )
        if step >= schedule.last or not schedule.passes(before, step):
            return False
        if now.best[-1] < min(other.at(step) for other in seen if other.feasible):
            return False
        near = reader.nearest(now, indices, NEIGHBOURS)
        return self._chance(now, seen, near, schedule) < self._level * schedule.left(step)

    _chance = staticmethod(chance)  # the calibration benchmark replaces it


def _repeats(trial: FrozenTrial, other: FrozenTrial) -> bool:
    """Whether a trial has the parameters and, so far, the reports of a complete one.

    Reports that are all equal prove nothing: an accuracy may stay at that of guessing. A trial that
    a scheduler trains further does not repeat its earlier rung.
    """
    if not trial.params or other.state != TrialState.COMPLETE or other.params != trial.params:
        return False
    reports = trial.intermediate_values
    return (
        len(set(reports.values())) >= REPEATED
        and reports.items() <= other.intermediate_values.items()
        and budget(other) == budget(trial)
    )
