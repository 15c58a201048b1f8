"""The front of a study, evaluated again."""

from __future__ import annotations

from typing import Any

import pytest

import crosstune
from crosstune import Float, Spec
from crosstune.errors import RequestError

SPEC = Spec(
    space={"x": Float(0, 1)},
    metrics=["cost", {"name": "gain", "direction": "maximize"}],
    constraints=[{"metric": "size", "max": 0.8}],
    trials=12,
    seed=0,
)


def objective(params: dict[str, Any]) -> dict[str, float]:
    return {"cost": params["x"], "gain": params["x"], "size": params["x"]}


def study_of(*, lucky: int | None = None) -> Any:
    """A study, with a trial that measured a low cost by luck."""

    def measured(params: dict[str, Any], trial: Any) -> dict[str, float]:
        return {**objective(params), **({"cost": -5.0} if trial.number == lucky else {})}

    return crosstune.tune(SPEC, measured, sampler="random")


@pytest.mark.optuna5
def test_a_point_that_was_lucky_leaves_the_front() -> None:
    clean = study_of()
    lucky = min(clean.trials, key=lambda trial: trial.params["x"]).number

    def truth(params: dict[str, Any]) -> dict[str, float]:
        worse = params == clean.trials[lucky].params
        return {**objective(params), "cost": 2.0 if worse else params["x"]}

    again = crosstune.remeasure(study_of(lucky=lucky), SPEC, truth)
    left = [point for point in again.points if not point.stays]
    assert [point.trial.number for point in left] == [lucky]
    assert left[0].values == (2.0, clean.trials[lucky].params["x"])
    assert len(again.front) == len(again.points) - 1
    assert f"trial {lucky} leaves: cost" in str(again)


@pytest.mark.optuna5
def test_medians_spreads_and_points_that_became_infeasible_or_fail() -> None:
    calls: dict[float, int] = {}

    def noisy(params: dict[str, Any]) -> dict[str, float]:
        x = params["x"]
        calls[x] = calls.get(x, 0) + 1
        if x > 0.6:
            raise ValueError("broken")
        size = 0.9 if x < 0.3 else x
        return {"cost": x + [0.0, 1.0, 5.0][calls[x] - 1], "gain": x, "size": size}

    again = crosstune.remeasure(study_of(), objective=noisy)
    assert set(calls.values()) == {3}
    for point in again.points:
        x = point.trial.params["x"]
        assert point.feasible is point.stays is (0.3 <= x <= 0.6)
        assert point.values == (None if x > 0.6 else (pytest.approx(x + 1), x))
        assert point.spread == (() if x > 0.6 else (pytest.approx(5.0), 0.0))
    assert {len(t.values) for t in again.front} == {2}


@pytest.mark.optuna5
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"repeats": 0, "objective": objective}, "1 or more, not 0"),
        ({}, "the spec names no objective"),
    ],
)
def test_what_is_not_possible_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        crosstune.remeasure(study_of(), **arguments)


def test_a_study_with_one_objective_or_without_a_front_is_refused() -> None:
    import optuna

    with pytest.raises(RequestError, match="crosstune.recommend"):
        crosstune.remeasure(optuna.create_study(), SPEC, objective)
    two = optuna.create_study(directions=["minimize", "minimize"])
    with pytest.raises(RequestError, match="no front: no trial has a value"):
        crosstune.remeasure(two, SPEC, objective)
    with pytest.raises(RequestError, match="was not made from a spec"):
        crosstune.remeasure(two, objective=objective)
