"""A match with several metrics, or with constraints in its spec, is scored by fixed scales."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import crosstune
from crosstune.benchmarks.compare import read
from crosstune.benchmarks.match.folder import MatchFolder
from crosstune.benchmarks.match.results import About, Evaluation, FrontScale, MatchRun
from crosstune.benchmarks.statistics.fronts import front_scale, nothing_feasible, scored, volume
from crosstune.errors import MissingLibrary, RequestError
from crosstune.spec.measures import Metric

pytest.importorskip("moocore")

METRICS = [{"name": "good", "direction": "maximize"}, {"name": "cost", "direction": "minimize"}]
SPEC: dict[str, Any] = {
    "name": "m",
    "metrics": METRICS,
    "space": {
        "x": {"type": "float", "low": 0, "high": 1},
        "y": {"type": "float", "low": 0, "high": 1},
    },
}
ASKED: dict[str, Any] = {"contenders": ["optuna:tpe", "hyperopt:tpe", "optuna:random"], "trials": 8}
BOX = FrontScale((1.0, 0.0), (0.0, 1.0), best=1.0, random=0.5)
"""Goodness from 0 to 1, cost from 0 to 1."""


def train(params: dict[str, Any]) -> dict[str, float]:
    x, y = params["x"], params["y"]
    return {"good": 1 - x**2 - y, "cost": (x - 1) ** 2 + y * y, "size": x + y}


def front_run(
    points: list[tuple[float, ...]], violated: tuple[int, ...] = (), state: str = "complete"
) -> MatchRun:
    return MatchRun(
        tuple(
            Evaluation(i, state, None, {}, values=at, constraints={"c": float(i in violated)})
            for i, at in enumerate(points)
        ),
        "done",
    )


def about(**more: Any) -> About:
    fields = {"scale": BOX, **more}
    return About("m", "hypervolume regret", False, "print", {"metrics": METRICS}, **fields)


def test_the_score_after_each_trial_is_the_regret_of_the_front_so_far() -> None:
    points = [(0.5, 0.5), (0.4, 0.6), (1.0, 1.0), (0.0, 0.0)]
    values = [trial.value for trial in scored(front_run(points), about()).evaluations]
    # By hand, in the box up to 1.1: rectangles of the staircase.
    areas = [0.6 * 0.6, 0.36, 0.36 + 0.5 * 0.1, 0.36 + 0.05 + 0.1 * 0.5]
    assert values == pytest.approx([(1 - area / 1.21) / 0.5 for area in areas])


def test_an_infeasible_trial_adds_nothing() -> None:
    run = scored(front_run([(0.5, 0.5), (1.0, 0.0)], violated=(1,)), about())
    values = {trial.value for trial in run.evaluations if trial.counts}
    assert list(values) == [pytest.approx((1 - 0.36 / 1.21) / 0.5)]


def test_points_beyond_the_reference_and_infinite_ones_count_nothing() -> None:
    assert volume(np.array([[2.0, -5.0], [np.inf, 0.0]])) == 0.0
    assert nothing_feasible(about()) == 2.0


def test_one_metric_under_constraints_is_its_value_and_nothing_feasible_is_worse_than_any() -> None:
    one = About("m", "loss", False, "print", {}, scale=FrontScale((0.0,), (10.0,)))
    run = MatchRun(tuple(Evaluation(i, "complete", v, {}) for i, v in enumerate((99.0, 4.0))))
    assert [trial.value for trial in scored(run, one).evaluations] == [10.0, 4.0]
    assert nothing_feasible(one) == 11.0
    assert nothing_feasible(replace(one, maximize=True, scale=FrontScale((5.0,), (1.0,)))) == 0.6


def test_the_scale_is_of_the_front_of_all_runs_of_random_search() -> None:
    metrics = [Metric(name="good", direction="maximize"), Metric(name="cost")]
    runs = [front_run([(3.0, 9.0), (1.0, 2.0)]), front_run([(0.0, 4.0), (-8.0, 8.0)])]
    scale = front_scale(runs, metrics)
    assert (scale.ideal, scale.reference) == ((3.0, 2.0), (0.5, 9.0))
    assert 0 < scale.random < scale.best < 1


def test_the_scale_takes_a_known_front() -> None:
    metrics = [Metric(name="good", direction="maximize"), Metric(name="cost")]
    scale = front_scale([front_run([(0.5, 0.9)])], metrics, ((1.0, 1.0), (0.0, 0.0)))
    assert (scale.ideal, scale.reference) == ((1.0, 0.0), (0.0, 1.0))
    assert scale.best == pytest.approx(0.21 / 1.21)
    assert scale.random == pytest.approx(0.12 / 1.21)


def test_no_complete_trial_of_random_search_is_an_error() -> None:
    with pytest.raises(RequestError, match="no complete trial"):
        front_scale([front_run([(1.0, 1.0)], state="failed")], [Metric(name="a"), Metric(name="b")])


def test_the_verdict_is_on_hypervolume_regret() -> None:
    match = crosstune.compare(SPEC, train, seeds=2, **ASKED)
    assert match.sentence.startswith("On hypervolume regret, ")
    assert "| contender | hypervolume regret |" in str(match)
    curve = match.summary.curves["m"]["optuna:tpe"]["trials"].mean
    assert (np.diff(curve) <= 0).all()


def test_more_seeds_and_contenders_change_no_earlier_score(tmp_path: Path) -> None:
    few = crosstune.compare(SPEC, train, seeds=2, out=tmp_path, **ASKED)
    more = {**ASKED, "contenders": [*ASKED["contenders"], "optuna:qmc"]}
    many = crosstune.compare(SPEC, train, seeds=4, out=tmp_path, **more)
    assert many.results.settings.problems[0].scale == few.results.settings.problems[0].scale

    def scores(match: Any) -> list[float]:
        place = match.results.about("m")
        runs = (
            match.results.runs["m", name, seed] for name in ASKED["contenders"] for seed in (0, 1)
        )
        return [scored(run, place).evaluations[-1].value or 0.0 for run in runs]

    assert scores(few) == scores(many)
    assert len(set(scores(few))) > 2


@pytest.mark.optuna5
def test_a_match_cut_short_continues_as_it_began(tmp_path: Path) -> None:
    spec = {**SPEC, "constraints": [{"metric": "size", "max": 1.0}]}
    calls = 0

    def dies(params: dict[str, Any]) -> dict[str, float]:
        nonlocal calls
        calls += 1
        if calls == 61:
            raise KeyboardInterrupt
        return train(params)

    whole = crosstune.compare(spec, train, seeds=2, out=tmp_path / "whole", **ASKED)
    for stopped in (True, False):
        try:
            crosstune.compare(
                spec, dies, seeds=2, out=tmp_path / "cut", same_objective=True, **ASKED
            )
        except KeyboardInterrupt:
            assert stopped
    again = read(tmp_path / "cut")
    assert again.summary.standings[0].score == whole.summary.standings[0].score
    assert again.sentence == whole.sentence
    assert calls == 61 + 2 * 3 * 8 + 5 * 8 - 60


@pytest.mark.optuna5
def test_values_and_constraints_are_on_file(tmp_path: Path) -> None:
    spec = {**SPEC, "constraints": [{"metric": "size", "max": 1.0}]}
    crosstune.compare(spec, train, seeds=1, out=tmp_path, **ASKED)
    trial = MatchFolder(tmp_path).run_file(("m", "optuna:tpe", 0)).read().evaluations[0]
    x, y = (float(trial.params[name]) for name in "xy")  # type: ignore[arg-type]
    assert trial.values == (1 - x**2 - y, (x - 1) ** 2 + y * y)
    assert trial.value is None
    assert dict(trial.constraints or {}) == {"size <= 1": pytest.approx(x + y - 1.0)}


@pytest.mark.optuna5
def test_one_metric_under_a_constraint_in_the_spec_ranks_no_feasible_trial_last() -> None:
    spec = {**SPEC, "metric": "cost", "constraints": [{"metric": "size", "max": 0.5}]}
    del spec["metrics"]
    match = crosstune.compare(spec, train, seeds=3, **{**ASKED, "trials": 4})
    empty = nothing_feasible(match.results.about("m"))
    scores = [run.score for run in match.summary.standings]
    assert empty is not None
    assert max(scores) <= empty
    assert any("a worse score than any" in note for note in match.summary.notes)


def test_a_contender_that_cannot_have_several_metrics_is_refused_before_anything_runs(
    tmp_path: Path,
) -> None:
    def untouched(params: dict[str, Any]) -> dict[str, float]:
        raise AssertionError

    for who, why in (("keras_tuner:hyperband", "metric"), ("optuna:tpe+median", "pruner")):
        with pytest.raises(RequestError, match=f"{who.split('+')[0]}.*{why}"):
            asked = {**ASKED, "contenders": [who, "optuna:random"]}
            crosstune.compare(SPEC, untouched, seeds=2, out=tmp_path, **asked)
    assert not (tmp_path / "match.json").exists()


def test_without_the_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "moocore" else there(name)
    )
    with pytest.raises(
        MissingLibrary, match=r"several metrics needs moocore.*crosstune\[compare\]"
    ):
        crosstune.compare(SPEC, train, seeds=2, **ASKED)


def test_a_metric_that_is_not_finite_fails_its_trial_in_the_scores() -> None:
    def odd(params: dict[str, Any]) -> dict[str, float]:
        return {**train(params), "cost": float("inf") if params["x"] > 0.5 else params["y"]}

    match = crosstune.compare(SPEC, odd, seeds=2, **ASKED)
    assert any("without a finite value on m" in note for note in match.summary.notes)
