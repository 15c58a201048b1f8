"""Figures in docs/samplers.md are those of `benchmarks/RESULTS.md`, written from kept results.

The part on earlier studies and the one on what was left out state results that are not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
SAMPLERS = ROOT / "docs" / "samplers.md"

_ESTIMATE = re.compile(r"(-?\d+\.\d+) \(`?(-?\d+\.\d+) to (-?\d+\.\d+)\)")
_SHORT = re.compile(r"\((-?\d+\.\d+), (-?\d+\.\d+) to (-?\d+\.\d+)\)")


class Figure(NamedTuple):
    """An estimate with its interval, as it is written: `0.58 (0.36 to 0.78)`."""

    value: str
    low: str
    high: str


def figures(text: str) -> list[Figure]:
    found = [*_ESTIMATE.finditer(text), *_SHORT.finditer(text)]
    return [Figure(*match.groups()) for match in sorted(found, key=re.Match.start)]


def is_rounded(shown: Figure, exact: Figure) -> bool:
    """True if each shown number is the exact one, or that one rounded."""
    for written, number in zip(shown, exact, strict=True):
        unit = 10 ** -len(written.partition(".")[2])
        if abs(float(written) - float(number)) > unit / 2 + 6e-4:
            return False
    return True


def paragraphs() -> Iterator[str]:
    """The rows of tables, and the paragraphs of prose, that state kept results."""
    measured = SAMPLERS.read_text(encoding="utf-8").partition("\n## What has been measured\n")[2]
    text = measured.partition("\n## What was left out\n")[0]
    for block in re.split(r"\n\s*\n", text):
        rows = block.splitlines()
        for part in rows if rows and rows[0].startswith("|") else [" ".join(rows)]:
            if figures(part):
                yield part


EXACT = figures(RESULTS.read_text(encoding="utf-8"))
PARAGRAPHS = list(paragraphs())


def test_there_are_figures_to_compare() -> None:
    assert len(PARAGRAPHS) > 30
    assert len(EXACT) > 500


@pytest.mark.parametrize("part", PARAGRAPHS, ids=lambda part: part[:40])
def test_figures_are_those_of_the_results(part: str) -> None:
    wrong = [shown for shown in figures(part) if not any(is_rounded(shown, e) for e in EXACT)]
    assert wrong == []


def test_a_row_of_a_table_is_a_row_of_the_results() -> None:
    rows = [figures(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()]
    for part in PARAGRAPHS:
        if part.startswith("|"):
            shown = figures(part)
            assert any(_within(shown, row) for row in rows), part


def _within(shown: list[Figure], row: list[Figure]) -> bool:
    """True if the shown figures are in the row, in their order."""
    rest = iter(row)
    return all(any(is_rounded(figure, exact) for exact in rest) for figure in shown)


def test_a_wrong_figure_is_seen() -> None:
    exact = Figure("0.578", "0.359", "0.781")
    assert is_rounded(Figure("0.58", "0.36", "0.78"), exact)
    assert not is_rounded(Figure("0.58", "0.36", "0.79"), exact)
    assert not _within([Figure("0.58", "0.36", "0.78")] * 2, [exact])
