"""A person reads the fronts in a report: of a match with several metrics, and of one such study."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import optuna
import pytest
from click.testing import CliRunner

import crosstune
from crosstune import Float, Spec
from crosstune.benchmarks.report import fronts, write_report
from crosstune.benchmarks.statistics.summary import summarize
from crosstune.cli.main import crosstune as command_line
from crosstune.engines.feasibility import front
from tests.journeys.test_report_browser import DESK, PHONE, opened
from tests.support.browser import expect, needs_browser
from tests.unit.benchmarks.test_report_fronts import match

pytestmark = [pytest.mark.slow, pytest.mark.optuna5, needs_browser]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE])


def under_the_pointer(page: Any, dot: Any) -> str:
    """The tooltip of what the pointer meets at the middle of a dot."""
    dot.scroll_into_view_if_needed()
    box = dot.bounding_box()
    at = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    page.mouse.move(*at)
    words: str = page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).querySelector('title')?.textContent ?? ''", at
    )
    return words


@SIZES
def test_the_fronts_of_a_match(tmp_path: Path, size: tuple[int, int]) -> None:
    results = match()
    path = write_report(results, summarize(results), tmp_path)
    with opened(path, size) as page:
        section = page.locator("#fronts")
        expect(section.locator("h2")).to_have_text("The fronts")
        figure = section.locator("svg.diagram")
        expect(figure).to_have_count(1)
        for name in results.settings.contenders:
            surface = figure.locator("polyline", has_text=f"{name}: half of its runs reach")
            corners = [
                tuple(map(float, at.split(","))) for at in surface.get_attribute("points").split()
            ]
            # A staircase: each step goes along one axis.
            assert len(corners) == 2 * len(fronts.surface(results, "m", name)) + 1
            assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(corners))
        dots = figure.locator("circle")
        points = fronts.pooled(results, "m")
        expect(dots).to_have_count(len(points))
        for n, point in enumerate(points):
            good, cost = point.trial.values
            assert under_the_pointer(page, dots.nth(n)) == (
                f"good {good:g}, cost {cost:g}; {point.contender}, seed {point.seed}, "
                f"trial {point.trial.number}"
            )
        section.locator("details summary").first.click()
        rows = section.locator("details table tbody tr")
        expect(rows).to_have_count(len(points))


def test_hypervolume_over_the_budget_and_the_share_feasible(tmp_path: Path) -> None:
    results = match()
    summary = summarize(results)
    path = write_report(results, summary, tmp_path)
    with opened(path) as page:
        expect(page.locator("#curves h2")).to_have_text("The front so far")
        expect(page.locator("#curves")).to_contain_text("hypervolume of the feasible front")
        assert page.locator("#curves .chart path.line").count() == len(results.settings.contenders)
        table = page.locator("#standings table").first
        heads = [head.strip().lower() for head in table.locator("thead th").all_inner_texts()]
        for row in table.locator("tbody tr").all():
            cells = [cell.strip() for cell in row.locator("th, td").all_inner_texts()]
            shown = dict(zip(heads, cells, strict=True))
            standing = next(one for one in summary.standings if one.contender in shown["contender"])
            assert float(shown["hypervolume"]) == pytest.approx(standing.hypervolume, abs=0.001)
            assert float(shown["feasible"].removesuffix(" %")) == pytest.approx(
                100 * (standing.feasible or 0), abs=1
            )


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[optuna.Study, str]:
    """A study in a journal with two metrics and a constraint, and where it is."""
    place = str(tmp_path_factory.mktemp("study") / "a.journal")
    spec = Spec(
        space={"x": Float(0, 1), "y": Float(0, 1)},
        metrics=[{"name": "good", "direction": "maximize"}, "cost"],
        constraints=[{"metric": "m", "max": 1.2}],
        trials=30,
        seed=0,
    )

    def objective(params: dict[str, Any]) -> dict[str, float]:
        x, y = params["x"], params["y"]
        return {"good": x - y * y, "cost": x * x + y * y, "m": x + y}

    return crosstune.tune(spec, objective, storage=place), place


@SIZES
def test_the_front_of_a_study(
    study: tuple[optuna.Study, str], tmp_path: Path, size: tuple[int, int]
) -> None:
    made, place = study
    out = tmp_path / "report.html"
    done = CliRunner().invoke(command_line, ["report", place, "--out", str(out)])
    assert done.exit_code == 0, done.output
    best = front(made)
    with opened(out, size) as page:
        section = page.locator("#front")
        expect(section.locator("h2")).to_have_text("The front")
        title = section.locator("svg.diagram").get_attribute("aria-label")
        assert f"{len(best)} of {len(made.trials)} trials are on the front" in title
        dots = section.locator("svg.diagram circle:not(.hollow)")
        shown = [dot for dot in dots.all() if dot.locator("title").count()]
        assert len(shown) == len(best)
        titles = [dot.locator("title").text_content() for dot in shown]
        by_number = {_number_in(words): words for words in titles}
        assert by_number.keys() == {trial.number for trial in best}
        for trial in best:
            good, cost = trial.values
            assert f"good {good:.6g}, cost {cost:.6g}" in by_number[trial.number]
        # A dot may lie behind another one, so not each of them is met.
        met = [under_the_pointer(page, dot) for dot in shown]
        assert set(met) <= set(titles)
        assert len(set(met)) > len(titles) / 2
        section.locator("details summary").first.click()
        heads = section.locator("details table thead th")
        expect(heads).to_have_count(1 + len(best))  # a column for each trial


def _number_in(words: str) -> int:
    """The number of the trial in a tooltip."""
    found = re.match(r"trial (\d+):", words)
    assert found, words
    return int(found[1])
