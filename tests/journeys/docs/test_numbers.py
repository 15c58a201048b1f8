"""Figures of the pages are those of the files that the benchmarks have written.

A figure is an estimate with its interval. In some pages a part states results that are not kept:
what stands after the part that is compared, and the prose of `TABLES_ALONE`.
"""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
KEPT = ROOT / "benchmarks" / "research" / "results"
TABLES_ALONE = ("pruning.md", "schedulers.md")
"""Their prose also has figures of single runs, which are not kept."""

_NUMBER = r"([+-]?\d+\.\d+)"
_FORMS = [
    re.compile(rf"{_NUMBER} \(`?{_NUMBER} to {_NUMBER}\)"),
    re.compile(rf"\({_NUMBER}, {_NUMBER} to {_NUMBER}\)"),
    re.compile(rf"{_NUMBER} \[{_NUMBER}, {_NUMBER}\]"),
]

pytestmark = pytest.mark.skipif(not KEPT.exists(), reason="needs a checkout")


class Figure(NamedTuple):
    """An estimate with its interval, as it is written: `0.58 (0.36 to 0.78)`."""

    value: str
    low: str
    high: str


class Page(NamedTuple):
    """The part of a page that states results, and what they come from.

    Attributes:
        begin, end: the headings between which it stands; no `end` is the end of the page.
        source: returns the lines of the results, as the benchmark prints them.
        least: the least number of paragraphs and rows with figures.
    """

    begin: str
    end: str
    source: Callable[[], list[str]]
    least: int


def figures(text: str) -> list[Figure]:
    matches = [match for form in _FORMS for match in form.finditer(text)]
    return [Figure(*match.groups()) for match in sorted(matches, key=re.Match.start)]


def is_rounded(shown: Figure, exact: Figure) -> bool:
    """True if each shown number is the exact one, or that one rounded."""
    for written, number in zip(shown, exact, strict=True):
        digits, known = (len(text.partition(".")[2]) for text in (written, number))
        # The exact number is a rounded one itself, by half a unit of its last digit.
        room = 0.0 if digits >= known else 10.0**-digits / 2 + 10.0**-known / 2
        if abs(float(written) - float(number)) > room + 1e-9:
            return False
    return True


def paragraphs(name: str) -> Iterator[str]:
    """The rows of tables, and the paragraphs of prose, that state kept results."""
    page = PAGES[name]
    text = (ROOT / "docs" / name).read_text(encoding="utf-8").partition(f"\n{page.begin}\n")[2]
    text = text.partition(f"\n{page.end}\n")[0] if page.end else text
    for block in re.split(r"\n\s*\n", text):
        rows = block.splitlines()
        is_table = bool(rows) and rows[0].startswith("|")
        if not is_table and name in TABLES_ALONE:
            continue
        for part in rows if is_table else [" ".join(rows)]:
            if figures(part):
                yield part


def of_matches() -> list[str]:
    return RESULTS.read_text(encoding="utf-8").splitlines()


def of_recommendations() -> list[str]:
    from crosstune.benchmarks.research.recommend import RESULTS as KEPT_ROWS
    from crosstune.benchmarks.research.recommend import shown

    return shown(json.loads(lzma.decompress(KEPT_ROWS.read_bytes())))


def of_savings(name: str) -> list[str]:
    from crosstune.benchmarks.research.curves import savings, stored_savings

    kept = stored_savings.read(KEPT / f"savings-{name}.json.xz")
    engines = dict.fromkeys(engine for _, engine, _, _ in kept.runs)
    return list(savings.tables(kept, list(engines), (), None))


PAGES = {
    "samplers.md": Page("## What has been measured", "## What was left out", of_matches, 30),
    "noisy.md": Page("## What it is worth", "", of_recommendations, 4),
    "pruning.md": Page(
        "### LCBench beside it", "## Bad input", lambda: of_savings("development"), 10
    ),
    "schedulers.md": Page(
        "## What has been measured",
        "## What is in the study",
        lambda: [
            line
            for name in ("schedulers", "ablations", "own", "frozen")
            for line in of_savings(name)
        ],
        2,
    ),
}
PARTS = [(name, part) for name in PAGES for part in (paragraphs(name) if KEPT.exists() else ())]


@cache
def results_of(name: str) -> list[list[Figure]]:
    """The figures of each line of the results behind a page."""
    return [found for line in PAGES[name].source() if (found := figures(line))]


@pytest.mark.parametrize("name", PAGES)
def test_there_are_figures_to_compare(name: str) -> None:
    assert sum(page == name for page, _ in PARTS) >= PAGES[name].least
    assert results_of(name)


@pytest.mark.parametrize(("name", "part"), PARTS, ids=lambda text: text[:40])
def test_figures_are_those_of_the_results(name: str, part: str) -> None:
    every = [exact for row in results_of(name) for exact in row]
    assert [f for f in figures(part) if not any(is_rounded(f, exact) for exact in every)] == []


@pytest.mark.parametrize(
    ("name", "part"), [each for each in PARTS if each[1][0] == "|"], ids=lambda text: text[:40]
)
def test_a_row_of_a_table_is_a_row_of_the_results(name: str, part: str) -> None:
    assert any(_within(figures(part), row) for row in results_of(name))


def test_without_noise_no_recommendation_differs() -> None:
    row = next(line for line in of_recommendations() if line.startswith("| none, all |"))
    differ = row.rsplit("|", 2)[1].strip()
    assert f"| none | {differ} differ |" in (ROOT / "docs" / "noisy.md").read_text(encoding="utf-8")


def _within(shown: list[Figure], row: list[Figure]) -> bool:
    """True if the shown figures are in the row, in their order."""
    rest = iter(row)
    return all(any(is_rounded(figure, exact) for exact in rest) for figure in shown)


def test_a_wrong_figure_is_seen() -> None:
    exact = Figure("0.578", "0.359", "0.781")
    assert is_rounded(Figure("0.58", "0.36", "0.78"), exact)
    assert not is_rounded(Figure("0.58", "0.36", "0.79"), exact)
    assert not is_rounded(Figure("0.578", "0.359", "0.782"), exact)
    assert not _within([Figure("0.58", "0.36", "0.78")] * 2, [exact])
