"""The TensorBoard run of a whole study: best value or front, trials per hour and by state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from crosstune.callbacks.tensorboard.event_file import NAME, Event, EventFile, scalars
from crosstune.callbacks.tensorboard.front_progress import FrontProgress
from crosstune.engines.feasibility import is_feasible

PER_HOUR = "trials/per_hour"
_STATES = {
    TrialState.COMPLETE: "trials/complete",
    TrialState.PRUNED: "trials/pruned",
    TrialState.FAIL: "trials/failed",
}


class ProgressLog:
    """Curves over the number of finished trials.

    The best value is that of the best feasible trial so far.

    Trials per hour are finished trials divided by the time in which at least one trial ran, so a
    pause between two runs of a study is ignored.

    Args:
        directions: of the objectives; only a single objective has a best value.
        metrics: names of the objectives.
        folder: of the study's log.
    """

    def __init__(self, directions: Sequence[StudyDirection], metrics: Sequence[str], folder: Path):
        self._maximize = directions[0] == StudyDirection.MAXIMIZE
        self._best_tag = f"best/{metrics[0]}" if len(directions) == 1 else None
        self._best: float | None = None
        self._front = FrontProgress(directions)
        self._counts: Counter[str] = Counter()
        self._active: list[tuple[float, float]] = []
        self._seconds = 0.0
        self._step = 0
        self._written = 0
        self._file = EventFile(folder / "study" / NAME)

    def lost(self) -> bool:
        """Whether the file is missing or cut, so that all trials have to be counted again."""
        return self._file.shrunk()

    def write(self, trials: Sequence[FrozenTrial]) -> None:
        """Log finished trials that were not counted yet."""
        events = self._file.read() or []
        self._written = max((event.step for event in events), default=self._written)
        before = self._state()
        points: list[Event] = []
        for trial in sorted(trials, key=_end):
            self._count(trial)
            if self._step > self._written:
                points.append(self._point(_end(trial)[0]))
        try:
            if points:
                self._file.append(points)
        except OSError:
            self._restore(before)
            raise
        self._written = max(self._written, self._step)

    def _state(self) -> tuple[object, ...]:
        copies = self._front.copy(), self._counts.copy(), self._active.copy()
        return self._best, *copies, self._seconds, self._step

    def _restore(self, state: tuple[object, ...]) -> None:
        self._best, self._front, self._counts, self._active, self._seconds, self._step = state  # type: ignore[assignment]

    def _count(self, trial: FrozenTrial) -> None:
        self._step += 1
        self._counts[_STATES[trial.state]] += 1
        complete = trial.state == TrialState.COMPLETE
        if complete:
            self._front.count(trial)
        if self._best_tag is not None and complete and is_feasible(trial):
            value = trial.values[0]
            better = self._best is None or (
                value > self._best if self._maximize else value < self._best
            )
            self._best = value if better else self._best
        assert trial.datetime_start is not None
        start, end = trial.datetime_start.timestamp(), _end(trial)[0]
        # Trials are sorted by their ends, so intervals that overlap are at the end of the list.
        while self._active and self._active[-1][1] >= start:
            first, last = self._active.pop()
            self._seconds -= last - first
            start, end = min(start, first), max(end, last)
        self._active.append((start, end))
        self._seconds += end - start

    def _point(self, at: float) -> Event:
        values: dict[str, float] = {tag: self._counts[tag] for tag in _STATES.values()}
        if self._seconds > 0:
            values[PER_HOUR] = 3600 * self._step / self._seconds
        if self._best_tag is not None and self._best is not None:
            values[self._best_tag] = self._best
        values.update(self._front.values())
        return scalars(values, self._step, at)


def _end(trial: FrozenTrial) -> tuple[float, int]:
    assert trial.datetime_complete is not None
    return trial.datetime_complete.timestamp(), trial.number
