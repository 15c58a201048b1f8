"""The page of a match on several suites with several metrics or constraints."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import crosstune
from crosstune.benchmarks import problems
from crosstune.benchmarks.match.results import MatchRun, Results
from crosstune.benchmarks.research import published
from crosstune.benchmarks.research.matches import Published
from crosstune.benchmarks.research.packed import pack, unpack
from crosstune.benchmarks.research.suites import SUITES, of_suites, suite
from crosstune.benchmarks.statistics import summarize

pytestmark = [pytest.mark.slow, pytest.mark.optuna5]

NAMES = (
    *("fronts/biobj-f1-d5", "fronts/biobj-f28-d2", "fronts/vehicle-time"),
    *("fronts/constrained-f1-d5", "fronts/constrained-f8-d3"),
)
CONTENDERS = ("crosstune:gp", "optuna:tpe", "optuna:random")


@pytest.fixture(scope="module")
def results() -> Results:
    return crosstune.compare(
        [problems.get(name) for name in NAMES],
        contenders=",".join(CONTENDERS),
        seeds=2,
        trials=12,
    ).results


def test_each_problem_is_of_a_suite_with_a_title() -> None:
    wanted = {name for match in published.FRONTS.values() for name in match.names}
    assert {suite(name) for name in wanted} == set(SUITES)


def test_what_is_kept_of_fronts_says_the_same(results: Results, tmp_path: Path) -> None:
    pack(results, tmp_path / "kept.json.xz")
    kept = unpack(tmp_path / "kept.json.xz")
    assert of_suites("x", kept, "crosstune:gp") == of_suites("x", results, "crosstune:gp")


def _rows(page: str, head: str) -> list[list[str]]:
    """The cells of the first table whose head begins so."""
    lines = page[page.index(f"| {head}") :].splitlines()
    lines = lines[: lines.index("")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [cells[0], *cells[2:]]


@pytest.mark.parametrize("contender", CONTENDERS)
def test_what_a_contender_loses_comes_first(results: Results, contender: str) -> None:
    page = of_suites("x", results, contender)
    heads, *rows = _rows(page, f"`{contender}` against")
    assert sorted(heads[1:]) == ["all", "biobj", "constrained", "tables"]
    totals = [float(row[-1].split()[0]) for row in rows]
    assert totals == sorted(totals)
    titles = [line[4:] for line in page.splitlines() if line.startswith("### ")]
    assert titles == [SUITES[name] for name in heads[1:-1]]

    def wins(name: str) -> float:
        """The chance against all rivals, counted from the scores themselves."""
        found = summarize(results, axes=()).by_problem[name]
        place = next(each for each in found if each.contender == contender)
        return (len(found) - place.rank) / (len(found) - 1)

    of_suite = [
        [wins(name) for name in NAMES if suite(name) == each and name in page]
        for each in heads[1:-1]
    ]
    means = [sum(each) / len(each) for each in of_suite]
    assert means == sorted(means)
    order = sorted((name for name in NAMES if suite(name) == "biobj"), key=wins)
    first = [page.index(f"| {name} |") for name in order]
    assert wins(order[0]) == wins(order[1]) or first == sorted(first)


def test_the_share_of_feasible_trials_stands_where_there_are_constraints(results: Results) -> None:
    page = of_suites("x", results, "crosstune:gp")
    of_suite = {title: page[page.index(SUITES[title]) :] for title in ("constrained", "biobj")}
    assert "feasible" in _rows(of_suite["constrained"], "contender")[0]
    assert "feasible" not in _rows(of_suite["biobj"], "contender")[0]


def test_a_problem_without_a_feasible_trial_is_named(results: Results) -> None:
    name = "fronts/constrained-f8-d3"
    hopeless = {
        key: MatchRun(end="done") if key[0] == name else run for key, run in results.runs.items()
    }
    page = of_suites("x", Results(results.settings, hopeless), "crosstune:gp")
    assert f"No contender has a feasible trial on {name}." in page


def test_a_match_of_fronts_is_run_packed_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = Published("Tiny", NAMES[::2], ("optuna:tpe", "optuna:random"), 2, 5)
    monkeypatch.setattr(published, "MATCHES", {"fronts": wanted})
    monkeypatch.setattr(published, "FRONTS", {"fronts": wanted})
    for name in ("FOLDER", "KEPT"):
        monkeypatch.setattr(published, name, tmp_path / name)
    monkeypatch.setattr(published, "RESULTS", tmp_path / "RESULTS.md")
    for what in ("run", "pack", "write"):
        monkeypatch.setattr(sys, "argv", ["published", what, "--jobs", "1"])
        published.main()
    page = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert "## Tiny\n\n| `optuna:tpe` against |" in page
    assert all(f"| {name} |" in page for name in NAMES[::2])
