"""The curves of the finished trials of a study, each of which is read once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from threading import Lock

import numpy as np
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from crosstune.samplers.curve_model.curves import LearningCurve, curve
from crosstune.samplers.curve_model.trial_coordinates import Map


class FinishedTrials:
    """The curves of finished trials, and the nearest of them; threads may share an instance."""

    def __init__(self, direction: StudyDirection):
        self._direction = direction
        self._index: dict[tuple[int, datetime | None], int] = {}
        self._curves: list[LearningCurve] = []
        self._map = Map()
        self._lock = Lock()

    def read(self, trials: Sequence[FrozenTrial]) -> list[int]:
        """The indices of finished trials that reported a number."""
        with self._lock:
            indices = [self._read(trial) for trial in trials]
        return [i for i in indices if self._curves[i].steps]

    def _read(self, trial: FrozenTrial) -> int:
        key = (trial.number, trial.datetime_start)
        if key not in self._index:
            new = curve(trial, self._direction)
            self._index[key] = len(self._curves)
            self._curves.append(new)
            self._map.add(new.place)
        return self._index[key]

    def curves(self, indices: Sequence[int]) -> list[LearningCurve]:
        """The curves at these indices."""
        return [self._curves[i] for i in indices]

    def nearest(
        self, trial: LearningCurve, indices: Sequence[int], most: int
    ) -> list[LearningCurve]:
        """The curves that are nearest to a trial.

        Args:
            trial: its place is compared.
            indices: of the curves to choose from.
            most: maximum number of curves.
        """
        if len(indices) > most:
            with self._lock:
                squares = self._map.squares(trial.place)[indices]
            indices = [indices[i] for i in np.argsort(squares, kind="stable")[:most]]
        return self.curves(indices)
