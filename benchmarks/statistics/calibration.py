"""How often the rule errs, and how often it decides.

    python -m crosstune.benchmarks.statistics.calibration --matches 2000 --jobs 2

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

import numpy as np
import scipy
from scipy.stats import binomtest

from crosstune.benchmarks.statistics import intervals
from crosstune.benchmarks.statistics.sequential import Sequential
from crosstune.benchmarks.statistics.simulation import (
    OPTIMUM,
    Law,
    Outcome,
    differs,
    fixed,
    laws,
    over_problems,
    same,
    sequential,
)
from crosstune.benchmarks.statistics.verdicts import BETTER, EQUIVALENT

LEVEL = 0.05
SEEDS = (5, 8, 10, 20)
RULE = Sequential(rounds=5, cap=40, level=LEVEL)
CAP = "5 to 40"
NO_MARGIN = 1e-12
"""Nothing is ever equivalent within it: the hardest for the rounds, which then go on to the cap."""
SHIFTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
MARGIN = 0.5
"""Of the power curve, in standard deviations."""


@dataclass(frozen=True)
class Share:
    """How many of so many matches."""

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
class Cell:
    """One share to find out.

    Attributes:
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


def play(cell: Cell, law: Law, random: np.random.Generator) -> Outcome:
    """One match."""
    contenders = len(cell.shift)
    if cell.problems > 1:
        return over_problems(
            random, law, cell.shift, cell.problems, cell.seeds or 1, cell.margin, LEVEL
        )
    shape = (contenders, cell.seeds or RULE.cap)
    heights = law.draw(random, shape) + law.unit * np.array(cell.shift)[:, None]
    if cell.seeds is not None:
        return fixed(heights, cell.margin * law.unit, LEVEL)
    spending = RULE.spending(contenders * (contenders - 1) // 2)
    return sequential(heights, cell.margin * law.unit, spending)


HITS: dict[str, Callable[[Outcome], bool]] = {
    "difference": differs,
    "equivalence": same,
    "better": lambda outcome: outcome.verdicts[0, 1] == BETTER,
    "equivalent": lambda outcome: outcome.verdicts[0, 1] == EQUIVALENT,
}


def share(cell: Cell, matches: int) -> Share:
    """The share of a cell over so many matches."""
    law, random = laws()[cell.law], cell.random
    outcomes = [play(cell, law, random) for _ in range(matches)]
    hits = sum(HITS[cell.kind](outcome) for outcome in outcomes)
    return Share(hits, matches, float(np.mean([outcome.seeds for outcome in outcomes])))


def coverage(cell: Cell, matches: int) -> Share:
    """How often the interval of the mean paired difference holds the true one, 0."""
    law, random = laws()[cell.law], cell.random
    hits = 0
    for _ in range(matches):
        first, second = law.draw(random, (2, cell.seeds or 1))
        found = intervals.of_mean(first - second, 1 - LEVEL)
        hits += found is not None and found.low <= 0 <= found.high
    return Share(hits, matches)


def work(task: tuple[Cell, int]) -> Share:
    """A cell, in whatever process."""
    cell, matches = task
    return coverage(cell, matches) if cell.kind == "coverage" else share(cell, matches)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def error_cells(kind: str) -> list[Cell]:
    """False verdicts: of a difference where there is none, of equivalence at just the margin."""
    shifts = {
        "difference": [(0.0, 0.0), (0.0, 0.0, 0.0)],
        "equivalence": [(0.0, 1.0), (0.0, 1.0, 1.0)],
    }[kind]
    margin = NO_MARGIN if kind == "difference" else 1.0
    return [
        Cell(kind, law, seeds, shift, margin)
        for law in laws()
        for shift in shifts
        for seeds in (*SEEDS, None)
    ]


def problem_cells(kind: str) -> list[Cell]:
    """The same over several problems."""
    margin = 0.5
    raised = {"difference": 0.0, "equivalence": margin * OPTIMUM}[kind]
    return [
        Cell(
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


def power_cells() -> list[Cell]:
    """Right verdicts, of two contenders under the normal law."""
    return [
        Cell(kind, "normal", seeds, (shift, 0.0), MARGIN)
        for shift in SHIFTS
        for seeds in (*SEEDS, None)
        for kind in ("better", "equivalent")
    ]


def coverage_cells() -> list[Cell]:
    """Of the intervals."""
    return [Cell("coverage", law, seeds, (0.0, 0.0)) for law in laws() for seeds in SEEDS]


def _grid(cells: Sequence[Cell], shares: Sequence[Share], column: str) -> str:
    """A row a law and number of contenders, a column a number of seeds or problems."""
    columns = list(dict.fromkeys(_column(cell, column) for cell in cells))
    rows: dict[tuple[str, int], list[str]] = {}
    for cell, found in zip(cells, shares, strict=True):
        rows.setdefault((cell.law, len(cell.shift)), []).append(str(found))
    return table(
        ["final scores", "contenders", *columns],
        [[law, contenders, *found] for (law, contenders), found in rows.items()],
    )


def _column(cell: Cell, column: str) -> str:
    seeds = f"{cell.seeds} seeds" if cell.seeds else f"in rounds, {CAP}"
    return f"{cell.problems} problems, {seeds}" if column == "problems" else seeds


def _power(cells: Sequence[Cell], shares: Sequence[Share]) -> str:
    found = dict(zip(cells, shares, strict=True))
    rows = []
    for shift in SHIFTS:
        row: list[object] = [shift]
        for seeds in (*SEEDS, None):
            better, equal = (
                found[Cell(kind, "normal", seeds, (shift, 0.0), MARGIN)]
                for kind in ("better", "equivalent")
            )
            row.append(
                f"{100 * better.hits / better.matches:.0f} / {100 * equal.hits / equal.matches:.0f}"
            )
        rows.append([*row, f"{better.seeds:.1f}"])
    columns = [*(f"{seeds} seeds" for seeds in SEEDS), f"in rounds, {CAP}", "seeds, in rounds"]
    return table(["true difference", *columns], rows)


def main(argv: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Calibrate the verdicts by simulated matches.")
    parser.add_argument("--matches", type=int, default=2_000, help="a cell (2000)")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes (1)")
    given = parser.parse_args(argv)
    parts = {
        "difference": error_cells("difference"),
        "problems": problem_cells("difference"),
        "equivalence": error_cells("equivalence"),
        "equivalent problems": problem_cells("equivalence"),
        "power": power_cells(),
        "coverage": coverage_cells(),
    }
    tasks = [(cell, given.matches) for cells in parts.values() for cell in cells]
    with ProcessPoolExecutor(given.jobs) as pool:
        shares = iter(list(pool.map(work, tasks)))
    found = {name: [next(shares) for _ in cells] for name, cells in parts.items()}
    print(f"{given.matches} matches a cell, level {100 * LEVEL:g} %; shares in %, with their 95 % ")
    print("intervals after Clopper and Pearson; Python", platform.python_version(), end=", ")
    print(f"numpy {np.__version__}, scipy {scipy.__version__}.")
    print("\n### A false difference: an engine against itself\n")
    print(_grid(parts["difference"], found["difference"], "seeds"))
    print("\n### A false difference over several problems\n")
    print(_grid(parts["problems"], found["problems"], "problems"))
    print("\n### A false equivalence: engines that differ by just the margin\n")
    print(_grid(parts["equivalence"], found["equivalence"], "seeds"))
    print("\n### A false equivalence over several problems\n")
    print(_grid(parts["equivalent problems"], found["equivalent problems"], "problems"))
    print("\n### Power: found better / found equivalent\n")
    print(_power(parts["power"], found["power"]))
    print("\n### Intervals that hold the true difference\n")
    print(_grid(parts["coverage"], found["coverage"], "seeds"))


if __name__ == "__main__":
    main()
