"""The page of the losses, from the tables of `benchmarks/RESULTS.md`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

RESULTS = Path(__file__).parents[2] / "benchmarks" / "RESULTS.md"
RANDOM = "`optuna:random`"

HEAD = """# Losses

What was behind, taken from the tables of [Results](results.md) when this page was built. The
settings, seeds and versions of each match are there.

"""
OWN = """## Our own sampler

`crosstune:gp` against another engine: the chance that it ends better on a new seed of a new problem
like these, at the end of the budget, with its 95 % interval. Below 0.5 it is behind. An interval
that contains 0.5 does not tell.

| match | problems | against | trials | chance |
|---|---|---|---|---|
"""
NO_BETTER = """
## Not better than random search

Samplers whose 95 % interval of the mean regret contains or exceeds that of random search, which is
1, at the end of the budget. Some of them are random searches themselves.

| match | sampler | trials | regret |
|---|---|---|---|
"""


class Table(NamedTuple):
    """A table of the results.

    Attributes:
        title: the heading above it.
        columns, rows: its cells.
    """

    title: str
    columns: list[str]
    rows: list[list[str]]


class Estimate(NamedTuple):
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def page() -> str:
    """The page."""
    tables = list(read(RESULTS.read_text(encoding="utf-8")))
    own = sorted(losses(tables), key=lambda row: row[-1])
    behind = [f"| {' | '.join(row)} |" for row in own]
    weak = [f"| {' | '.join(row)} |" for row in no_better(tables)]
    return "\n".join([HEAD + OWN + "\n".join(behind), NO_BETTER + "\n".join(weak), ""])


def read(text: str) -> Iterator[Table]:
    """The tables of a page, each with the last heading of the first or second level above it."""
    title = ""
    for block in re.split(r"\n\s*\n", text):
        lines = block.splitlines()
        for line in lines:
            if heading := re.match(r"#{1,3} (.+)", line):
                title = heading[1]
        if lines and lines[0].startswith("|"):
            cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
            yield Table(title, cells[0], cells[2:])


def losses(tables: list[Table]) -> Iterator[list[str]]:
    """Rows in which our sampler has a chance below a half at the end of the budget."""
    for table in tables:
        against = re.fullmatch(r"against (`\w+:[\w-]+`)", table.columns[0])
        if not (against or table.columns[0] == "rival") or "after" not in table.columns[-1]:
            continue
        for row in table.rows:
            # A match with a smaller budget has empty cells at the end.
            last = max(index for index, cell in enumerate(row) if estimate(cell))
            chance = estimate(row[last])
            if chance and chance.value < 0.5:
                rival, problems = (against[1], row[0]) if against else (row[0], "all")
                trials = table.columns[last].removeprefix("after ")
                yield [table.title, problems, rival, trials, row[last]]


def no_better(tables: list[Table]) -> Iterator[list[str]]:
    """Samplers whose regret at the end of the budget may be that of random search."""
    for table in tables:
        if table.title.startswith("crosstune") or table.columns[0] != "contender":
            continue
        if any("`crosstune:gp`" in row[0] for row in table.rows):
            continue
        budget = max(i for i, name in enumerate(table.columns) if name.startswith("regret"))
        for row in table.rows:
            regret = estimate(row[budget])
            if row[0] != RANDOM and regret and regret.high >= 1:
                trials = table.columns[budget].removeprefix("regret after ")
                yield [table.title, row[0], trials, row[budget]]


def estimate(cell: str) -> Estimate | None:
    """A cell such as "0.58 (0.36 to 0.78)", or None if it is another."""
    numbers = re.fullmatch(r"(-?[\d.]+) \((-?[\d.]+) to (-?[\d.]+)\)", cell)
    return Estimate(*map(float, numbers.groups())) if numbers else None
