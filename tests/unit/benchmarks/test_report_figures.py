"""The figures' axes, colours and layout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from crosstune.benchmarks.report import drawings, figures, ranks
from crosstune.benchmarks.statistics.verdicts import Interval, Pair, Standing
from crosstune.presentation.dots import Dots, Mark
from crosstune.presentation.palette import COLOURS, ON_DARK, looks
from tests.unit.benchmarks import report_data as data


def dots(*values: float, **keys: object) -> Dots:
    rows = tuple((str(value), (Mark(value, "", None),)) for value in values)
    return Dots("n", "t", "u", rows, **keys)  # type: ignore[arg-type]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("values", [(1.0, 2.0), (-3e-5, 4e-5), (7.0,), (0.0,), (1e5, 3e9)])
def test_ticks_are_on_the_axis_and_in_order(values: tuple[float, ...]) -> None:
    figure = dots(*values)
    low, high = figure.domain
    ticks = [at for at, _ in figure.ticks]
    assert len(ticks) >= 2
    assert ticks == sorted(ticks)
    assert all(low - 1e-9 * abs(low) <= at <= high + 1e-9 * abs(high) for at in ticks)
    assert len({words for _, words in figure.ticks}) == len(ticks)
    assert all(0 <= (figure.place(value) or 0) <= 1 for value in values)


def test_a_logarithmic_axis_leaves_out_what_is_not_above_0() -> None:
    figure = dots(0.0, 0.002, 3.0, log=True)
    assert figure.domain == (1e-3, 10)
    assert figure.place(0.0) is None
    assert figure.place(0.1) == pytest.approx(0.5)


def test_what_is_not_finite_has_no_place() -> None:
    figure = dots(1.0, float("nan"), float("inf"))
    assert figure.place(float("nan")) is None
    assert figure.place(float("inf")) is None
    assert figure.domain[0] < 1 < figure.domain[1]


def test_no_two_contenders_look_the_same() -> None:
    found = looks([str(i) for i in range(40)])
    assert len(set(found.values())) == 40
    assert all(not found[str(i)].dash for i in range(8))


def test_every_colour_can_be_told_from_the_page() -> None:
    for colour in COLOURS:
        light = 1.05 / (luminance(colour) + 0.05)
        shown = luminance(ON_DARK.get(colour, colour)) + 0.05
        assert light > 2, colour
        assert shown / (luminance("#14171a") + 0.05) > 3, colour


def test_a_pair_seen_from_the_other_side_is_turned_round() -> None:
    pair = Pair("a", "b", "better", 20, 0.2, Interval(0.1, 0.4), 0.8, 0.01, 0.9)
    seen = pair.seen_from("b")
    assert (seen.a, seen.b, seen.verdict) == ("b", "a", "worse")
    assert seen.advantage == -0.2
    assert seen.interval == Interval(-0.4, -0.1)
    assert seen.wins == pytest.approx(0.2)
    assert seen.seen_from("a") == replace(pair, wins=seen.seen_from("a").wins)


def several(n: int) -> tuple[list[Standing], object]:
    held = data.several_problems(seeds=2, trials=5)
    summary = data.summary(held)
    one = summary.standings[0]
    rows = [replace(one, contender=f"c{i}", rank=1.0 + i) for i in range(n)]
    return rows, replace(summary.verdict, critical_distance=1.7)


@pytest.mark.parametrize("n", [2, 5, 25])
def test_the_diagram_of_ranks_keeps_to_its_sheet_and_joins_what_is_close(n: int) -> None:
    rows, ranking = several(n)
    drawn = ranks.diagram(rows, ranking)  # type: ignore[arg-type]
    assert drawn is not None
    points = [point for stroke in drawn.strokes for point in stroke.points]
    assert all(0 <= x <= drawn.width and 0 <= y <= drawn.height for x, y in points)
    lines = [stroke for stroke in drawn.strokes if stroke.series]
    assert len(lines) == n
    assert len({stroke.points[-1] for stroke in lines}) == n
    bars = [stroke for stroke in drawn.strokes if stroke.width == 4]
    assert len(bars) == n - 1  # ranks are 1 apart, so each bar joins two neighbours


def test_one_problem_has_no_diagram_of_ranks() -> None:
    rows, ranking = several(3)
    assert ranks.diagram(rows, replace(ranking, critical_distance=None)) is None  # type: ignore[type-var]


def test_a_drawing_takes_a_name_as_it_is(tmp_path: Path) -> None:
    name = "_$\\frac$ </svg>"
    figure = Dots("cost", "t", "u", ((name, (Mark(1.0, "", name),)),))
    paths = drawings.draw(figure, looks([name]), tmp_path)
    assert [path.suffix for path in paths] == [".png", ".svg", ".pdf"]
    assert "</svg>" not in paths[1].read_text().removesuffix("</svg>\n")


def test_the_curves_have_the_axes_that_the_summary_has() -> None:
    held = data.one_problem(seeds=2, trials=5)
    drawn = figures.curves(held, data.summary(held), "digits")
    assert list(drawn.lines) == ["trials", "seconds"]
    assert list(drawn.lines["trials"]) == list(held.settings.contenders)
