"""What a method loses against training every trial to the end, and why.

A loss is a difference of true ends, in units of what there is to win on a data set: the distance
between the best and the median of 200 random points. It is a sum of two parts:

selection   the end of the returned configuration, against the best end of those proposed
proposals   the best end of those proposed, against that of the same engine trained to the end

Intervals are 95 %, from a bootstrap over data sets and, within each, over seeds; a seed is drawn
for all methods at once, so differences are paired.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.research.curves.methods import SavingsResult
from crosstune.benchmarks.research.curves.sets import RandomEnds
from crosstune.benchmarks.statistics import intervals
from crosstune.benchmarks.statistics.verdicts import Interval
from crosstune.errors import RequestError

WHOLE = "none"
"""The method that trains every trial to the end."""
TPE = "optuna:tpe"
QUANTITIES = ("share", "restarted", "loss", "selection", "proposals", "tpe")

Runs = Mapping[tuple[str, str, str, int], SavingsResult]
"""The results by set, engine, method and seed."""


@dataclass(frozen=True)
class Estimate:
    """A mean over data sets and seeds, with its interval."""

    mean: float
    interval: Interval

    def __str__(self) -> str:
        return f"{self.mean:+.3f} [{self.interval.low:+.3f}, {self.interval.high:+.3f}]"


@dataclass(frozen=True)
class EngineLosses:
    """The losses of the methods of one engine.

    Attributes:
        engine: a key of `ENGINES`.
        sets, seeds: those that every method has.
        estimates: by method, by each of `QUANTITIES`: the epochs with checkpoints and without, the
            loss and its two parts, and the loss against Optuna's TPE trained to the end (absent
            without such runs).
        against: by method, its loss minus that of the method compared with; empty if None.
    """

    engine: str
    sets: tuple[str, ...]
    seeds: tuple[int, ...]
    estimates: Mapping[str, Mapping[str, Estimate]]
    against: Mapping[str, Estimate]


def split(result: SavingsResult, whole: SavingsResult, unit: float) -> tuple[float, float, float]:
    """The loss of a study, and its parts by selection and by proposals.

    Args:
        result: the study.
        whole: the study of the same seed that trained every trial to the end.
        unit: what there is to win on the data set.
    """
    selection = (result.returned - result.proposed) / unit
    proposals = (result.proposed - whole.proposed) / unit
    return selection + proposals, selection, proposals


def losses(
    runs: Runs,
    scales: Mapping[str, RandomEnds],
    engine: str,
    methods: Sequence[str],
    against: str | None = None,
) -> EngineLosses:
    """The losses of some methods on the sets and seeds that all of them have.

    Args:
        runs: with those of `WHOLE`.
        scales: by set.
        engine: whose runs count.
        methods: some of those in `runs`.
        against: one of `methods`, to compare the others with.

    Raises:
        RequestError: no set and seed has all methods.
    """
    compared = list(dict.fromkeys([WHOLE, *methods]))
    tpe = any(key[1:3] == (TPE, WHOLE) for key in runs)
    sets, seeds = _common(runs, engine, compared, tpe)
    groups = [_rows(runs, scales[name].unit, name, engine, compared, seeds, tpe) for name in sets]
    draws = intervals.hierarchical(groups)
    means = np.mean([group.mean(axis=1) for group in groups], axis=0)
    size = len(QUANTITIES)

    def estimate(mean: float, resampled: NDArray[np.float64]) -> Estimate:
        return Estimate(float(mean), intervals.of_draws(resampled))

    estimates = {
        method: {
            quantity: estimate(means[size * i + j], draws[size * i + j])
            for j, quantity in enumerate(QUANTITIES)
            if tpe or quantity != "tpe"
        }
        for i, method in enumerate(compared)
    }
    differences = {}
    if against is not None:
        loss = QUANTITIES.index("loss")
        other = size * compared.index(against) + loss
        differences = {
            method: estimate(
                means[size * i + loss] - means[other], draws[size * i + loss] - draws[other]
            )
            for i, method in enumerate(compared)
            if method != against
        }
    return EngineLosses(engine, tuple(sets), tuple(seeds), estimates, differences)


def _common(
    runs: Runs, engine: str, methods: Sequence[str], tpe: bool
) -> tuple[list[str], list[int]]:
    """The sets and seeds of which every run is there."""
    wanted = [(engine, method) for method in methods] + ([(TPE, WHOLE)] if tpe else [])
    sets = sorted({name for name, of_engine, _, _ in runs if of_engine == engine})
    seeds = sorted({seed for _, of_engine, _, seed in runs if of_engine == engine})
    whole = {
        name: {seed for seed in seeds if all((name, *method, seed) in runs for method in wanted)}
        for name in sets
    }
    largest = max((len(has) for has in whole.values()), default=0)
    chosen = [name for name in sets if len(whole[name]) == largest]
    common = set.intersection(*(whole[name] for name in chosen)) if chosen else set()
    if not common:
        raise RequestError(f"no set and seed has all of these with {engine}: {', '.join(methods)}")
    return chosen, sorted(common)


def _rows(
    runs: Runs,
    unit: float,
    name: str,
    engine: str,
    methods: Sequence[str],
    seeds: Sequence[int],
    tpe: bool,
) -> NDArray[np.float64]:
    """The quantities of each method in turn, shape (methods x quantities, seeds)."""
    rows = []
    for method in methods:
        columns = []
        for seed in seeds:
            result = runs[name, engine, method, seed]
            whole = runs[name, engine, WHOLE, seed]
            best = runs[name, TPE, WHOLE, seed].returned if tpe else result.returned
            columns.append(
                (
                    result.share,
                    result.restarted,
                    *split(result, whole, unit),
                    (result.returned - best) / unit,
                )
            )
        rows.append(np.array(columns).T)
    return np.concatenate(rows)


def table(of: EngineLosses) -> Iterator[str]:
    """The lines of a Markdown table, largest loss first."""
    heads = ["share", "without checkpoints", "loss", "by selection", "by proposals"]
    tpe = of.engine != TPE and "tpe" in of.estimates[WHOLE]
    heads += ["against Optuna's TPE to the end"] if tpe else []
    heads += ["difference"] if of.against else []
    yield f"| {of.engine} | {' | '.join(heads)} |"
    yield "|---" * (len(heads) + 1) + "|"
    for method, row in sorted(of.estimates.items(), key=lambda item: -item[1]["loss"].mean):
        cells = [f"{row['share'].mean:.2f}", f"{row['restarted'].mean:.2f}"]
        cells += [str(row[quantity]) for quantity in ("loss", "selection", "proposals")]
        cells += [str(row["tpe"])] if tpe else []
        cells += [str(of.against.get(method, ""))] if of.against else []
        yield f"| {method} | {' | '.join(cells)} |"
