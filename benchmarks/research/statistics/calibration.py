"""How often the rule errs, and how often it decides.

    python -m crosstune.benchmarks.research.statistics.calibration --matches 2000 --jobs 2

Prints Markdown tables, those of docs/statistics.md. Each cell has a generator of its own, so the
figures do not depend on the number of jobs.
"""

from __future__ import annotations

import argparse
import platform
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.stats import binomtest

from crosstune.benchmarks.research.statistics.simulation import (
    Law,
    Outcomes,
    both,
    fixed,
    laws,
    over_problems,
    sequential,
)
from crosstune.benchmarks.statistics import intervals
from crosstune.benchmarks.statistics.sequential import Sequential
from crosstune.benchmarks.statistics.verdicts import BETTER, EQUIVALENT, WORSE

LEVEL = 0.05
SEEDS = (5, 8, 10, 20)
RULE = Sequential(rounds=5, cap=40, level=LEVEL)
CAP = "5 to 40"
NO_MARGIN = 0.0
"""Nothing is ever equivalent: the hardest for the rounds, which then go on to the cap."""
OPTIMUM = 2.0
"""How far the mean final score is from a known optimum, in units of its law."""
SHIFTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
MARGIN = 0.5
"""Of the power curve, in standard deviations."""


@dataclass(frozen=True)
class Share:
    """The number of matches in which something happened."""

    hits: int
    matches: int
    seeds: float = float("nan")

    @property
    def low(self) -> float:
        """The lower end of the 95 % interval of Clopper and Pearson (1934)."""
        return float(binomtest(self.hits, self.matches).proportion_ci().low)

    @property
    def high(self) -> float:
        """The upper end."""
        return float(binomtest(self.hits, self.matches).proportion_ci().high)

    def __str__(self) -> str:
        share = 100 * self.hits / self.matches
        return f"{share:.1f} ({100 * self.low:.1f} to {100 * self.high:.1f})"


@dataclass(frozen=True)
class SimulatedShare:
    """One share to find out.

    Attributes:
        kind: what to count: any false "difference", any false "equivalence", the verdict "better"
            or "equivalent" on the first pair, or the "coverage" of the intervals.
        law: by its name in `laws`.
        seeds: of a match; None for the sequential rule.
        shift: how far each contender's law is raised, in units of the law.
        margin: in units of the law.
    """

    kind: str
    law: str
    seeds: int | None
    shift: tuple[float, ...]
    margin: float = NO_MARGIN
    problems: int = 1

    @property
    def random(self) -> np.random.Generator:
        """A generator of the cell's own."""
        return np.random.default_rng(zlib.crc32(repr(self).encode()))


def play(cell: SimulatedShare, law: Law, random: np.random.Generator, matches: int) -> Outcomes:
    """Simulated matches of a cell.

    Args:
        cell: what is simulated.
        law: draws the final scores.
        random: the generator to draw with.
        matches: their number.
    """
    shift = law.unit * np.array(cell.shift)[:, None]
    if cell.problems > 1:
        shape = (matches, cell.problems, len(cell.shift), cell.seeds or 1)
        best = law.mean - OPTIMUM * law.unit if any(cell.shift) else None
        return over_problems(law.draw(random, shape) + shift, best, cell.margin, LEVEL)
    heights = law.draw(random, (matches, len(cell.shift), cell.seeds or RULE.cap)) + shift
    if cell.seeds is not None:
        return fixed(heights, cell.margin * law.unit, LEVEL)
    return sequential(heights, cell.margin * law.unit, RULE.spending(len(both(len(cell.shift)))))


def hits(kind: str, verdicts: NDArray[np.str_]) -> int:
    """The number of matches in which it happened; verdicts have shape (matches, pairs)."""
    if kind == "difference":
        return int(np.isin(verdicts, (BETTER, WORSE)).any(axis=1).sum())
    if kind == "equivalence":
        # Of the first contender; the others are the same and may well be called so.
        first = [0 in pair for pair in both(3)][: verdicts.shape[1]]
        return int((verdicts == EQUIVALENT)[:, first].any(axis=1).sum())
    return int((verdicts[:, 0] == kind).sum())


def share(cell: SimulatedShare, matches: int) -> Share:
    """The share of a cell over a number of matches."""
    outcomes = play(cell, laws()[cell.law], cell.random, matches)
    return Share(hits(cell.kind, outcomes.verdicts), matches, float(outcomes.seeds.mean()))


def _fewer(matches: int) -> int:
    """The number of matches for a cell whose matches take a bootstrap each."""
    return max(1, matches // 8)


def coverage(cell: SimulatedShare, matches: int) -> Share:
    """How often the interval of the mean paired difference holds the true one, 0."""
    law, random = laws()[cell.law], cell.random
    covered = 0
    matches = _fewer(matches)
    for _ in range(matches):
        first, second = law.draw(random, (2, cell.seeds or 1))
        interval = intervals.of_mean(first - second, 1 - LEVEL)
        covered += interval is not None and interval.low <= 0 <= interval.high
    return Share(covered, matches)


def work(task: tuple[SimulatedShare, int]) -> Share:
    """The share of a cell, in any process."""
    cell, matches = task
    return coverage(cell, matches) if cell.kind == "coverage" else share(cell, matches)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def error_cells(kind: str) -> list[SimulatedShare]:
    """False verdicts: a difference where none exists, equivalence exactly at the margin."""
    shifts = {
        "difference": [(0.0, 0.0), (0.0, 0.0, 0.0)],
        "equivalence": [(0.0, 1.0), (0.0, 1.0, 1.0)],
    }[kind]
    margin = NO_MARGIN if kind == "difference" else 1.0
    return [
        SimulatedShare(kind, law, seeds, shift, margin)
        for law in laws()
        for shift in shifts
        for seeds in (*SEEDS, None)
    ]


def problem_cells(kind: str) -> list[SimulatedShare]:
    """The same over several problems."""
    margin = 0.5
    raised = {"difference": 0.0, "equivalence": margin * OPTIMUM}[kind]
    return [
        SimulatedShare(
            kind,
            law,
            seeds,
            (0.0,) + (raised,) * (contenders - 1),
            margin if raised else NO_MARGIN,
            problems,
        )
        for law in laws()
        for contenders in (2, 3)
        for problems in (8, 15)
        for seeds in (5, 20)
    ]


def power_cells() -> list[SimulatedShare]:
    """Right verdicts, of two contenders under the normal law."""
    return [
        SimulatedShare(kind, "normal", seeds, (shift, 0.0), MARGIN)
        for shift in SHIFTS
        for seeds in (*SEEDS, None)
        for kind in (BETTER, EQUIVALENT)
    ]


def coverage_cells() -> list[SimulatedShare]:
    """Of the intervals."""
    return [SimulatedShare("coverage", law, seeds, (0.0, 0.0)) for law in laws() for seeds in SEEDS]


def _grid(cells: Sequence[SimulatedShare], shares: Sequence[Share], column: str) -> str:
    """One row per law and number of contenders, one column per number of seeds or problems."""
    columns = list(dict.fromkeys(_column(cell, column) for cell in cells))
    rows: dict[tuple[str, int], list[str]] = {}
    for cell, result in zip(cells, shares, strict=True):
        rows.setdefault((cell.law, len(cell.shift)), []).append(str(result))
    return table(
        ["final scores", "contenders", *columns],
        [[law, contenders, *row] for (law, contenders), row in rows.items()],
    )


def _column(cell: SimulatedShare, column: str) -> str:
    seeds = f"{cell.seeds} seeds" if cell.seeds else f"in rounds, {CAP}"
    return f"{cell.problems} problems, {seeds}" if column == "problems" else seeds


def _power(cells: Sequence[SimulatedShare], shares: Sequence[Share]) -> str:
    by_cell = dict(zip(cells, shares, strict=True))
    rows = []
    for shift in SHIFTS:
        row: list[object] = [shift]
        for seeds in (*SEEDS, None):
            better, equal = (
                by_cell[SimulatedShare(kind, "normal", seeds, (shift, 0.0), MARGIN)]
                for kind in (BETTER, EQUIVALENT)
            )
            row.append(
                f"{100 * better.hits / better.matches:.0f} / {100 * equal.hits / equal.matches:.0f}"
            )
        rows.append([*row, f"{better.seeds:.1f}"])
    columns = [*(f"{seeds} seeds" for seeds in SEEDS), f"in rounds, {CAP}", "seeds, in rounds"]
    return table(["true difference", *columns], rows)


def parts() -> dict[
    str, tuple[list[SimulatedShare], Callable[[Sequence[SimulatedShare], Sequence[Share]], str]]
]:
    """The tables by heading: their cells and their layout."""
    by_seeds = partial(_grid, column="seeds")
    by_problems = partial(_grid, column="problems")
    return {
        "A false difference: an engine against itself": (error_cells("difference"), by_seeds),
        "A false difference over several problems": (problem_cells("difference"), by_problems),
        "Power: found better / found equivalent": (power_cells(), _power),
        "A false equivalence: engines that differ by just the margin": (
            error_cells("equivalence"),
            by_seeds,
        ),
        "A false equivalence over several problems": (problem_cells("equivalence"), by_problems),
        "Intervals of 95 % that hold the true difference": (coverage_cells(), by_seeds),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Print each table as soon as it is complete."""
    parser = argparse.ArgumentParser(description="Calibrate the verdicts by simulated matches.")
    parser.add_argument("--matches", type=int, default=2_000, help="a cell (2000)")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes (1)")
    options = parser.parse_args(argv)
    print(
        f"{options.matches} matches a cell ({_fewer(options.matches)} for the intervals), level "
        f"{100 * LEVEL:g} %; shares in %, with 95 % intervals after Clopper and Pearson. Python "
        f"{platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}."
    )
    tables = parts()
    with ProcessPoolExecutor(options.jobs) as pool:
        cells = [(cell, options.matches) for cells_of, _ in tables.values() for cell in cells_of]
        shares = pool.map(work, cells)
        for heading, (cells_of, layout) in tables.items():
            print(
                f"\n### {heading}\n\n{layout(cells_of, list(islice(shares, len(cells_of))))}",
                flush=True,
            )


if __name__ == "__main__":
    main()
