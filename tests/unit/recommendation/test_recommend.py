"""The recommended trial: under noise by the model, and else exactly the best one."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.study import Study
from optuna.trial import TrialState, create_trial

import crosstune
from crosstune import Choice, Float, Int, Space, recommend
from crosstune.errors import MissingLibrary, RequestError, Unsupported
from tests.support.slow import slow_but_first

UNIT = FloatDistribution(0.0, 1.0)
MIXED = Space(
    {
        "x": Float(0.0, 1.0),
        "n": Int(1, 64, log=True),
        "c": Choice(["a", "b"]),
        "d": Float(0.0, 1.0, when={"c": "a"}),
    }
)


def study_of(points: dict[float, list[float]], direction: str = "minimize") -> Study:
    """A study with a parameter x and the values that were observed at each."""
    study = optuna.create_study(direction=direction)
    for x, values in points.items():
        for value in values:
            study.add_trial(create_trial(params={"x": x}, distributions={"x": UNIT}, value=value))
    return study


def noisy_points(sign: float) -> dict[float, list[float]]:
    """A slope with noise: 0.9 was lucky once, and 0.1 is better in most of its five evaluations."""
    points = {x: [sign * x] for x in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)}
    points[0.1] = [sign * value for value in (-0.5, 0.4, 0.1, 0.2, 0.3)]
    points[0.9] = [sign * -0.6, sign * 1.2]
    return points


@pytest.mark.parametrize(("direction", "sign"), [("minimize", 1.0), ("maximize", -1.0)])
def test_repeats_that_differ_are_averaged(direction: str, sign: float) -> None:
    study = study_of(noisy_points(sign), direction)
    chosen = recommend(study)
    assert (study.best_params["x"], chosen.params, chosen.repeats) == (0.9, {"x": 0.1}, 5)
    assert chosen.trial.value == sign * -0.5
    assert chosen.observed == pytest.approx(sign * 0.1)
    assert abs(chosen.mean - sign * 0.15) < 0.3
    assert 0.05 < chosen.deviation < chosen.noise < 1.0
    assert (chosen.noisy, chosen.differs) == (True, True)
    text = str(chosen)
    assert f"trial {chosen.trial.number}: {chosen.mean:.6g} ± {chosen.deviation:.2g}" in text
    assert "(5 times)" in text
    assert f"the best observed is trial {study.best_trial.number}" in text


def test_a_single_repeat_that_differs_shows_noise_in_a_few_trials() -> None:
    chosen = recommend(study_of({0.1: [-0.2, 1.0], 0.4: [0.1], 0.5: [0.2], 0.6: [0.3]}))
    assert chosen.noisy


def test_equal_repeats_prove_that_there_is_no_noise() -> None:
    points = {x: [x + math.sin(40 * x)] for x in np.linspace(0, 1, 30).tolist()}
    points[0.0] *= 3
    chosen = recommend(study_of(points))
    assert chosen.trial.number == study_of(points).best_trial.number
    assert (chosen.noise, chosen.deviation, chosen.noisy) == (0.0, 0.0, False)


def _deterministic(params: dict[str, Any]) -> float:
    rough = 0.2 * math.sin(25 * params["x"]) * math.cos(9 * params.get("d", 0.4))
    return (params["x"] - 0.3) ** 2 + abs(math.log(params["n"] / 9)) * 0.1 + rough


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize("engine", slow_but_first(["optuna:tpe", "hyperopt:tpe", "crosstune:gp"]))
def test_without_noise_it_is_the_best_trial(engine: str, direction: str) -> None:
    backend, _, sampler = engine.partition(":")
    sign = 1.0 if direction == "minimize" else -1.0
    for seed in range(3):
        study = crosstune.tune(
            {"space": MIXED, "metric": {"direction": direction}, "seed": seed, "trials": 40},
            lambda params: sign * _deterministic(params),
            backend=backend,
            sampler=sampler,
        )
        chosen = recommend(study)
        assert chosen.trial == study.best_trial
        assert (chosen.mean, chosen.observed, chosen.noise) == (study.best_value,) * 2 + (0.0,)
        assert chosen.params == study.best_params


def test_noise_shows_without_repeats_where_near_points_differ() -> None:
    rng = np.random.default_rng(0)
    points = {x: [4 * (x - 0.4) ** 2 + 0.1 * rng.normal()] for x in rng.random(60).tolist()}
    chosen = recommend(study_of(points))
    assert chosen.noisy
    assert abs(chosen.params["x"] - 0.4) < 0.15
    assert 0.05 < chosen.noise < 0.2


def test_what_is_known_of_the_noise_may_be_told() -> None:
    study = study_of(noisy_points(1.0))
    assert recommend(study, noisy=False).trial == study.best_trial
    few = study_of({x: [x] for x in (0.1, 0.5, 0.9)})
    assert (recommend(few).noisy, recommend(few, noisy=True).noisy) == (False, True)


@pytest.mark.optuna5  # before, a trial without constraints is infeasible if another one has some
def test_no_infeasible_trial_is_recommended() -> None:
    study = study_of(noisy_points(1.0))
    for x in (0.12, 0.11, 0.1):
        violating = {"constraints": {"c": 1.0}}
        study.add_trial(
            create_trial(params={"x": x}, distributions={"x": UNIT}, value=-3.0, **violating)
        )
    chosen = recommend(study)
    assert (chosen.params, chosen.repeats) == ({"x": 0.1}, 5)
    assert chosen.trial.value == -0.5


def _by_run(suggest: Callable[[optuna.Trial], float], trials: int = 40) -> Study:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(suggest, n_trials=trials)
    return study


def test_a_space_that_nobody_declared_is_learnt() -> None:
    rng = np.random.default_rng(0)
    objects = [object(), len, "text"]

    def objective(trial: optuna.Trial) -> float:
        kind = trial.suggest_categorical("kind", objects)  # type: ignore[arg-type]
        high = 1.0 + trial.number % 2
        value = (trial.suggest_float("x", 0.0, high) - 0.5) ** 2
        trial.suggest_int("same", 3, 3)
        if kind is len:
            value += 0.2 + trial.suggest_float("only", 0.1, 1.0, log=True)
        return value + 0.3 * float(rng.normal())

    with pytest.warns(UserWarning, match="Choices for a categorical"):
        study = _by_run(objective)
    chosen = recommend(study, noisy=True)
    assert chosen.params["kind"] is not len
    assert abs(chosen.params["x"] - 0.5) < 0.5


def test_trials_outside_of_the_spec_do_not_stop_it() -> None:
    study = study_of(noisy_points(1.0))
    narrow = {"space": {"x": {"type": "float", "low": 0.2, "high": 0.5}}}
    assert recommend(study, spec=narrow).params == {"x": 0.1}
    assert recommend(study, spec=Space({"x": Float(0, 1)})).params == {"x": 0.1}


def test_options_that_python_takes_for_equal_are_told_apart() -> None:
    law = CategoricalDistribution([True, 2, "1"])
    study = optuna.create_study()
    observed = {True: [0.0, 1.0, 0.9, 1.1, 0.8], 2: [0.1, 0.3, 0.2], "1": [2.0]}
    for option, values in observed.items():
        for value in values:
            study.add_trial(
                create_trial(params={"c": option}, distributions={"c": law}, value=value)
            )
    assert recommend(study).params == {"c": 2}


@pytest.mark.parametrize("worst", [math.inf, 1e308, 1e300])
def test_huge_values_do_not_stop_it(worst: float) -> None:
    study = study_of({**noisy_points(1.0), 0.95: [worst], 0.97: [-1e-300]})
    chosen = recommend(study)
    assert all(map(math.isfinite, (chosen.mean, chosen.deviation, chosen.noise)))
    assert chosen.params["x"] < 0.3
    lost = study_of({**noisy_points(1.0), 0.95: [-math.inf]})
    assert recommend(lost).trial == lost.best_trial


def test_equal_values_are_no_reason_for_a_model() -> None:
    study = study_of({x: [1.0] for x in (0.1, 0.2, 0.3, 0.4)})
    assert recommend(study, noisy=True).trial == study.best_trial


def test_what_cannot_be_recommended_is_refused_with_the_reason() -> None:
    with pytest.raises(RequestError, match="no trial has a value"):
        recommend(optuna.create_study())
    failed = optuna.create_study()
    failed.add_trial(create_trial(state=TrialState.FAIL))
    with pytest.raises(RequestError, match="no trial has a value"):
        recommend(failed)
    with pytest.raises(Unsupported, match="2 objectives"):
        recommend(optuna.create_study(directions=["minimize", "maximize"]))
    empty = _by_run(lambda trial: 1.0, trials=2)
    with pytest.raises(RequestError, match="no parameters"):
        recommend(empty)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "scipy" else find(name)
    )
    with pytest.raises(MissingLibrary, match=r"recommend needs scipy.*crosstune\[optuna\]"):
        recommend(study_of(noisy_points(1.0)))
