"""What each run comes to: its final score, the one on unseen data, and normalised regret."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.match.results import About, Evaluation, MatchRun, Results, best_evaluation

RANDOM = ("optuna:random", "hyperopt:rand", "hyperopt:random", "keras_tuner:random")
"""Random search, as contenders may call it; the first that takes part unpruned is the reference."""


@dataclass(frozen=True)
class RunScores:
    """The scores of a problem's runs on one measure, shape (contenders, seeds).

    Attributes:
        values: in the metric's units.
        best: the best known, in the metric's units.
        scale: how far the reference is from the best; 0 where nothing ever differed.
        reference: what the scale is of, in words.
    """

    about: About
    values: NDArray[np.float64]
    best: float
    scale: float
    reference: str

    @property
    def heights(self) -> NDArray[np.float64]:
        """More is better, in the metric's units."""
        return self.values if self.about.maximize else -self.values

    @property
    def regret(self) -> NDArray[np.float64]:
        """0 the best known, 1 the reference; all 0 where nothing ever differed."""
        return self.normalised(self.values)

    def normalised(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The normalised regret of values in the metric's units, any shape."""
        ahead = self.best - values if self.about.maximize else values - self.best
        return ahead / self.scale if self.scale > 0 else np.where(np.isnan(values), np.nan, 0.0)


@dataclass(frozen=True)
class ScoredProblem:
    """A problem's compared runs, and their scores.

    Attributes:
        seeds: under which every contender is through.
        runs: of each contender under those seeds, every complete trial with a finite value.
        unseen: None where a score on unseen data is nowhere.
        notes: what a reader has to know.
    """

    about: About
    seeds: tuple[int, ...]
    runs: tuple[tuple[MatchRun, ...], ...]
    tuned: RunScores
    unseen: RunScores | None
    notes: tuple[str, ...]


def _number(value: float | None) -> float:
    return value if value is not None and math.isfinite(value) else math.nan


def _finite(run: MatchRun) -> tuple[MatchRun, int]:
    """The run with complete trials without a finite value as failed ones, and their number."""
    odd = [each.state == "complete" and math.isnan(_number(each.value)) for each in run.evaluations]
    if not any(odd):
        return run, 0
    evaluations = tuple(
        replace(each, state="failed", error=each.error or f"its value is {each.value}")
        if strange
        else each
        for each, strange in zip(run.evaluations, odd, strict=True)
    )
    return replace(run, evaluations=evaluations), sum(odd)


def _test(run: MatchRun, best: Evaluation | None) -> float:
    return math.nan if best is None else _number(run.final_test if best.test is None else best.test)


def _first(run: MatchRun, unseen: bool) -> float:
    """What the first feasible trial came to."""
    done = [each for each in run.evaluations if each.counts]
    first = min(done, key=lambda each: each.number, default=None)
    return math.nan if first is None else _number(first.test if unseen else first.value)


def measured(
    about: About,
    contenders: Sequence[str],
    values: NDArray[np.float64],
    first: NDArray[np.float64],
    best: float | None,
) -> RunScores:
    """The scores with their scale.

    Args:
        values: shape (contenders, seeds), in the metric's units, without NaN.
        first: what the first trial of each run came to, same shape; NaN where it is not known.
        best: the best known; the best of `values`, if None.
    """
    if best is None:
        best = float(values.max() if about.maximize else values.min())
    candidates = [
        (abs(float(values[contenders.index(label)].mean()) - best), f"the mean of {label}")
        for name in RANDOM
        for label in (name, f"{name}+none")
        if label in contenders
    ][:1]
    known = first[~np.isnan(first)]
    if known.size:
        candidates.append((abs(float(np.median(known)) - best), "the median of the first trials"))
    candidates.append((float(np.abs(values - best).max()), "the worst run"))
    scale, reference = next(
        (each for each in candidates if each[0] > 0), (0.0, "nothing: it never varied")
    )
    return RunScores(about, values, best, scale, reference)


def _worst_for_missing(
    values: NDArray[np.float64],
    about: About,
    contenders: Sequence[str],
    seeds: Sequence[int],
    what: str,
) -> tuple[NDArray[np.float64], list[str]]:
    missing = np.isnan(values)
    if not missing.any():
        return values, []
    worst = float(np.nanmin(values) if about.maximize else np.nanmax(values))
    notes = []
    for name, row in zip(contenders, missing, strict=True):
        if row.any():
            which = ", ".join(str(seed) for seed, gone in zip(seeds, row, strict=True) if gone)
            notes.append(
                f"{name} has {what} on {about.name} under seed {which}: it counts there "
                f"with the worst final score of any run, {worst:.6g}."
            )
    return np.where(missing, worst, values), notes


def read(results: Results, name: str) -> ScoredProblem | str:
    """The scores of a problem; or, where there is nothing to compare, the reason."""
    about = results.about(name)
    contenders = results.settings.contenders
    seeds = tuple(results.seeds_of(name))
    if not seeds:
        return f"On {name} there is no seed under which every contender is through."
    cleaned = [[_finite(results.runs[name, each, seed]) for seed in seeds] for each in contenders]
    runs = tuple(tuple(run for run, _ in row) for row in cleaned)
    notes = [
        f"{each} has {odd} complete trials without a finite value on {name}; they count as failed."
        for each, row in zip(contenders, cleaned, strict=True)
        if (odd := sum(count for _, count in row))
    ]
    best = [[best_evaluation(run, maximize=about.maximize) for run in row] for row in runs]
    finals = np.array([[_number(each.value if each else None) for each in row] for row in best])
    kind = "feasible" if _constrained(runs) else "complete"
    if np.isnan(finals).all():
        return f"On {name} no trial is {kind}{_why(runs)}."
    tests = np.array(
        [
            [_test(*each) for each in zip(row, tops, strict=True)]
            for row, tops in zip(runs, best, strict=True)
        ]
    )
    finals, missing = _worst_for_missing(finals, about, contenders, seeds, f"no {kind} trial")
    notes += missing
    first = np.array([[_first(run, False) for run in row] for row in runs])
    tuned = measured(about, contenders, finals, first, about.optimum)
    if tuned.scale == 0 or not _varied(runs):
        tuned = replace(tuned, scale=0.0, reference="nothing: it never varied")
        notes.append(f"The objective never varied on {name}.")
    unseen = None
    if not np.isnan(tests).all():
        what = "no score on unseen data"
        tests, missing = _worst_for_missing(tests, about, contenders, seeds, what)
        notes += missing
        first = np.array([[_first(run, True) for run in row] for row in runs])
        unseen = measured(about, contenders, tests, first, None)
    return ScoredProblem(about, seeds, runs, tuned, unseen, tuple(notes))


def _constrained(runs: Sequence[Sequence[MatchRun]]) -> bool:
    """Whether any trial has constraints."""
    return any(each.constraints for row in runs for run in row for each in run.evaluations)


def _why(runs: Sequence[Sequence[MatchRun]]) -> str:
    """What the trials came to, and the error that most of them failed with."""
    trials = [each for row in runs for run in row for each in run.evaluations]
    errors = [str(each.error) for each in trials if each.state == "failed"]
    errors += [str(run.error) for row in runs for run in row if run.end == "failed" and not errors]
    states = Counter(each.state for each in trials)
    ends = {"are infeasible": states["complete"], "were pruned": states["pruned"]}
    counts = [f"{count} {what}" for what, count in ends.items() if count]
    if not errors:
        return f": {'all ' if len(counts) == 1 else ''}{', '.join(counts)}" if counts else ""
    (error, times), *others = Counter(errors).most_common()
    most = f", {times} of them" if others else ""
    counts.append(f"{len(errors)} failed{most} with {error!r}")
    return (
        f": {', '.join(counts)}. When that is mended, --retry-failed (retry_failed=True) does them "
        "again"
    )


def _varied(runs: Sequence[Sequence[MatchRun]]) -> bool:
    """Whether any two feasible trials differ in value."""
    values = (each.value for row in runs for run in row for each in run.evaluations if each.counts)
    first = next(values, None)
    return any(value != first for value in values)
