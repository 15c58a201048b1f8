"""The report of a match with several metrics: fronts, hypervolume and the share feasible."""

from __future__ import annotations

import numpy as np
import pytest

from crosstune.benchmarks.match.results import About, Evaluation, FrontScale, MatchRun, Results
from crosstune.benchmarks.match.results import Settings as MatchSettings
from crosstune.benchmarks.report import fronts, markdown
from crosstune.benchmarks.statistics import summarize

pytest.importorskip("moocore")

SPEC = {"metrics": [{"name": "good", "direction": "maximize"}, {"name": "cost"}], "space": {}}
SCALE = FrontScale((1.0, 0.0), (0.0, 1.0), best=0.6, random=0.3)


def front_run(*points: tuple[float, float], infeasible: bool = False) -> MatchRun:
    return MatchRun(
        tuple(
            Evaluation(i, "complete", None, {}, values=at, constraints={"c": float(infeasible)})
            for i, at in enumerate(points)
        ),
        "done",
    )


def match() -> Results:
    about = About("m", "hypervolume regret", False, "", SPEC, scale=SCALE)
    runs = {
        ("m", "a", 0): front_run((0.5, 0.5), (0.8, 0.9)),
        ("m", "a", 1): front_run((0.9, 0.4)),
        ("m", "a", 2): front_run((0.2, 0.2)),
        ("m", "b", 0): front_run((0.6, 0.5)),
        ("m", "b", 1): front_run((1.0, 0.0), infeasible=True),
        ("m", "b", 2): front_run((0.6, 0.1)),
    }
    return Results(MatchSettings((about,), ("a", "b"), 3, trials=2), runs)


def test_the_pooled_front_has_the_feasible_points_that_none_beats() -> None:
    points = [
        (point.contender, point.seed, *point.trial.values) for point in fronts.pooled(match(), "m")
    ]
    assert points == [("b", 2, 0.6, 0.1), ("a", 1, 0.9, 0.4)]


def test_the_median_surface_is_what_two_of_three_runs_reach() -> None:
    # Two of a's runs reach (0.5, 0.5); two of them reach (0.2, 0.4), and seeds 0 and 1 (0.8, 0.9).
    surface = fronts.surface(match(), "m", "a")
    assert sorted(map(tuple, surface.tolist())) == [(0.2, 0.4), (0.5, 0.5), (0.8, 0.9)]


def test_a_run_without_a_feasible_trial_counts_in_the_surface() -> None:
    assert fronts.surface(match(), "m", "b").tolist() == [[0.6, 0.5]]


def test_the_picture_has_a_line_for_each_contender_and_says_what_a_dot_is() -> None:
    picture = fronts.picture(match(), "m")
    assert picture is not None
    assert {stroke.series for stroke in picture.strokes} >= {"a", "b"}
    assert "good 0.6, cost 0.1; b, seed 2, trial 0" in [spot.words for spot in picture.spots]


def test_the_tables_have_hypervolume_and_the_share_feasible() -> None:
    summary = summarize(match())
    by = {standing.contender: standing for standing in summary.standings}
    assert by["a"].hypervolume == pytest.approx(
        np.mean([0.6 * 0.6 + 0.3 * 0.2, 1.0 * 0.7, 0.3 * 0.9]) / 1.21
    )
    assert (by["a"].feasible, by["b"].feasible) == (1.0, pytest.approx(2 / 3))
    said = markdown(match(), summary)
    assert "| hypervolume | feasible |" in said
    assert "The pooled front on m" in said
    assert "Best settings" not in said
