"""The final score of each run, its score on unseen data, and normalised regret."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.match.results import About, Evaluation, MatchRun, Results, best_evaluation
from crosstune.benchmarks.statistics.fronts import is_finite, nothing_feasible, scored

RANDOM = ("optuna:random", "hyperopt:rand", "hyperopt:random", "keras_tuner:random")
"""Labels of random search; the first that takes part without a pruner is the reference."""
OWN_RANDOM = "the mean of random search under seeds of its own"
ROUNDING = 1e-14
"""Scores whose relative difference is at most this are the same but for rounding, as are the means
of equal scores over folds or seeds."""


@dataclass(frozen=True)
class RunScores:
    """The scores of a problem's runs on one measure, shape (contenders, seeds).

    Attributes:
        values: in the metric's units.
        best: the best known, in the metric's units.
        scale: distance of the reference from the best; 0 if nothing ever differed.
        reference: in words, what the scale is measured at.
        empty: the score of a run without a feasible trial, if it is fixed; else None.
    """

    about: About
    values: NDArray[np.float64]
    best: float
    scale: float
    reference: str
    empty: float | None = None

    @property
    def heights(self) -> NDArray[np.float64]:
        """The values, negated if lower is better."""
        return self.values if self.about.maximize else -self.values

    @property
    def regret(self) -> NDArray[np.float64]:
        """0 is the best known, 1 the reference; all 0 if nothing ever differed."""
        return self.normalised(self.values)

    def normalised(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The normalised regret of values in the metric's units, any shape."""
        ahead = self.best - values if self.about.maximize else values - self.best
        return ahead / self.scale if self.scale > 0 else np.where(np.isnan(values), np.nan, 0.0)


@dataclass(frozen=True)
class ScoredProblem:
    """A problem's compared runs, and their scores.

    Attributes:
        seeds: those that every contender has finished.
        runs: of each contender under those seeds; complete trials have finite values.
        unseen: None if no run has a score on unseen data.
        notes: for the reader.
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
    """The run with complete trials without a finite value marked as failed, and their number."""
    odd = {
        trial.number: replace(
            trial,
            state="failed",
            error=trial.error or f"its value is {trial.values or trial.value}",
        )
        for trial in run.evaluations
        if trial.state == "complete" and not is_finite(trial)
    }
    evaluations = tuple(odd.get(trial.number, trial) for trial in run.evaluations)
    return replace(run, evaluations=evaluations) if odd else run, len(odd)


def _test(run: MatchRun, best: Evaluation | None) -> float:
    return math.nan if best is None else _number(run.final_test if best.test is None else best.test)


def _first(run: MatchRun, unseen: bool) -> float:
    """The score of the first feasible trial."""
    done = [evaluation for evaluation in run.evaluations if evaluation.counts]
    first = min(done, key=lambda evaluation: evaluation.number, default=None)
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
        about: the problem.
        contenders: their labels.
        values: shape (contenders, seeds), in the metric's units, without NaN.
        first: the score of the first trial of each run, same shape; NaN if unknown.
        best: the best known; the best of `values`, if None.
    """
    if about.metrics:
        return RunScores(about, values, 0.0, 1.0, OWN_RANDOM)
    if best is None:
        best = float(values.max() if about.maximize else values.min())
    candidates = [
        (float(values[contenders.index(label)].mean()), f"the mean of {label}")
        for name in RANDOM
        for label in (name, f"{name}+none")
        if label in contenders
    ][:1]
    finite = first[~np.isnan(first)]
    if finite.size:
        candidates.append((float(np.median(finite)), "the median of the first trials"))
    farthest = np.unravel_index(np.abs(values - best).argmax(), values.shape)
    candidates.append((float(values[farthest]), "the worst run"))
    scale, reference = next(
        (
            (abs(value - best), words)
            for value, words in candidates
            if not math.isclose(value, best, rel_tol=ROUNDING)
        ),
        (0.0, "nothing: it never varied"),
    )
    return RunScores(about, values, best, scale, reference)


def _worst_for_missing(
    values: NDArray[np.float64],
    about: About,
    contenders: Sequence[str],
    seeds: Sequence[int],
    what: str,
    empty: float | None = None,
) -> tuple[NDArray[np.float64], list[str]]:
    missing = np.isnan(values)
    if not missing.any():
        return values, []
    worst = float(np.nanmin(values) if about.maximize else np.nanmax(values))
    words = "the worst final score of any run, " if empty is None else "a worse score than any, "
    worst = worst if empty is None else empty
    notes = []
    for name, row in zip(contenders, missing, strict=True):
        if row.any():
            which = ", ".join(str(seed) for seed, gone in zip(seeds, row, strict=True) if gone)
            notes.append(
                f"{name} has {what} on {about.name} under seed {which}: it counts there "
                f"with {words}{worst:.6g}."
            )
    return np.where(missing, worst, values), notes


def read(results: Results, name: str) -> ScoredProblem | str:
    """The scores of a problem, or the reason why nothing can be compared."""
    about = results.about(name)
    contenders = results.settings.contenders
    seeds = tuple(results.seeds_of(name))
    if not seeds:
        return f"On {name} no seed is finished for every contender."
    cleaned = [
        [_finite(results.runs[name, contender, seed]) for seed in seeds] for contender in contenders
    ]
    runs = tuple(tuple(scored(run, about) for run, _ in row) for row in cleaned)
    notes = [
        f"{contender} has {odd} complete trials without a finite value on {name}; "
        "they count as failed."
        for contender, row in zip(contenders, cleaned, strict=True)
        if (odd := sum(count for _, count in row))
    ]
    best = [[best_evaluation(run, maximize=about.maximize) for run in row] for row in runs]
    finals = np.array(
        [[_number(evaluation.value if evaluation else None) for evaluation in row] for row in best]
    )
    trials = [evaluation for row in runs for run in row for evaluation in run.evaluations]
    kind = "feasible" if any(evaluation.constraints for evaluation in trials) else "complete"
    empty = nothing_feasible(about)
    if np.isnan(finals).all():
        return f"On {name} no trial is {kind}{_why(trials, [run for row in runs for run in row])}."
    tests = np.array([list(map(_test, *pair)) for pair in zip(runs, best, strict=True)])
    what = f"no {kind} trial"
    finals, missing = _worst_for_missing(finals, about, contenders, seeds, what, empty)
    notes += missing
    first = np.array([[_first(run, False) for run in row] for row in runs])
    tuned = replace(measured(about, contenders, finals, first, about.optimum), empty=empty)
    if tuned.scale == 0 or len({trial.value for trial in trials if trial.counts}) < 2:
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


def _why(trials: Sequence[Evaluation], runs: Sequence[MatchRun]) -> str:
    """The numbers of trials by state, and the most frequent error."""
    errors = [str(evaluation.error) for evaluation in trials if evaluation.state == "failed"]
    errors = errors or [str(run.error) for run in runs if run.end == "failed"]
    states = Counter(evaluation.state for evaluation in trials)
    ends = {"are infeasible": states["complete"], "were pruned": states["pruned"]}
    counts = [f"{count} {what}" for what, count in ends.items() if count]
    if not errors:
        return f": {'all ' if len(counts) == 1 else ''}{', '.join(counts)}" if counts else ""
    (error, times), *others = Counter(errors).most_common()
    most = f", {times} of them" if others else ""
    counts.append(f"{len(errors)} failed{most} with {error!r}")
    return (
        f": {', '.join(counts)}. Once that is fixed, --retry-failed (retry_failed=True) repeats "
        "them"
    )
