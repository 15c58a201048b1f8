"""The training problems are fair: parts apart, nothing but parameters and seed decides."""

from __future__ import annotations

import itertools
import sys
import warnings
from typing import Any

import numpy as np
import optuna
import pytest
from sklearn import datasets
from threadpoolctl import threadpool_info, threadpool_limits

from crosstune import Space, tune
from crosstune.benchmarks.problems import get, names
from crosstune.benchmarks.problems.training import boosting, data, linear, networks
from crosstune.space.parameters import Int
from tests.support.slow import slow_but_first

NAMES = names("training")
NOISY = {"training/digits-network", "training/cancer-network", "training/cancer-resampled"}
CURVES = ("training/digits-network", "training/cancer-network")
PARTS = {
    "digits": (data.digits, datasets.load_digits),
    "cancer": (data.cancer, datasets.load_breast_cancer),
    "diabetes": (data.diabetes, datasets.load_diabetes),
}


def evaluate(name: str, seed: int, trial: Any = None) -> dict[str, float]:
    """What a point that does not fail returns; `seed` draws the point."""
    problem = get(name)
    rng = np.random.default_rng(seed)
    points = (problem.space.sample(rng) for _ in itertools.count())
    params = next(p for p in points if p.get("components", 0) <= p.get("features", 99))  # type: ignore[operator]
    assert callable(problem.objective)
    found: dict[str, float] = problem.objective(params, trial)
    return found


@pytest.mark.parametrize("name", PARTS)
def test_the_parts_share_no_row_and_hold_the_rows_that_they_name(name: str) -> None:
    parts, load = PARTS[name][0](), PARTS[name][1]
    x, y = load(return_X_y=True)
    rows = [part.rows for part in (parts.train, parts.valid, parts.test)]
    assert sorted(np.concatenate(rows).tolist()) == list(range(len(y)))
    for part in (parts.train, parts.valid, parts.test):
        assert (part.y == y[part.rows]).all()
        scale = parts.train.x.std(0) / np.where(np.ptp(x[rows[0]], 0), x[rows[0]].std(0), 1)
        moved = (x[part.rows] - x[rows[0]].mean(0)) * scale + parts.train.x.mean(0)
        seen = np.ptp(x[rows[0]], 0) > 0
        assert part.x[:, seen] == pytest.approx(moved[:, seen])
    assert f"{len(rows[0]):,} + {len(rows[1])} + {len(rows[2])} rows" in str(PARTS[name][0].__doc__)


@pytest.mark.parametrize("name", NAMES)
def test_tuning_sees_nothing_of_the_test_part(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other test rows change the test score alone, and the metric is of the validation part."""
    before = evaluate(name, 1)
    metric = get(name).metric
    home = sys.modules[get(name).objective.__module__]  # type: ignore[union-attr]
    loader = name.partition("/")[2].partition("-")[0]
    parts = PARTS[loader][0]()
    few = data.Part(parts.test.rows[:40], parts.test.x[:40], parts.test.y[:40])
    monkeypatch.setattr(home, loader, lambda: data.Parts(parts.train, parts.valid, few))
    after = evaluate(name, 1)
    assert after[metric] == before[metric]
    assert after[f"test_{metric}"] != before[f"test_{metric}"]
    swapped = data.Parts(parts.train, parts.test, parts.valid)
    monkeypatch.setattr(home, loader, lambda: swapped)
    if name != "training/cancer-resampled":  # which draws from training and validation together
        after = evaluate(name, 1)
        assert after == {metric: before[f"test_{metric}"], f"test_{metric}": before[metric]}


def test_the_split_that_a_seed_draws_leaves_the_test_part_alone() -> None:
    parts = data.cancer()
    train, valid = boosting.split(5)
    every = len(parts.train.y) + len(parts.valid.y)
    assert sorted([*train.tolist(), *valid.tolist()]) == list(range(every))
    assert len(valid) == boosting.JUDGED_BY
    assert boosting.split(6)[1].tolist() != valid.tolist()


@pytest.mark.parametrize("name", NAMES)
def test_a_study_with_the_same_seed_gives_the_same_values(name: str) -> None:
    problem = get(name)
    first, second, other = (
        tune(problem.spec, problem.objective, sampler="random", trials=1, seed=seed, start=start)
        for start in [[dict(_point(name))]]
        for seed in (1, 1, 2)
    )
    assert first.trials[0].value == second.trials[0].value
    assert (
        first.trials[0].user_attrs[f"test_{problem.metric}"]
        == (second.trials[0].user_attrs[f"test_{problem.metric}"])
    )
    assert (first.trials[0].value == other.trials[0].value) == (name not in NOISY)


def _point(name: str) -> dict[str, Any]:
    problem = get(name)
    return problem.space.sample(np.random.default_rng(4))


@pytest.mark.parametrize("name", NAMES)
def test_a_training_runs_on_one_thread(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So sums are added in one order, on a machine with any number of cores."""
    loader = name.partition("/")[2].partition("-")[0]
    seen: list[set[int]] = []

    def load() -> data.Parts:
        seen.append({pool["num_threads"] for pool in threadpool_info()})
        return PARTS[loader][0]()

    home = sys.modules[get(name).objective.__module__]  # type: ignore[union-attr]
    monkeypatch.setattr(home, loader, load)
    with threadpool_limits(limits=3):
        evaluate(name, 3)
        after = {pool["num_threads"] for pool in threadpool_info()}
    assert seen
    assert all(each == {1} for each in seen)
    assert 3 in after


@pytest.mark.parametrize("name", NAMES)
def test_points_are_evaluated_without_a_warning(name: str) -> None:
    metric = get(name).metric
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seed in range(3):
            found = evaluate(name, seed)
            assert found.keys() == {metric, f"test_{metric}"}
            assert np.isfinite(list(found.values())).all()


@pytest.mark.parametrize("name", CURVES)
def test_each_epoch_is_reported_and_the_last_is_the_value(name: str) -> None:
    problem = get(name)
    study = tune(problem.spec, problem.objective, sampler="random", trials=1, seed=1)
    (trial,) = study.trials
    assert list(trial.intermediate_values) == list(range(1, networks.EPOCHS + 1))
    assert trial.value == trial.intermediate_values[networks.EPOCHS]
    assert len(set(trial.intermediate_values.values())) > networks.EPOCHS / 2


def test_a_network_that_trains_badly_can_be_pruned() -> None:
    problem = get("training/digits-network")
    study = tune(
        problem.spec,
        problem.objective,
        sampler="random",
        pruner={"name": "threshold", "upper": 0.3, "n_warmup_steps": 2},
        trials=5,
        seed=1,
    )
    pruned = [t for t in study.trials if t.state == optuna.trial.TrialState.PRUNED]
    complete = [t for t in study.trials if t.state == optuna.trial.TrialState.COMPLETE]
    assert pruned
    assert complete
    assert all(1 < len(t.intermediate_values) < networks.EPOCHS for t in pruned)
    assert all(t.value is not None and t.value < 0.3 for t in complete)


@pytest.mark.slow
def test_a_longer_training_overfits_some_network() -> None:
    problem = get("training/cancer-network")
    study = tune(problem.spec, problem.objective, sampler="random", trials=6, seed=1)
    rises = [
        t.intermediate_values[networks.EPOCHS] > 1.1 * min(t.intermediate_values.values())
        for t in study.trials
    ]
    assert any(rises)
    assert not all(rises)


@pytest.mark.slow
def test_the_noise_is_smaller_than_the_differences_between_points(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = np.empty((6, 6))
    for point in range(6):
        for seed in range(6):
            monkeypatch.setattr(boosting, "seed", lambda trial, seed=seed: seed)
            values[point, seed] = evaluate("training/cancer-resampled", point)["log_loss"]
    noise, signal = values.std(1).mean(), values.mean(1).std()
    assert 0.1 * signal < noise < signal


def test_the_explosive_error_spans_decades_and_stays_finite() -> None:
    found = [evaluate("training/diabetes-explosive", seed)["rmse"] for seed in range(90)]
    assert min(found) < 70
    assert max(found) > 1e12
    assert np.isfinite(found).all()
    assert 0.2 < np.mean(np.array(found) > 1e3) < 0.6


def test_the_fragile_one_fails_where_it_says_and_in_the_stated_share() -> None:
    space = linear.FRAGILE_SPACE
    features, components = space["features"], space["components"]
    assert isinstance(features, Int)
    assert isinstance(components, Int)
    every = [
        {"features": k, "components": c, "whiten": False, "C": 1.0}
        for k in range(features.low, features.high + 1)
        for c in range(components.low, components.high + 1)
    ]
    failing = [params for params in every if params["components"] > params["features"]]
    assert len(failing) / len(every) == linear.FAILS
    for params in failing:
        with pytest.raises(ValueError, match="n_components"):
            linear.classify_components(params)
    for params in every[::7]:
        if params not in failing:
            assert np.isfinite(linear.classify_components(params)["log_loss"])


@pytest.mark.parametrize("engine", slow_but_first(["optuna", "hyperopt", "keras_tuner"]))
def test_a_study_of_the_fragile_one_goes_on_after_a_failure(engine: str) -> None:
    problem = get("training/cancer-fragile")
    start = [
        {"features": 20, "components": 2, "whiten": True, "C": 1.0},
        {"features": 2, "components": 5, "whiten": True, "C": 1.0},
    ]
    study = tune(
        problem.spec, problem.objective, backend=engine, sampler="random", trials=3, start=start
    )
    states = [trial.state.name for trial in study.trials]
    assert states[:2] == ["COMPLETE", "FAIL"]
    assert len(states) == 3


def test_the_pipeline_has_conditions_on_conditions() -> None:
    space: Space = get("training/digits-pipeline").space
    nested = [
        name
        for name, item in space.items()
        if any(space[parent].parents for parent in item.parents)
    ]
    assert nested == ["power", "max_samples"]
