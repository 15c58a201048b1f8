"""Each difference that the adapter's docstring lists."""

from __future__ import annotations

import gc
import os
import weakref
from pathlib import Path
from typing import Any

import optuna
import pytest

import crosstune
from crosstune import Bool, Choice, Constant, Float, Int, Space, adapters
from crosstune.engines.base import Exhausted, Outcome
from crosstune.errors import UnknownName, Unsupported
from crosstune.samplers import KerasTunerSampler

ADAPTER = adapters.get("keras_tuner")  # chooses a Keras backend that is installed

import keras_tuner  # noqa: E402
from keras_tuner.src.engine import oracle as oracle_module  # noqa: E402

SMALL = Space({"x": Choice(["a", "b", "c"]), "y": Bool()})


def make(algorithm: str, space: Space, **kwargs: Any) -> Any:
    return ADAPTER.engine(
        algorithm, space, **{"seed": 0, "maximize": False, "options": {}, **kwargs}
    )


def test_seed_zero_draws_what_a_native_oracle_draws_at_that_state() -> None:
    oracle = keras_tuner.oracles.RandomSearchOracle(hyperparameters=ADAPTER.compile(SMALL), seed=1)
    oracle.seed = oracle._seed_state = 0
    native = oracle.populate_space("0")["values"]
    assert make("random", SMALL).ask(0) == native


def test_a_log_integer_is_a_rounded_float() -> None:
    (item,) = ADAPTER.compile(Space({"n": Int(1, 8, log=True)})).space
    assert isinstance(item, keras_tuner.engine.hyperparameters.Float)
    assert (item.min_value, item.max_value, item.sampling) == (0.5, 8.5, "log")


def test_a_condition_on_a_log_integer_is_refused_with_the_reason() -> None:
    space = Space({"n": Int(1, 8, log=True), "x": Float(0, 1, when={"n": 2})})
    with pytest.raises(Unsupported, match="'x'.*'n' is an integer on a log scale"):
        ADAPTER.compile(space)


def test_a_condition_on_a_weighted_choice_is_refused_with_the_reason() -> None:
    parent = Choice(["a", "b"], weights=[0.2, 0.8])
    with pytest.raises(Unsupported, match="'x'.*'p' is weighted"):
        ADAPTER.compile(Space({"p": parent, "x": Float(0, 1, when={"p": "b"})}))


def test_a_choice_of_one_type_is_a_choice_and_of_several_an_index() -> None:
    space = Space({"one": Choice(["a", "b"]), "several": Choice(["a", 1, None])})
    one, several = ADAPTER.compile(space).space
    assert list(one.values) == ["a", "b"]
    assert (several.min_value, several.max_value) == (0, 2)


def test_two_independent_parents_are_both_needed() -> None:
    space = Space({"a": Bool(), "b": Bool(), "x": Float(0, 1, when={"a": True, "b": False})})
    *_, x = ADAPTER.compile(space).space
    assert [(c.name, c.values) for c in x.conditions] == [("a", [True]), ("b", [False])]


@pytest.mark.parametrize("algorithm", ["random", "grid"])
def test_a_small_space_is_covered_and_then_runs_dry(algorithm: str) -> None:
    engine = make(algorithm, SMALL)
    seen = set()
    with pytest.raises(Exhausted):
        for i in range(100):
            seen.add(tuple(engine.ask(i).items()))
            engine.tell(i, Outcome("complete", 1.0))
    assert len(seen) == 6


def test_a_study_that_stops_early_says_so(caplog: pytest.LogCaptureFixture) -> None:
    study = crosstune.tune(
        {"space": SMALL, "seed": 0},
        lambda params: 1.0,
        backend="keras_tuner",
        sampler="random",
        trials=50,
    )
    assert len(study.trials) == 6
    assert "keras_tuner:random has no new point after 6 trials" in caplog.text


def test_a_plain_optimize_that_stops_early_prunes_the_trial_without_a_point() -> None:
    study = optuna.create_study(sampler=KerasTunerSampler("random", space=SMALL, seed=0))
    study.optimize(
        lambda t: len(t.suggest_categorical("x", ["a", "b", "c"])), n_trials=50, catch=()
    )
    assert [t.state.name for t in study.trials] == ["COMPLETE"] * 6 + ["PRUNED"]


def test_the_grid_takes_the_lowest_value_and_ten_middles() -> None:
    engine = make("grid", Space({"x": Float(0.0, 1.0)}))
    values = []
    with pytest.raises(Exhausted):
        for i in range(100):
            values.append(engine.ask(i)["x"])
            engine.tell(i, Outcome("complete", 1.0))
    assert sorted(values) == pytest.approx([0.0, *(0.05 + 0.1 * i for i in range(10))])


def test_the_grid_goes_on_while_its_trials_are_running() -> None:
    engine = make("grid", SMALL)
    points = [tuple(engine.ask(i).values()) for i in range(6)]
    assert len(set(points)) == 6


def test_a_pruned_trial_is_completed_with_its_last_report() -> None:
    engine = make("random", SMALL)
    engine.ask(0)
    engine.tell(0, Outcome("pruned", 3.0))
    (trial,) = engine.native.trials.values()
    assert (trial.status, trial.score) == ("COMPLETED", 3.0)


@pytest.mark.parametrize(
    "outcome",
    [Outcome("failed"), Outcome("pruned"), Outcome("complete", float("inf"))],
    ids=["failed", "pruned without a report", "infinite"],
)
def test_what_has_no_finite_value_is_failed(outcome: Outcome) -> None:
    engine = make("random", SMALL)
    for i in range(5):
        engine.ask(i)
        engine.tell(i, outcome)
    assert {trial.status for trial in engine.native.trials.values()} == {"FAILED"}


def test_no_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    engine = make("grid", SMALL)
    for i in range(3):
        engine.ask(i)
        engine.tell(i, Outcome("complete", 1.0))
    assert list(tmp_path.iterdir()) == []


def test_an_error_inside_an_oracle_leaves_its_lock_free() -> None:
    engine = make("random", SMALL)
    engine.ask(0)
    engine._trials[0].trial_id = "no such trial"
    with pytest.raises(KeyError):
        engine.tell(0, Outcome("complete", 1.0))
    assert engine.ask(1)  # would hang for ever


def test_an_oracle_is_released_with_its_engine() -> None:
    engine = make("random", SMALL)
    engine.ask(0)
    oracle = weakref.ref(engine.native)
    del engine
    gc.collect()
    assert oracle() is None


@pytest.mark.parametrize("name", ["_save_trial", "_display", "ongoing_trials", "start_order"])
def test_the_private_names_of_an_oracle_are_where_they_were(name: str) -> None:
    assert hasattr(keras_tuner.oracles.RandomSearchOracle(), name)


def test_a_point_that_another_process_evaluates_is_not_drawn() -> None:
    """Guards `_tried_so_far` and `_compute_values_hash`: without them it would be."""
    space = Space({"x": Int(0, 3), "fixed": Constant(1), "c": Choice(["a", 1])})
    others = [{"x": x, "fixed": 1, "c": c} for x in range(4) for c in ("a", 1)][:-1]
    engine = make("random", space)
    engine.running(others)
    assert engine.ask(0) == {"x": 3, "fixed": 1, "c": 1}


def test_the_private_names_of_the_module_are_where_they_were() -> None:
    oracle = keras_tuner.oracles.GridSearchOracle()
    assert isinstance(oracle._populate_next, list)
    assert oracle_module.LOCKS[oracle].acquire(blocking=False)
    assert oracle_module.THREADS[oracle] is None


def test_an_unknown_option_is_an_error() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'beta'"):
        make("bayesian", SMALL, options={"betta": 1.0})


def test_options_reach_the_oracle() -> None:
    engine = make("bayesian", SMALL, options={"num_initial_points": 2, "beta": 1.5})
    assert (engine.native.num_initial_points, engine.native.beta) == (2, 1.5)


def test_a_keras_backend_that_is_installed_is_chosen() -> None:
    assert os.environ.get("KERAS_BACKEND") in ("jax", "torch", "tensorflow", "numpy")
