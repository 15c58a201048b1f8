"""The curves of a study with several objectives or constraints: hypervolume and share feasible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from crosstune import _optuna
from crosstune.engines.feasibility import beaten, is_feasible, losses_of

SHARE = "front/feasible"
HYPERVOLUME = "front/hypervolume"
SIZE = "front/trials"
FIRST = 10
"""How many complete trials span the box in which the hypervolume is measured."""


class FrontProgress:
    """The front so far.

    The hypervolume is measured in the box that the first complete trials span, infeasible ones
    included. It never falls, and is above 1 once the front is better than all of the box.

    Args:
        directions: of the objectives.
    """

    def __init__(self, directions: Sequence[StudyDirection]):
        self._directions = directions
        self._several = len(directions) > 1
        self._first: list[FrozenTrial] = []
        self._front: list[FrozenTrial] = []
        self._complete = 0
        self._feasible = 0
        self._constrained = False
        self._volume: float | None = None

    def copy(self) -> FrontProgress:
        """A copy that further trials leave as it is."""
        again = FrontProgress(self._directions)
        vars(again).update(vars(self))
        return again

    def count(self, trial: FrozenTrial) -> None:
        """Count a complete trial."""
        self._complete += 1
        self._constrained = self._constrained or bool(_optuna.constraints(trial))
        feasible = is_feasible(trial)
        self._feasible += feasible
        if not self._several:
            return
        if feasible:
            trials = [*self._front, trial]
            lost = beaten(losses_of(trials, self._directions))
            self._front = [one for one, no in zip(trials, lost, strict=True) if not no]
        if len(self._first) < FIRST:
            self._first = [*self._first, trial]
        if len(self._first) == FIRST:
            self._volume = self._hypervolume()

    def values(self) -> Mapping[str, float]:
        """The points of the curves."""
        values: dict[str, float] = {}
        if self._constrained and self._complete:
            values[SHARE] = self._feasible / self._complete
        if self._several:
            values[SIZE] = len(self._front)
        if self._volume is not None:
            values[HYPERVOLUME] = self._volume
        return values

    def _hypervolume(self) -> float:
        box = losses_of(self._first, self._directions)
        box = np.where(np.isfinite(box), box, np.nan)
        if np.isnan(box).all(axis=0).any():
            return 0.0
        low, high = np.nanmin(box, axis=0), np.nanmax(box, axis=0)
        spread = np.where(high > low, high - low, 1.0)
        scaled = (losses_of(self._front, self._directions) - low) / spread
        inside = scaled[(scaled <= 1.0).all(axis=1) & np.isfinite(scaled).all(axis=1)]
        return _optuna.hypervolume(inside, np.ones(len(low))) if len(inside) else 0.0
