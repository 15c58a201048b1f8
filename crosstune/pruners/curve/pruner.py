"""A pruner that stops a trial by a prediction of where its curve ends."""

from __future__ import annotations

import math
from typing import Any

from optuna.pruners import BasePruner
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from crosstune.errors import RequestError
from crosstune.pruners.curve.curves import Schedule, curve
from crosstune.pruners.curve.finished_trials import Past
from crosstune.pruners.curve.prediction import chance
from crosstune.study.trials import budget
from crosstune.system.extras import require
from crosstune.system.scalars import plain_arguments

NEIGHBOURS = 30
"""How many trials a prediction rests on."""
REPEATED = 2
"""How many different reports in common show that a trial repeats another."""


class CurvePruner(BasePruner):
    """Stops a trial when its chance to beat the best one is not worth the rest of its training.

    The final value is predicted from the trial's reports, from those of the trials with
    parameters near its own, and from how the curves of the study run; pruned trials count with
    what they reported. A trial is stopped when the chance that it ends better than the best one
    falls under `level` times the share of its training that is left. So a chance has to be good
    where it is dear, and a trial that has come far is seldom stopped. One that leads all that were
    seen at this step goes on in any case.

    An infeasible trial, which violates a constraint, is neither the best one nor a leader; its
    reports count as those of a pruned trial do.

    This is asked at ten of the reports of a training at most, from the first on, evenly spaced in
    the logarithm of their number: of 27 at 1, 2, 3, 4, 6, 9, 13 and 19.

    A trial with the parameters of a complete one that reports just what that did, and not always
    the same, is a repeat, and is stopped as well.

    What is reported has to be the metric that the objective gives back, as for Optuna's pruners.
    NaN and infinity count as no report; a trial that has nothing else is stopped.

    Args:
        level: the chance below which a whole training is not worth it, in (0, 1). Higher is
            cheaper, lower is safer.
        n_startup_trials: how many complete trials it takes before any is stopped, 2 or more.
        n_warmup_steps: before this step none is stopped.

    Raises:
        RequestError: an argument out of its range.
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
        self._past: dict[tuple[str, StudyDirection], Past] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_past": {}}  # the study tells it again

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether to stop a trial at its last report."""
        step = trial.last_step
        if step is None or step < self._n_warmup_steps:
            return False
        finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        if any(_repeats(trial, past) for past in finished):
            return True
        direction = study.direction
        past = self._past.setdefault((study.study_name, direction), Past(direction))
        known = past.read(finished)
        seen = past.curves(known)
        complete = [held for held in seen if math.isfinite(held.value) and len(held.steps) > 1]
        if len(complete) < self._n_startup_trials:
            return False
        now = curve(trial, direction)
        if not now.steps:
            return len(trial.intermediate_values) > 1  # there was no number in all of its reports
        schedule = Schedule(complete)
        before = max((each for each in trial.intermediate_values if each < step), default=-math.inf)
        if step >= schedule.last or not schedule.passes(before, step):
            return False
        if now.best[-1] < min(held.at(step) for held in seen if held.feasible):
            return False
        near = past.nearest(now, known, NEIGHBOURS)
        return self._chance(now, seen, near, schedule) < self._level * schedule.left(step)

    _chance = staticmethod(chance)  # which the benchmark of its truth listens to


def _repeats(trial: FrozenTrial, past: FrozenTrial) -> bool:
    """Whether a trial has done all that a complete one of the same parameters did so far.

    Reports that are all alike show nothing: an accuracy may stay at that of guessing. One that a
    scheduler trains further is no repeat of its earlier rung.
    """
    if not trial.params or past.state != TrialState.COMPLETE or past.params != trial.params:
        return False
    reports = trial.intermediate_values
    return (
        len(set(reports.values())) >= REPEATED
        and reports.items() <= past.intermediate_values.items()
        and budget(past) == budget(trial)
    )
