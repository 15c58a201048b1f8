"""The default values of a hypermodel, in a spec and in `crosstune.KerasTuner`."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import crosstune
from crosstune.errors import RequestError
from crosstune.objectives import prepare

keras = pytest.importorskip("keras")
keras_tuner = pytest.importorskip("keras_tuner")
from crosstune.adapters.keras_tuner.defaults import hypermodel_defaults  # noqa: E402

SPACE: dict[str, Any] = {
    "units": {"type": "int", "low": 4, "high": 64, "step": 4},
    "rate": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
    "kind": {"type": "choice", "values": ["sgd", "adam"]},
    "momentum": {"type": "float", "low": 0.0, "high": 0.9, "when": {"kind": "sgd"}},
    "beta": {"type": "float", "low": 0.5, "high": 0.9, "when": {"kind": "adam"}},
    "norm": {"type": "bool"},
}
VALUES = {"units": 8, "rate": 0.01, "kind": "adam", "beta": 0.75, "norm": True}
ENGINES = ["optuna", "hyperopt", "keras_tuner", "crosstune"]


def build(hp: Any) -> Any:
    hp.Int("units", 2, 128, default=8)
    hp.Float("rate", 1e-5, 1.0, sampling="log", default=0.01)
    kind = hp.Choice("kind", ["sgd", "adam"], default="adam")
    with hp.conditional_scope("kind", ["adam"]):
        hp.Float("beta", 0.1, 0.99, default=0.75)
    if kind == "sgd":
        hp.Float("momentum", 0.0, 0.9, default=0.3)
    hp.Boolean("norm", default=True)
    return random.random(), np.random.random()


class Hypermodel(keras_tuner.HyperModel):  # type: ignore[misc]  # untyped
    """Its result is the number of units, without any training."""

    def build(self, hp: Any) -> Any:
        """As `build`, and a model with nothing to train."""
        build(hp)
        return keras.Sequential([keras.Input((1,)), keras.layers.Flatten()])

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> float:
        """The number of units."""
        return float(hp.get("units"))


def load() -> tuple[list[int], list[int]]:
    return [0], [1]


def test_a_hypermodel_says_its_defaults_by_a_build() -> None:
    for hypermodel in (build, Hypermodel()):
        values = hypermodel_defaults(hypermodel, "build").values
        assert values == VALUES


def test_without_a_default_it_is_keras_tuner_s_own() -> None:
    def lowest(hp: Any) -> None:
        hp.Int("n", 3, 9)
        hp.Choice("c", ["b", "a"])
        hp.Boolean("f")

    assert hypermodel_defaults(lowest, "lowest").values == {"n": 3, "c": "b", "f": False}


def test_the_random_numbers_of_the_script_stay_as_they_were() -> None:
    random.seed(3)
    np.random.seed(3)
    expected = build(keras_tuner.HyperParameters())
    random.seed(3)
    np.random.seed(3)
    hypermodel_defaults(build, "build")
    assert build(keras_tuner.HyperParameters()) == expected


def test_a_hypermodel_that_cannot_be_built_is_refused_with_the_reason() -> None:
    def broken(hp: Any) -> None:
        raise ValueError("no layer")

    with pytest.raises(RequestError, match="broken cannot be built .*: ValueError: no layer"):
        hypermodel_defaults(broken, "broken")
    with pytest.raises(RequestError, match="there is no hypermodel whose"):
        hypermodel_defaults(None, "none")


def spec(**keys: Any) -> dict[str, Any]:
    described = {"build": f"{__name__}:Hypermodel", "data": f"{__name__}:load"}
    return {"space": SPACE, "objective": described, "seed": 0, "start": "defaults", **keys}


@pytest.mark.parametrize("engine", ENGINES)
def test_they_come_first_in_a_spec(engine: str) -> None:
    study = crosstune.tune(spec(), backend=engine, trials=3)
    assert study.trials[0].params == VALUES
    assert study.trials[0].value == 8.0
    again = crosstune.tune(spec(start=[VALUES]), backend=engine, trials=3)
    assert [t.params for t in study.trials] == [t.params for t in again.trials]


def test_the_objective_of_a_spec_has_them() -> None:
    made = prepare(crosstune.Spec(**spec()), None, None)
    assert made.defaults().values == VALUES
    assert made.defaults().of == f"{__name__}:Hypermodel"


@pytest.mark.parametrize("engine", ENGINES)
def test_they_come_first_in_a_tuner(engine: str, tmp_path: Path) -> None:
    def run(start: Any, name: str) -> Any:
        tuner = crosstune.KerasTuner(
            Hypermodel(),
            spec(start=start),
            backend=engine,
            max_trials=3,
            directory=tmp_path,
            project_name=name,
        )
        tuner.search(verbose=0)
        return tuner.study

    study = run("defaults", "word")
    assert study.trials[0].params == VALUES
    assert [t.params for t in study.trials] == [t.params for t in run([VALUES], "values").trials]
    assert study.user_attrs["crosstune:runs"][0]["defaults"]["params"] == VALUES


def test_a_tuner_without_a_hypermodel_has_none(tmp_path: Path) -> None:
    class Without(crosstune.KerasTuner):  # type: ignore[misc]  # untyped
        def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
            return 1.0

    with pytest.raises(RequestError, match="there is no hypermodel whose"):
        Without(None, spec(), directory=tmp_path)


def trained(hp: Any) -> Any:
    layers = [
        keras.Input((1,)),
        keras.layers.Dense(hp.Int("units", 2, 128, default=8), activation="relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(1),
    ]
    model = keras.Sequential(layers)
    model.compile("sgd", "mse")
    return model


def arrays() -> tuple[Any, Any]:
    x = np.arange(16, dtype="float32")[:, None] / 16
    return x, x[:, 0] * 2


def test_a_seeded_training_is_the_one_of_the_point_with_these_values() -> None:
    described = {"build": f"{__name__}:trained", "data": f"{__name__}:arrays"}
    keys = {"objective": {**described, "fit": {"epochs": 2, "verbose": 0}}, "metric": "loss"}
    values = []
    for start in ("defaults", [{"units": 8}]):
        keras.utils.set_random_seed(0)
        study = crosstune.tune(spec(space={"units": SPACE["units"]}, start=start, **keys), trials=2)
        values.append([(trial.params, trial.value) for trial in study.trials])
    assert values[0] == values[1]
    assert values[0][0][0] == {"units": 8}
