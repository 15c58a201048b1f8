"""With a lag, the history does not depend on how many evaluate, or where."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import optuna
import pytest

import crosstune
from tests.support.slow import slow_but_first
from tests.unit.parallel import objectives
from tests.unit.parallel.histories import history, states

ENGINES = ["optuna:tpe", "hyperopt:tpe", "keras_tuner:bayesian", "crosstune:gp"]


def _run(engine: str, pruner: Any = "median", trials: int = 20, **how: Any) -> optuna.Study:
    backend, _, sampler = engine.partition(":")
    how.setdefault("objective", objectives.uneven)
    return crosstune.tune(
        {"space": objectives.SPACE, "seed": 5, "name": "same"},
        how.pop("objective"),
        backend=backend,
        sampler=sampler,
        pruner=pruner,
        trials=trials,
        **how,
    )


def _in_threads(engine: str, workers: int, lag: int, **how: Any) -> optuna.Study:
    with ThreadPoolExecutor(workers) as executor:
        return _run(engine, executor=executor, workers=workers, lag=lag, **how)


@pytest.mark.parametrize("engine", slow_but_first(ENGINES))
def test_threads_have_the_same_history(engine: str) -> None:
    runs = [_in_threads(engine, workers, 7) for workers in (1, 2, 8)]
    assert history(runs[0]) == history(runs[1]) == history(runs[2])
    assert states(runs[0])["PRUNED"] > 0


@pytest.mark.parametrize(
    "pruner",
    [
        "hyperband",
        "successive-halving",
        "curve",
        {"name": "patient", "wrapped_pruner": "median", "patience": 1},
        {"name": "percentile", "percentile": 40.0},
    ],
)
def test_every_pruner_decides_the_same(pruner: Any) -> None:
    runs = [_in_threads("optuna:random", workers, 3, pruner=pruner) for workers in (1, 4)]
    assert history(runs[0]) == history(runs[1])
    assert states(runs[0])["PRUNED"] > 0


@pytest.mark.parametrize("pruner", ["median", "hyperband", "successive-halving", "curve"])
@pytest.mark.parametrize("engine", slow_but_first(["optuna:tpe", "hyperopt:tpe"]))
def test_without_lag_it_is_the_plain_run(engine: str, pruner: str) -> None:
    plain = _run(engine, pruner, objective=objectives.curve)
    ordered = _in_threads(engine, 1, 0, pruner=pruner, objective=objectives.curve)
    assert history(plain) == history(ordered)
    assert states(plain)["PRUNED"] > 0
    assert ordered.user_attrs["crosstune:runs"][0]["native"] is True


def test_another_lag_is_another_history() -> None:
    assert history(_in_threads("optuna:tpe", 2, 7)) != history(_in_threads("optuna:tpe", 2, 2))


def test_the_study_says_how_it_was_made() -> None:
    record = _in_threads("optuna:random", 2, 7, trials=2).user_attrs["crosstune:runs"][0]
    assert record["native"] is False
    assert "lag 7" in record["notes"][0]


def test_processes_have_the_same_history() -> None:
    threads = _in_threads("optuna:tpe", 4, 3)
    assert history(_run("optuna:tpe", workers=2, lag=3)) == history(threads)


@pytest.mark.slow
@pytest.mark.parametrize("engine", slow_but_first(ENGINES))
def test_processes_and_dask_have_the_same_history(engine: str) -> None:
    threads = history(_in_threads(engine, 8, 7))
    for workers in (1, 2, 8):
        assert history(_run(engine, workers=workers, lag=7)) == threads
    for workers in (1, 2, 8):
        assert history(_run(engine, workers=workers, executor="local", lag=7)) == threads


def test_a_walk_ends_and_misses_nothing() -> None:
    spec = {"space": {"k": {"type": "int", "low": 1, "high": 9}}, "seed": 0, "sampler": "grid"}
    for how in ({"workers": 3}, {"workers": 3, "lag": 2}):
        with ThreadPoolExecutor(3) as executor:
            study = crosstune.tune(
                spec, lambda params: float(params["k"]), executor=executor, **how
            )
        assert sorted(t.params["k"] for t in study.trials) == list(range(1, 10))
        assert states(study) == {"COMPLETE": 9}


def test_a_scheduler_waits_for_its_rounds() -> None:
    spec = {
        "space": {"x": {"type": "float", "low": -1, "high": 1}},
        "seed": 1,
        "backend": "keras_tuner",
        "sampler": {"name": "hyperband", "max_epochs": 9},
    }
    runs = []
    for workers in (1, 4):
        with ThreadPoolExecutor(workers) as executor:
            runs.append(
                crosstune.tune(spec, objectives.square, executor=executor, workers=workers, lag=3)
            )
    assert history(runs[0]) == history(runs[1])
    assert states(runs[0]) == {"COMPLETE": len(runs[0].trials)}
    assert len(runs[0].trials) > 20
