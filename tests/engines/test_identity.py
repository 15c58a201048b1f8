"""Promise 2: an engine run through crosstune suggests bit for bit what it suggests by hand.

The native runs here are written as a user of each library would write them, with that library's
own constructs; nothing of crosstune's adapters is in them.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from typing import Any

import optuna
import pytest

import crosstune
from tests.support.slow import slow_but_first
from tests.support.ten import SPACE, loss

TRIALS = 60
SEEDS = slow_but_first(range(5))
BATCH = [16, 32, 64, 128]
OPTIMIZERS = ["adam", "sgd", "rmsprop"]


def through_crosstune(backend: str, sampler: str, seed: int, trials: int) -> list[dict[str, Any]]:
    study = crosstune.tune(
        {"space": SPACE, "seed": seed}, loss_of, backend=backend, sampler=sampler, trials=trials
    )
    (run,) = study.user_attrs["crosstune:runs"]
    assert run["native"]
    return [trial.params for trial in study.trials]


def loss_of(params: dict[str, Any]) -> float:
    return loss(params)


def assert_identical(native: list[dict[str, Any]], ours: list[dict[str, Any]]) -> None:
    def exact(points: list[dict[str, Any]]) -> list[str]:
        return [repr(sorted(point.items())) for point in points]

    assert len(native) == len(ours)
    assert exact(native) == exact(ours)


def optuna_by_hand(
    make: Callable[..., optuna.samplers.BaseSampler], seed: int, trials: int
) -> list[dict[str, Any]]:
    points = []

    def objective(trial: optuna.Trial) -> float:
        point: dict[str, Any] = {}
        point["lr"] = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
        point["units"] = trial.suggest_int("units", 16, 256, step=16)
        point["layers"] = trial.suggest_int("layers", 1, 4)
        point["batch"] = BATCH[trial.suggest_int("batch", 0, 3)]
        point["optimizer"] = trial.suggest_categorical("optimizer", OPTIMIZERS)
        if point["optimizer"] == "sgd":
            point["momentum"] = trial.suggest_float("momentum", 0.0, 0.99)
            point["nesterov"] = trial.suggest_categorical("nesterov", [False, True])
            if point["nesterov"]:
                point["decay"] = trial.suggest_float("decay", 1e-6, 1e-2, log=True)
        point["dropout"] = trial.suggest_int("dropout", 0, 5) / 10
        point["warmup"] = trial.suggest_int("warmup", 1, 100, log=True)
        points.append(point)
        return loss(point)

    study = optuna.create_study(sampler=make(seed=seed))
    study.optimize(objective, n_trials=trials)
    return points


def quiet(cls: Any) -> Callable[..., optuna.samplers.BaseSampler]:
    return lambda seed: cls(seed=seed, warn_independent_sampling=False)


OPTUNA = {
    "tpe": optuna.samplers.TPESampler,
    "tpe-v4": lambda seed: optuna.samplers.TPESampler(
        seed=seed, multivariate=False, constant_liar=False
    ),
    "cmaes": quiet(optuna.samplers.CmaEsSampler),
    "nsga2": optuna.samplers.NSGAIISampler,
    "nsga3": optuna.samplers.NSGAIIISampler,
    "qmc": quiet(optuna.samplers.QMCSampler),
    "random": optuna.samplers.RandomSampler,
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sampler", OPTUNA)
def test_optuna_suggests_what_it_suggests_by_hand(sampler: str, seed: int) -> None:
    native = optuna_by_hand(OPTUNA[sampler], seed, TRIALS)
    assert_identical(native, through_crosstune("optuna", sampler, seed, TRIALS))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_optuna_gp_suggests_what_it_suggests_by_hand(seed: int) -> None:
    native = optuna_by_hand(quiet(optuna.samplers.GPSampler), seed, TRIALS)
    assert_identical(native, through_crosstune("optuna", "gp", seed, TRIALS))


def hyperopt_by_hand(suggest: Any, seed: int, trials: int) -> list[dict[str, Any]]:
    import hyperopt
    import numpy as np
    from hyperopt import hp

    def index(name: str, n: int) -> Any:
        return hp.quniform(name, -0.5, n - 0.5, 1)

    sgd = {
        "name": "sgd",
        "momentum": hp.uniform("momentum", 0.0, 0.99),
        "nesterov": hp.choice(
            "nesterov", [False, {"decay": hp.loguniform("decay", math.log(1e-6), math.log(1e-2))}]
        ),
    }
    space = {
        "lr": hp.loguniform("lr", math.log(1e-5), math.log(1e-1)),
        "units": index("units", 16),
        "layers": index("layers", 4),
        "batch": index("batch", 4),
        "optimizer": hp.choice("optimizer", [{"name": "adam"}, sgd, {"name": "rmsprop"}]),
        "dropout": index("dropout", 6),
        "warmup": hp.qloguniform("warmup", math.log(0.5), math.log(100.5), 1),
    }
    points = []

    def objective(drawn: dict[str, Any]) -> float:
        point = {
            "lr": min(max(drawn["lr"], 1e-5), 1e-1),
            "units": 16 + 16 * int(drawn["units"]),
            "layers": 1 + int(drawn["layers"]),
            "batch": BATCH[int(drawn["batch"])],
            "optimizer": drawn["optimizer"]["name"],
            "dropout": int(drawn["dropout"]) / 10,
            "warmup": int(drawn["warmup"]),
        }
        if point["optimizer"] == "sgd":
            point["momentum"] = drawn["optimizer"]["momentum"]
            nesterov = drawn["optimizer"]["nesterov"]
            point["nesterov"] = bool(nesterov)
            if nesterov:
                point["decay"] = min(max(nesterov["decay"], 1e-6), 1e-2)
        points.append(point)
        return loss(point)

    hyperopt.fmin(
        objective,
        space,
        algo=suggest,
        max_evals=trials,
        rstate=np.random.default_rng(seed),
        show_progressbar=False,
        verbose=False,
    )
    return points


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("algo", ["tpe", "rand", "anneal", "mix"])
def test_hyperopt_suggests_what_it_suggests_by_hand(algo: str, seed: int) -> None:
    from functools import partial

    from hyperopt import anneal, mix, rand, tpe

    parts = [(0.1, rand.suggest), (0.2, anneal.suggest), (0.7, tpe.suggest)]
    suggest = {
        "tpe": tpe.suggest,
        "rand": rand.suggest,
        "anneal": anneal.suggest,
        "mix": partial(mix.suggest, p_suggest=parts),
    }[algo]
    native = hyperopt_by_hand(suggest, seed, TRIALS)
    assert_identical(native, through_crosstune("hyperopt", algo, seed, TRIALS))


def keras_tuner_by_hand(tuner: str, seed: int, trials: int) -> list[dict[str, Any]]:
    from crosstune.adapters import get

    get("keras_tuner")  # chooses a Keras backend that is installed
    import keras_tuner

    points = []

    def build(hp: Any) -> dict[str, Any]:
        point: dict[str, Any] = {}
        point["lr"] = hp.Float("lr", 1e-5, 1e-1, sampling="log")
        point["units"] = 16 + 16 * hp.Int("units", 0, 15)
        point["layers"] = 1 + hp.Int("layers", 0, 3)
        point["batch"] = hp.Choice("batch", BATCH)
        point["optimizer"] = hp.Choice("optimizer", OPTIMIZERS)
        with hp.conditional_scope("optimizer", ["sgd"]):
            momentum = hp.Float("momentum", 0.0, 0.99)
            nesterov = hp.Boolean("nesterov")
            with hp.conditional_scope("nesterov", [True]):
                decay = hp.Float("decay", 1e-6, 1e-2, sampling="log")
        if point["optimizer"] == "sgd":
            point |= {"momentum": momentum, "nesterov": nesterov}
            if nesterov:
                point["decay"] = decay
        point["dropout"] = hp.Int("dropout", 0, 5) / 10
        point["warmup"] = round(hp.Float("warmup", 0.5, 100.5, sampling="log"))
        point["lr"] = min(max(float(point["lr"]), 1e-5), 1e-1)
        if "momentum" in point:
            point["momentum"] = float(point["momentum"])
        if "decay" in point:
            point["decay"] = min(max(float(point["decay"]), 1e-6), 1e-2)
        point["warmup"] = min(max(point["warmup"], 1), 100)
        return point

    declared = keras_tuner.HyperParameters()
    build(declared)
    base = {
        "bayesian": keras_tuner.BayesianOptimization,
        "random": keras_tuner.RandomSearch,
        "grid": keras_tuner.GridSearch,
    }[tuner]

    class Native(base):  # type: ignore[misc,valid-type]
        def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> float:
            points.append(build(trial.hyperparameters))
            return loss(points[-1])

    with tempfile.TemporaryDirectory() as folder:
        native = Native(
            hyperparameters=declared,
            max_trials=trials,
            seed=seed,
            directory=folder,
            project_name="native",
        )
        native.search(verbose=0)
    return points


# Keras Tuner takes seed 0 for "no seed", so there is no native run to compare with.
KERAS_TUNER_SEEDS = slow_but_first(range(1, 6))


@pytest.mark.parametrize("seed", KERAS_TUNER_SEEDS)
@pytest.mark.parametrize("tuner", ["random", "grid"])
def test_keras_tuner_suggests_what_it_suggests_by_hand(tuner: str, seed: int) -> None:
    native = keras_tuner_by_hand(tuner, seed, TRIALS)
    assert_identical(native, through_crosstune("keras_tuner", tuner, seed, TRIALS))


@pytest.mark.slow
def test_keras_tuner_bayesian_suggests_what_it_suggests_by_hand_at_first() -> None:
    native = keras_tuner_by_hand("bayesian", 1, 33)  # 30 random points, then the model
    assert_identical(native, through_crosstune("keras_tuner", "bayesian", 1, 33))


@pytest.mark.slow
@pytest.mark.parametrize("seed", KERAS_TUNER_SEEDS)
def test_keras_tuner_bayesian_suggests_what_it_suggests_by_hand(seed: int) -> None:
    native = keras_tuner_by_hand("bayesian", seed, TRIALS)
    assert_identical(native, through_crosstune("keras_tuner", "bayesian", seed, TRIALS))


@pytest.mark.parametrize("seed", KERAS_TUNER_SEEDS)
def test_keras_tuner_hyperband_schedules_what_it_schedules_by_hand(seed: int) -> None:
    from crosstune.adapters import get

    get("keras_tuner")
    import keras_tuner

    compiled = get("keras_tuner").compile(SPACE)
    native: list[Any] = []

    class Native(keras_tuner.Hyperband):  # type: ignore[misc]
        def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> float:
            values = trial.hyperparameters.values
            rung = {k: values[k] for k in ("tuner/epochs", "tuner/initial_epoch")}
            past = values.get("tuner/trial_id")
            native.append((values["lr"], rung, None if past is None else int(past)))
            return abs(math.log(values["lr"]) + 7) + 5 / values["tuner/epochs"]

    with tempfile.TemporaryDirectory() as folder:
        Native(
            hyperparameters=compiled,
            max_epochs=27,
            seed=seed,
            directory=folder,
            project_name="native",
        ).search(verbose=0)

    ours: list[Any] = []

    def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
        planned = crosstune.budget(trial)
        assert planned is not None
        rung = {"tuner/epochs": planned.epochs, "tuner/initial_epoch": planned.initial_epoch}
        ours.append((params["lr"], rung, planned.resume_from))
        return abs(math.log(params["lr"]) + 7) + 5 / planned.epochs

    study = crosstune.tune(
        {"space": SPACE, "seed": seed},
        objective,
        backend="keras_tuner",
        sampler={"name": "hyperband", "max_epochs": 27},
    )
    assert study.user_attrs["crosstune:runs"][0]["native"]
    assert len(native) > TRIALS
    assert repr(ours) == repr(native)
