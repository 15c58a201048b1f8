"""The same searches without crosstune, written as a user of each library would write them.

Each loop evaluates `loss` at every point that the library suggests and returns the points. The
space has ten parameters and two levels of conditions: momentum and nesterov are there with sgd
alone, warmup with nesterov alone, beta2 with adam alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna

from crosstune.space.space import Params, Space

SPACE = Space(
    {
        "lr": {"type": "float", "low": 1e-5, "high": 1e-1, "log": True},
        "layers": {"type": "int", "low": 1, "high": 4},
        "units": {"type": "int", "low": 16, "high": 256, "step": 16},
        "activation": {"type": "choice", "values": ["relu", "tanh", "gelu"]},
        "batch_norm": {"type": "bool"},
        "optimizer": {"type": "choice", "values": ["sgd", "adam", "rmsprop"]},
        "momentum": {"type": "float", "low": 0.0, "high": 0.99, "when": {"optimizer": "sgd"}},
        "nesterov": {"type": "bool", "when": {"optimizer": "sgd"}},
        "warmup": {"type": "int", "low": 1, "high": 10, "when": {"nesterov": True}},
        "beta2": {"type": "float", "low": 0.9, "high": 0.999, "when": {"optimizer": "adam"}},
    }
)


def loss(params: Mapping[str, Any]) -> float:
    """A number that depends on the point and takes almost no time."""
    bowl: float = (math.log10(params["lr"]) + 3) ** 2 + (params["units"] / 96 - 1) ** 2
    return bowl + (0.5 if params["optimizer"] == "sgd" else 1.0) + 0.1 * float(params["layers"])


def optuna_tpe(trials: int, seed: int, folder: Path) -> list[Params]:
    """`study.optimize` with one call of `suggest` per parameter.

    Args:
        trials: the number of trials.
        seed: of the search.
        folder: not used.
    """
    points: list[Params] = []

    def objective(trial: optuna.Trial) -> float:
        params: Params = {
            "lr": trial.suggest_float("lr", 1e-5, 1e-1, log=True),
            "layers": trial.suggest_int("layers", 1, 4),
            "units": trial.suggest_int("units", 16, 256, step=16),
            "activation": trial.suggest_categorical("activation", ["relu", "tanh", "gelu"]),
            "batch_norm": trial.suggest_categorical("batch_norm", [False, True]),
            "optimizer": trial.suggest_categorical("optimizer", ["sgd", "adam", "rmsprop"]),
        }
        if params["optimizer"] == "sgd":
            params["momentum"] = trial.suggest_float("momentum", 0.0, 0.99)
            params["nesterov"] = trial.suggest_categorical("nesterov", [False, True])
            if params["nesterov"]:
                params["warmup"] = trial.suggest_int("warmup", 1, 10)
        elif params["optimizer"] == "adam":
            params["beta2"] = trial.suggest_float("beta2", 0.9, 0.999)
        points.append(params)
        return loss(params)

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(objective, n_trials=trials)
    return points


def hyperopt_tpe(trials: int, seed: int, folder: Path) -> list[Params]:
    """`fmin` on crosstune's compiled space, since hyperopt draws in the order of its nodes.

    Args:
        trials: the number of trials.
        seed: of the search.
        folder: not used.
    """
    import hyperopt
    import numpy as np

    from crosstune.engines import registry as adapters

    points: list[Params] = []

    def objective(native: dict[str, Any]) -> float:
        params = {name: value for name, value in native.items() if value is not None}
        points.append(params)
        return loss(params)

    hyperopt.fmin(
        objective,
        adapters.get("hyperopt").compile(SPACE),
        algo=hyperopt.tpe.suggest,
        max_evals=trials,
        rstate=np.random.default_rng(seed),
        show_progressbar=False,
        verbose=False,
    )
    return points


def keras_tuner_random(trials: int, seed: int, folder: Path) -> list[Params]:
    """A tuner with `run_trial`, on the random oracle.

    Args:
        trials: the number of trials.
        seed: of the search.
        folder: of the tuner's project.
    """
    from keras_tuner import oracles

    return _search(oracles.RandomSearchOracle, trials, seed, folder)


def keras_tuner_grid(trials: int, seed: int, folder: Path) -> list[Params]:
    """A tuner with `run_trial`, on the grid oracle.

    Args:
        trials: the number of trials.
        seed: of the search.
        folder: of the tuner's project.
    """
    from keras_tuner import oracles

    return _search(oracles.GridSearchOracle, trials, seed, folder)


def _search(oracle: Any, trials: int, seed: int, folder: Path) -> list[Params]:
    import keras_tuner

    points: list[Params] = []

    class Tuner(keras_tuner.Tuner):  # type: ignore[misc]  # keras_tuner has no types
        def run_trial(self, trial: Any) -> float:
            hp = trial.hyperparameters
            names = ["lr", "layers", "units", "activation", "batch_norm", "optimizer"]
            if hp.get("optimizer") == "sgd":
                names += ["momentum", "nesterov"]
                if hp.get("nesterov"):
                    names.append("warmup")
            elif hp.get("optimizer") == "adam":
                names.append("beta2")
            params = {name: hp.get(name) for name in names}
            points.append(params)
            return loss(params)

    hp = keras_tuner.HyperParameters()
    hp.Float("lr", 1e-5, 1e-1, sampling="log")
    hp.Int("layers", 1, 4)
    hp.Int("units", 16, 256, step=16)
    hp.Choice("activation", ["relu", "tanh", "gelu"])
    hp.Boolean("batch_norm")
    hp.Choice("optimizer", ["sgd", "adam", "rmsprop"])
    with hp.conditional_scope("optimizer", "sgd"):
        hp.Float("momentum", 0.0, 0.99)
        hp.Boolean("nesterov")
        with hp.conditional_scope("nesterov", True):
            hp.Int("warmup", 1, 10)
    with hp.conditional_scope("optimizer", "adam"):
        hp.Float("beta2", 0.9, 0.999)
    objective = keras_tuner.Objective("default_objective", "min")
    searched = oracle(objective=objective, max_trials=trials, hyperparameters=hp, seed=seed)
    searched.verbose = 0
    Tuner(oracle=searched, directory=folder, project_name="by_hand").search()
    return points
