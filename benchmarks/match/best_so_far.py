"""What is known of a match while it runs: the evaluations on file, and which contender leads."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from statistics import fmean
from typing import NamedTuple

from crosstune.benchmarks.match.folder import FolderError, MatchFolder
from crosstune.benchmarks.match.results import About, Key, Settings
from crosstune.errors import RequestError


class RunOnFile(NamedTuple):
    """What the file of a run says so far.

    Attributes:
        size: of the file, in bytes.
        evaluations: their number.
        best: the best feasible value; None without one, and with several metrics.
        ended: whether the run is over.
    """

    size: int
    evaluations: int
    best: float | None
    ended: bool


class BestSoFar:
    """The best values on file in a match, on the metric that is tuned.

    A contender leads on a problem if the mean of its best values is ahead of every other one's,
    over the seeds that all contenders have ended. It is no verdict.

    Args:
        folder: of the match. Only files that have changed are read again.
    """

    def __init__(self, folder: MatchFolder):
        self._folder = folder
        self._runs: dict[Key, RunOnFile] = {}

    def words(self) -> str:
        """The leader with its mean value, or the best value, and the number of evaluations."""
        settings = None
        with suppress(RequestError):  # there is no match yet, or one that is refused
            settings = self._folder.settings()
        if settings is None:
            return ""
        for about in settings.problems:
            self._read(about, settings)
        lead = self._on_one(settings) if len(settings.problems) == 1 else self._on_many(settings)
        count = sum(run.evaluations for run in self._runs.values())
        return ", ".join(part for part in (lead, f"{count} evaluations") if part)

    def _read(self, about: About, settings: Settings) -> None:
        best_of = max if about.maximize else min
        for key in settings.keys_of(about):
            file = self._folder.run_file(key)
            with suppress(FileNotFoundError, FolderError):
                size = file.path.stat().st_size
                if key in self._runs and self._runs[key].size == size:
                    continue
                run = file.read()
                values = [e.value for e in run.evaluations if e.counts and e.value is not None]
                best = best_of(values, default=None)
                self._runs[key] = RunOnFile(size, len(run.evaluations), best, run.end is not None)

    def _on_one(self, settings: Settings) -> str:
        about = settings.problems[0]
        means = self._means(about, settings)
        leader = leader_of(means, maximize=about.maximize)
        if leader is not None:
            return f"{leader} leads, mean {about.metric} {means[leader]:.6g}"
        values = [run.best for run in self._runs.values() if run.best is not None]
        if not values:
            return ""
        best = max(values) if about.maximize else min(values)
        return f"best {about.metric} {best:.6g}, no leader yet"

    def _on_many(self, settings: Settings) -> str:
        leads: Counter[str] = Counter()
        for about in settings.problems:
            leader = leader_of(self._means(about, settings), maximize=about.maximize)
            leads.update([] if leader is None else [leader])
        most = leads.most_common(2)
        if not most or (len(most) == 2 and most[0][1] == most[1][1]):
            return "no leader yet"
        return f"{most[0][0]} leads on {most[0][1]} of {len(settings.problems)} problems"

    def _means(self, about: About, settings: Settings) -> dict[str, float]:
        """The mean best value by contender over the seeds that all have ended; empty without."""
        bests = {
            contender: {
                seed: run.best
                for seed in range(settings.seeds)
                if (run := self._runs.get((about.name, contender, seed))) is not None
                and run.ended
                and run.best is not None
            }
            for contender in settings.contenders
        }
        shared = set.intersection(*map(set, bests.values()))
        if not shared:
            return {}
        return {
            contender: fmean(values[seed] for seed in sorted(shared))
            for contender, values in bests.items()
        }


def leader_of(means: dict[str, float], *, maximize: bool) -> str | None:
    """The contender with the best mean; None of fewer than two, and where two are level.

    >>> leader_of({"optuna:tpe": 0.9, "hyperopt:tpe": 0.8}, maximize=True)
    'optuna:tpe'
    """
    if len(means) < 2:
        return None
    best = (max if maximize else min)(means.values())
    first = [name for name, mean in means.items() if mean == best]
    return first[0] if len(first) == 1 else None
