"""`start: defaults` is the start point with these values, bit for bit, on every engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import optuna
import pytest

import crosstune
from crosstune import Space
from crosstune.engines.record_names import RUNS
from tests.support.slow import slow_but_first

SPACE: dict[str, Any] = {
    "lr": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
    "units": {"type": "int", "low": 8, "high": 64, "step": 8},
    "batch": {"type": "choice", "values": [16, 32, 64], "ordered": True},
    "l2": {"type": "lognormal", "mu": -3.0, "sigma": 1.0},
    "kind": {"type": "choice", "values": ["sgd", "adam"]},
    "momentum": {"type": "float", "low": 0.0, "high": 0.9, "when": {"kind": "sgd"}},
    "beta": {"type": "float", "low": 0.8, "high": 0.999, "when": {"kind": "adam"}},
}
DIRECT = {name: SPACE[name] for name in ("lr", "units", "kind", "momentum", "beta")}
"""A space on which Optuna's samplers run alone."""
FINITE = {name: SPACE[name] for name in ("units", "batch", "kind")}
VALUES = {"lr": 0.01, "units": 32, "batch": 32, "l2": 0.05, "kind": "sgd", "momentum": 0.5}
"""The default arguments that are active."""

CASES: dict[str, dict[str, Any]] = {
    "optuna:tpe": {},
    "optuna:tpe direct": {"space": DIRECT},
    "optuna:random": {},
    "optuna:gp": {"space": DIRECT},
    "optuna:grid": {"space": FINITE},
    "hyperopt:tpe": {},
    "hyperopt:anneal": {},
    "keras_tuner:bayesian": {},
    "keras_tuner:random": {},
    "keras_tuner:grid": {"space": FINITE},
    "crosstune:gp": {},
    "crosstune:grid": {"space": FINITE},
}
ENGINES = ["optuna:tpe", "hyperopt:tpe", "keras_tuner:bayesian", "crosstune:gp"]


def objective(
    params: dict[str, Any],
    lr: float = 0.01,
    units: int = 32,
    batch: int = 32,
    l2: float = 0.05,
    kind: str = "sgd",
    momentum: float = 0.5,
    beta: float = 0.9,
) -> float:
    return float(params.get("lr", 0.5) * params["units"] + len(params))


def run(case: str, start: Any, **how: Any) -> optuna.Study:
    backend, _, sampler = case.split()[0].partition(":")
    spec = {"space": SPACE, "name": "same", "seed": 3, "start": start, **CASES[case]}
    how.setdefault("trials", 14)
    return crosstune.tune(spec, objective, backend=backend, sampler=sampler, **how)


def explicit(case: str) -> list[dict[str, Any]]:
    space = CASES[case].get("space", SPACE)
    return [{name: value for name, value in VALUES.items() if name in space}]


def evaluated(case: str) -> dict[str, Any]:
    """The params of the trial: that of a lognormal is rounded to a quantile."""
    return Space(CASES[case].get("space", SPACE)).check_point(explicit(case)[0])


def history(study: optuna.Study) -> list[str]:
    return [repr((t.number, t.state, t.value, t.params, t.distributions)) for t in study.trials]


def record(study: optuna.Study) -> list[dict[str, Any]]:
    return [{k: v for k, v in run.items() if k != "defaults"} for run in study.user_attrs[RUNS]]


def assert_same(one: optuna.Study, two: optuna.Study) -> None:
    assert history(one) == history(two)
    assert record(one) == record(two)


@pytest.mark.parametrize("case", CASES)
def test_it_is_the_point_with_these_values(case: str) -> None:
    by_word, by_value = run(case, "defaults"), run(case, explicit(case))
    assert_same(by_word, by_value)
    assert by_word.trials[0].params == evaluated(case)
    assert by_word.user_attrs[RUNS][0]["defaults"]["params"] == explicit(case)[0]
    assert len(by_word.trials) == 14


@pytest.mark.parametrize("engine", ENGINES)
def test_among_other_points_too(engine: str) -> None:
    more = {"lr": 0.5, "kind": "adam"}
    assert_same(run(engine, [more, "defaults"]), run(engine, [more, *explicit(engine)]))


@pytest.mark.parametrize("engine", ENGINES)
def test_what_has_no_default_is_drawn_as_a_point_leaves_it_out(engine: str) -> None:
    space = {
        **SPACE,
        "units": {"type": "int", "low": 40, "high": 64, "step": 8},
        "more": {"type": "float", "low": 0.0, "high": 1.0},
        "kind": {"type": "choice", "values": ["adam", "other"]},
        "momentum": {"type": "float", "low": 0.0, "high": 0.9},
    }
    backend, _, sampler = engine.partition(":")
    spec = {"space": space, "name": "same", "seed": 3, "trials": 10}
    left = {name: VALUES[name] for name in ("lr", "batch", "l2", "momentum")} | {"beta": 0.9}
    made = [
        crosstune.tune(spec, objective, backend=backend, sampler=sampler, start=start)
        for start in ("defaults", [left])
    ]
    assert_same(*made)
    skipped = made[0].user_attrs[RUNS][0]["defaults"]["skipped"]
    assert sorted(skipped) == ["kind", "more", "units"]
    first = made[0].trials[0].params
    assert first["lr"] == 0.01
    assert first.get("beta", 0.9) == 0.9
    assert ("beta" in first) == (first["kind"] == "adam")


@pytest.mark.parametrize("engine", ENGINES)
def test_in_order_with_several_workers(engine: str) -> None:
    def several(start: Any, workers: int) -> optuna.Study:
        with ThreadPoolExecutor(workers) as executor:
            return run(engine, start, executor=executor, workers=workers, lag=3)

    by_word = several("defaults", 2)
    assert_same(by_word, several(explicit(engine), 3))
    assert by_word.trials[0].params == evaluated(engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_resumed_study_is_the_uninterrupted_one(engine: str, tmp_path: Path) -> None:
    place = str(tmp_path / "study.journal")
    run(engine, "defaults", trials=5, storage=place)
    resumed = run(engine, "defaults", storage=place, resume=True)
    assert history(resumed) == history(run(engine, explicit(engine)))
    (kept,) = resumed.user_attrs[RUNS]
    assert kept["defaults"]["params"] == VALUES


@pytest.mark.parametrize("engine", slow_but_first(ENGINES))
def test_worker_processes_evaluate_it(engine: str) -> None:
    study = run(engine, "defaults", workers=2, trials=4)
    assert study.trials[0].params == evaluated(engine)
    assert study.trials[0].value == objective(VALUES)


def test_the_first_trial_is_the_same_on_all_engines() -> None:
    firsts = [
        run(engine, "defaults", trials=1, seed=i).trials[0] for i, engine in enumerate(ENGINES)
    ]
    assert all(trial.params == evaluated(ENGINES[0]) for trial in firsts)
    assert len({trial.value for trial in firsts}) == 1
