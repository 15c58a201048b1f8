"""`crosstune.KerasTuner`: a Keras Tuner script on any engine."""

from __future__ import annotations

import copy
import importlib
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

import crosstune
from crosstune.adapters.keras_tuner.library import keras_tuner
from crosstune.adapters.keras_tuner.trial_state import OTHER_VALUES
from crosstune.adapters.keras_tuner.tuner.keras_tuner import MetricNotLogged
from crosstune.errors import RequestError, StudyExists, Unsupported

keras = importlib.import_module("keras")  # after crosstune has chosen what it runs on
pytestmark = pytest.mark.filterwarnings("ignore")

DRAWN = np.random.default_rng(0)
X = DRAWN.normal(size=(48, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("float32")
DATA: dict[str, Any] = {"x": X[:32], "y": Y[:32], "validation_data": (X[32:], Y[32:])}
SPACE: dict[str, Any] = {
    "units": {"type": "int", "low": 3, "high": 5},
    "opt": {"type": "choice", "values": ["sgd", "adam"]},
    "momentum": {"type": "float", "low": 0.5, "high": 0.6, "when": {"opt": "sgd"}},
    "lr": {"type": "float", "low": 0.01, "high": 0.02, "log": True},
}


def build(hp: Any) -> Any:
    """A model with a nested condition."""
    model = keras.Sequential([keras.Input((4,))])
    model.add(keras.layers.Dense(hp.Int("units", 2, 8, step=2), activation="relu"))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    name = hp.Choice("opt", ["sgd", "adam"])
    lr = hp.Float("lr", 1e-3, 1e-1, sampling="log")
    momentum = 0.0
    with hp.conditional_scope("opt", ["sgd"]):
        momentum = hp.Float("momentum", 0, 0.9)
        hp.Boolean("nesterov", parent_name="momentum", parent_values=[0.0])
    made = keras.optimizers.Adam(lr)
    if name == "sgd":
        made = keras.optimizers.SGD(lr, momentum=momentum)
    model.compile(made, "binary_crossentropy", metrics=["accuracy"], run_eagerly=True)
    return model


def without_weights() -> Any:
    """A model that is quickly built; a space is searched without training."""
    return keras.Sequential([keras.Input((1,)), keras.layers.Flatten()])


class Scored(keras_tuner.HyperModel):  # type: ignore[misc]
    """Builds a model and scores it by its hyperparameters, without training; one is late."""

    calls = 0

    def build(self, hp: Any) -> Any:
        hp.Float("x", -1, 1)
        hp.Int("n", 1, 64, sampling="log")
        hp.Float("r", 1, 10, sampling="reverse_log")
        hp.Choice("kind", ["a", "b"])
        with hp.conditional_scope("kind", ["b"]):
            hp.Float("z", 0, 1, step=0.1)
        return without_weights()

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> float:
        self.calls += 1
        late = hp.Int("late", 0, 3, default=2) if self.calls > 2 else 0
        return float(hp.get("x") ** 2 + hp.get("r") / 10 + late)


NATIVE = {
    "random": (keras_tuner.RandomSearch, {"max_trials": 6}, {}),
    "bayesian": (keras_tuner.BayesianOptimization, {"max_trials": 6}, {"num_initial_points": 2}),
    "grid": (keras_tuner.GridSearch, {"max_trials": 6}, {}),
    "hyperband": (keras_tuner.Hyperband, {}, {"max_epochs": 3, "factor": 2}),
}


@pytest.mark.parametrize(
    "sampler",
    [
        "random",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("bayesian", "grid", "hyperband")),
    ],
)
def test_keras_tuners_own_oracles_suggest_what_they_suggest(sampler: str, tmp_path: Path) -> None:
    own, trials, options = NATIVE[sampler]
    theirs = own(
        EveryEpoch() if sampler == "hyperband" else Scored(),
        seed=5,
        directory=tmp_path,
        project_name="theirs",
        **trials,
        **options,
    )
    theirs.search(verbose=0)
    ours = crosstune.KerasTuner(
        EveryEpoch() if sampler == "hyperband" else Scored(),
        backend="keras-tuner",
        sampler={"name": sampler, **options},
        seed=5,
        directory=tmp_path,
        project_name="ours",
        **trials,
    )
    ours.search(verbose=0)
    wanted = [trial.hyperparameters.values for trial in theirs.oracle.trials.values()]
    assert [t.hyperparameters.values for t in ours.oracle.trials.values()] == wanted
    # Keras Tuner's bayesian oracle leaves the range of an int on a log scale now and then; no
    # parameter of the study can hold that.
    assert [{**t.params, **t.user_attrs.get(OTHER_VALUES, {})} for t in ours.study.trials] == [
        {name: value for name, value in values.items() if not name.startswith("tuner/")}
        for values in wanted
    ]
    assert [t.value for t in ours.study.trials] == [t.score for t in theirs.oracle.trials.values()]
    if sampler == "hyperband":
        last = crosstune.budget(ours.study.trials[-1])
        assert last is not None
        assert last.epochs == 3


class EveryEpoch(Scored):
    """Calls the callbacks of every epoch, as a training loop of one's own does."""

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        for callback in kwargs["callbacks"]:
            callback.set_model(model)
        value = 0.0
        for epoch in range(kwargs.get("initial_epoch", 0), kwargs.get("epochs", 3)):
            value = abs(hp.get("x")) + 1 / (epoch + 1)
            for callback in kwargs["callbacks"]:
                callback.on_epoch_end(epoch, {"default_objective": value})
        return value


@pytest.mark.parametrize(
    ("backend", "sampler"),
    [
        ("optuna", "tpe"),
        ("hyperopt", "tpe"),
        ("keras_tuner", "bayesian"),
        *(
            pytest.param(*engine.split(":"), marks=pytest.mark.slow)
            for engine in (
                "optuna:gp",
                "optuna:cmaes",
                "optuna:random",
                "optuna:nsga2",
                "optuna:qmc",
                "hyperopt:random",
                "hyperopt:anneal",
                "keras_tuner:random",
                "keras_tuner:grid",
            )
        ),
    ],
)
def test_every_engine_trains_models(backend: str, sampler: str, tmp_path: Path) -> None:
    def fails_once(hp: Any) -> Any:
        calls.append(1)
        if len(calls) == 4:
            raise ValueError("no such model")
        return build(hp)

    calls: list[int] = []
    make: dict[str, Any] = {
        "backend": backend,
        "sampler": sampler,
        "objective": "val_loss",
        "max_trials": 3,
        "seed": 1,
        "directory": tmp_path,
    }
    tuner = crosstune.KerasTuner(fails_once, **make)
    tuner.search(**DATA, epochs=2, verbose=0, callbacks=[keras.callbacks.TerminateOnNaN()])
    states = [t.state for t in tuner.study.trials]
    assert len(states) == 3
    assert states.count(TrialState.FAIL) == 1
    for trial in tuner.study.trials:
        assert ("momentum" in trial.params) == (trial.params["opt"] == "sgd")
        assert len(trial.intermediate_values) == (2 if trial.state == TrialState.COMPLETE else 0)
    assert tuner.get_best_hyperparameters()[0].values == tuner.study.best_params
    predicted = tuner.get_best_models()[0].predict(X, verbose=0)
    again = crosstune.KerasTuner(build, **make)
    assert [t.value for t in again.study.trials] == [t.value for t in tuner.study.trials]
    model = again.get_best_models()[0]
    assert np.array_equal(model.predict(X, verbose=0), predicted)
    loss = model.evaluate(*DATA["validation_data"], verbose=0)[0]
    assert loss == pytest.approx(again.study.best_value, abs=1e-6)


def test_any_tuner_takes_a_sampler_of_optuna(tmp_path: Path) -> None:
    from crosstune.adapters.keras_tuner import Oracle

    oracle = Oracle(optuna.samplers.TPESampler(seed=0), "val_accuracy", max_trials=2)
    tuner = keras_tuner.Tuner(oracle, build, directory=tmp_path)
    tuner.search(**DATA, epochs=1, verbose=0)
    assert [t.value for t in oracle.study.trials] == [t.score for t in oracle.trials.values()]
    assert len(tuner.get_best_models(2)) == 2


@pytest.mark.parametrize(
    ("backend", "sampler"),
    [
        ("optuna", "tpe"),
        pytest.param("hyperopt", "tpe", marks=pytest.mark.slow),
        ("keras_tuner", "bayesian"),
        ("optuna", "grid"),
        ("keras_tuner", {"name": "hyperband", "max_epochs": 4, "factor": 2}),
    ],
)
def test_a_spec_says_the_space_and_its_engine_the_points(
    backend: str, sampler: Any, tmp_path: Path
) -> None:
    spec = {
        "space": {
            **SPACE,
            "norm": {"type": "choice", "values": [None, 1, "batch"]},
            "l2": {"type": "lognormal", "mu": -9.0, "sigma": 1.0},
            "depth": {"type": "int", "low": 1, "high": 9, "log": True},
        },
        "metric": {"name": "score", "direction": "maximize"},
        "trials": 4,
        "seed": 3,
    }
    read: list[dict[str, Any]] = []

    class Reads(keras_tuner.HyperModel):  # type: ignore[misc]
        def build(self, hp: Any) -> Any:
            assert hp.Int("units", 100, 200) < 6
            with hp.conditional_scope("opt", ["sgd"]):
                hp.Float("momentum", 0, 0.9)
            return without_weights()

        def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> dict[str, float]:
            for callback in kwargs["callbacks"]:
                callback.set_model(model)
                callback.on_epoch_end(0, {})
            names = ("units", "opt", "lr", "norm", "l2", "depth")
            read.append({name: hp.get(name) for name in names})
            assert hp.Boolean("unknown to the spec") is False
            return {"score": hp.get("lr") * hp.get("units")}

    tuner = crosstune.KerasTuner(
        Reads(), spec, backend=backend, sampler=sampler, directory=tmp_path
    )
    tuner.search(verbose=0)
    tuned = crosstune.tune(
        spec,
        lambda params: params["lr"] * params["units"],
        backend=backend,
        sampler=sampler,
    )
    assert tuned.direction == tuner.study.direction
    assert [t.params for t in tuner.study.trials] == [t.params for t in tuned.trials]
    assert [t.distributions for t in tuner.study.trials] == [t.distributions for t in tuned.trials]
    for trial, values in zip(tuner.study.trials, read, strict=True):
        assert values.items() <= trial.params.items()
        assert trial.value == trial.params["lr"] * trial.params["units"]

    again = crosstune.KerasTuner(
        Reads(), {**spec, "trials": 5}, backend=backend, sampler=sampler, directory=tmp_path
    )
    assert [t.params for t in again.study.trials] == [t.params for t in tuned.trials]
    again.search(verbose=0)
    assert len(again.study.trials) == 5
    assert len({tuple(t.params.items()) for t in again.study.trials}) == 5 or "max_epochs" in str(
        sampler
    )


def test_start_points_and_seconds_of_a_spec_hold(tmp_path: Path) -> None:
    spec = {"space": {"x": {"type": "float", "low": -1, "high": 1}}, "start": [{"x": 0.25}]}

    class One(EveryEpoch):
        def build(self, hp: Any) -> Any:
            hp.Float("x", -9, 9)
            return without_weights()

    tuner = crosstune.KerasTuner(One(), spec, directory=tmp_path, max_trials=3, seed=0)
    tuner.search(verbose=0)
    assert [t.params["x"] == 0.25 for t in tuner.study.trials] == [True, False, False]
    again = crosstune.KerasTuner(One(), spec, directory=tmp_path, max_trials=5, seed=0)
    again.search(verbose=0)
    assert [t.params["x"] == 0.25 for t in again.study.trials].count(True) == 1
    timed = crosstune.KerasTuner(
        One(), {**spec, "seconds": 0.5}, directory=tmp_path, project_name="timed", seed=0
    )
    timed.search(verbose=0)
    assert 1 <= len(timed.study.trials) < 200


def test_pruned_models_end_early(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tuner = crosstune.KerasTuner(
        EveryEpoch(),
        sampler=optuna.samplers.RandomSampler(seed=0),
        pruner=optuna.pruners.ThresholdPruner(upper=1.0, n_warmup_steps=1),
        max_trials=8,
        executions_per_trial=2,
        directory=tmp_path,
        hyperparameters=only_x(),
        tune_new_entries=False,
    )
    tuner.search(epochs=3, verbose=1)
    out = capsys.readouterr().out
    assert "Traceback" not in out
    for trial in tuner.study.trials:
        over = abs(trial.params["x"]) + 1 / 2 > 1
        assert trial.state == (TrialState.PRUNED if over else TrialState.COMPLETE)
        assert len(trial.intermediate_values) == (2 if over else 3)
    assert {t.state.name for t in tuner.study.trials} == {"PRUNED", "COMPLETE"}
    assert tuner.get_best_hyperparameters()[0].values["x"] == tuner.study.best_params["x"]
    complete = [t for t in tuner.study.trials if t.state == TrialState.COMPLETE]
    assert len(tuner.get_best_models(8)) == len(complete)
    tuner.results_summary()
    assert "Pruned at step 1: default_objective" in capsys.readouterr().out


def only_x() -> Any:
    hp = keras_tuner.HyperParameters()
    hp.Float("x", -1, 1)
    return hp


def test_a_pruned_training_really_stops(tmp_path: Path) -> None:
    epochs: list[int] = []
    counting = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: epochs.append(epoch)
    )
    tuner = crosstune.KerasTuner(
        build,
        objective="val_loss",
        pruner={"name": "threshold", "upper": 1e-9, "n_warmup_steps": 1},
        max_trials=1,
        directory=tmp_path,
        seed=0,
    )
    tuner.search(**DATA, epochs=5, verbose=0, callbacks=[counting])
    assert epochs == [0, 1]
    assert tuner.study.trials[0].state == TrialState.PRUNED


@pytest.mark.slow
def test_keras_tuners_bayesian_learns_from_pruned_trials(tmp_path: Path) -> None:
    """Its points after a pruned trial are those after a completed one with the same score."""
    points = []
    for upper in (1e9, 0.0):

        class Constant(Scored):
            def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
                value = hp.get("x") ** 2 + 0.1
                for callback in kwargs["callbacks"]:
                    callback.set_model(model)
                    callback.on_epoch_end(0, {"default_objective": value})
                return value

        tuner = crosstune.KerasTuner(
            Constant(),
            backend="keras_tuner",
            sampler={"name": "bayesian", "num_initial_points": 2},
            pruner={"name": "threshold", "upper": upper},
            max_trials=6,
            directory=tmp_path,
            project_name=f"p{upper}",
            seed=1,
        )
        tuner.search(verbose=0)
        points.append([t.params for t in tuner.study.trials])
    assert {t.state for t in tuner.study.trials} == {TrialState.PRUNED}
    assert points[0] == points[1]


def test_an_unknown_metric_says_which_there_are(tmp_path: Path) -> None:
    objective = keras_tuner.Objective("val_acuracy", "max")
    for name, pruner in (("a", None), ("b", "median")):
        tuner = crosstune.KerasTuner(
            build, objective=objective, pruner=pruner, directory=tmp_path, project_name=name
        )
        with pytest.raises(MetricNotLogged) as caught:
            tuner.search(**DATA, epochs=1, verbose=0)
        assert str(caught.value) == (
            "no metric in the training logs 'val_acuracy'. Known: accuracy, loss, val_accuracy, "
            "val_loss. Did you mean 'val_accuracy'?"
        )


def test_models_that_are_too_large_fail(tmp_path: Path) -> None:
    tuner = crosstune.KerasTuner(
        build,
        objective="val_loss",
        max_model_size=1,
        max_trials=2,
        directory=tmp_path,
        seed=0,
    )
    tuner.search(verbose=0)
    assert [t.state for t in tuner.study.trials] == [TrialState.FAIL] * 2
    assert "Oversized model" in tuner.study.trials[0].user_attrs["crosstune:error"]


@pytest.mark.parametrize("backend", ["optuna", pytest.param("keras_tuner", marks=pytest.mark.slow)])
def test_an_interrupted_search_goes_on_where_it_was(backend: str, tmp_path: Path) -> None:
    class Interrupted(EveryEpoch):
        def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
            if self.calls == 3:
                raise KeyboardInterrupt
            self.calls += 1
            return super().fit(hp, model, *args, **kwargs)

    make: dict[str, Any] = {
        "backend": backend,
        "sampler": "random",
        "max_trials": 6,
        "seed": 0,
        "directory": tmp_path,
        "storage": tmp_path / "study.journal",
        "hyperparameters": only_x(),
        "tune_new_entries": False,
    }
    with pytest.raises(KeyboardInterrupt):
        crosstune.KerasTuner(Interrupted(), **copy.deepcopy(make)).search(epochs=1, verbose=0)
    tuner = crosstune.KerasTuner(EveryEpoch(), **copy.deepcopy(make))
    tuner.search(epochs=1, verbose=0)
    assert [t.state for t in tuner.study.trials] == [TrialState.COMPLETE] * 6
    assert len({t.params["x"] for t in tuner.study.trials}) == 6
    if backend == "keras_tuner":
        whole = keras_tuner.RandomSearch(
            EveryEpoch(),
            max_trials=6,
            seed=crosstune.adapters.keras_tuner.library.TrueSeed(0),
            directory=tmp_path,
            project_name="whole",
            hyperparameters=only_x(),
            tune_new_entries=False,
        )
        whole.search(epochs=1, verbose=0)
        assert [t.params["x"] for t in tuner.study.trials] == [
            t.hyperparameters.values["x"] for t in whole.oracle.trials.values()
        ]
    with pytest.raises(StudyExists, match="'untitled_project'|'study'"):
        crosstune.KerasTuner(EveryEpoch(), **make, overwrite=True)


def test_keras_tuners_private_names_are_where_they_were() -> None:
    for name in ("_build_hypermodel", "_get_build_config_fname", "_get_checkpoint_fname"):
        assert callable(getattr(keras_tuner.Hyperband, name))
    assert "_build_hypermodel" in vars(keras_tuner.Hyperband)
    for name in ("_ordered_ids", "_populate_next", "_compare"):
        assert hasattr(keras_tuner.oracles.GridSearchOracle(), name)


def test_a_hypermodel_is_not_built_to_find_the_space_of_a_spec(tmp_path: Path) -> None:
    """`_populate_initial_space` is where Keras Tuner does that."""
    built: list[Any] = []
    make: dict[str, Any] = {"objective": "val_loss", "directory": tmp_path}
    crosstune.KerasTuner(built.append, {"space": SPACE}, **make)
    assert not built
    with pytest.raises(AttributeError):
        crosstune.KerasTuner(lambda hp: hp.nothing, **make)


def test_bad_requests_say_what_is_wrong(tmp_path: Path) -> None:
    spec = {"space": SPACE, "metric": "val_loss"}
    with pytest.raises(RequestError, match="write objective='val_loss'"):
        crosstune.KerasTuner(build, "val_loss", directory=tmp_path)
    with pytest.raises(RequestError, match="not both"):
        crosstune.KerasTuner(build, spec, hyperparameters=only_x(), directory=tmp_path)
    with pytest.raises(RequestError, match="give the sampler by name"):
        crosstune.KerasTuner(
            build, spec, sampler=optuna.samplers.RandomSampler(), directory=tmp_path
        )
    with pytest.raises(Unsupported, match="Leave the pruner out"):
        crosstune.KerasTuner(
            build, backend="keras_tuner", sampler="hyperband", pruner="median", directory=tmp_path
        )
    with pytest.raises(RequestError, match="no backend 'optunna'"):
        crosstune.KerasTuner(build, backend="optunna", directory=tmp_path)
    with pytest.raises(RequestError, match="no option"):
        crosstune.KerasTuner(build, sampler={"name": "tpe", "startup": 3}, directory=tmp_path)
    with pytest.raises(Unsupported, match="no null"):
        nulls = {
            "a": {"type": "choice", "values": [None, 1]},
            "b": {"type": "bool", "when": {"a": [None]}},
        }
        crosstune.KerasTuner(build, {"space": nulls}, directory=tmp_path)


class Searched(crosstune.KerasTuner):
    """A search that needs no hypermodel."""

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> float:
        hp = trial.hyperparameters
        return float(hp.Int("x", 1, 5) + hp.Choice("k", [1, 2, 3, 4]))


@pytest.mark.parametrize("trials", [{}, {"max_trials": None}, {"max_trials": 7}])
def test_a_grid_of_keras_tuners_is_walked_whole(trials: dict[str, Any], tmp_path: Path) -> None:
    tuner = Searched(backend="keras_tuner", sampler="grid", directory=tmp_path, **trials)
    tuner.search(verbose=0)
    assert len(tuner.study.trials) == (trials.get("max_trials") or 20)


@pytest.mark.parametrize("backend", ["optuna", "keras_tuner", "hyperopt", "crosstune"])
def test_the_grid_of_a_spec_is_walked_whole(backend: str, tmp_path: Path) -> None:
    space = {
        "x": {"type": "int", "low": 1, "high": 5},
        "k": {"type": "choice", "values": [1, 2, 3]},
    }
    tuner = Searched(spec={"space": space}, backend=backend, sampler="grid", directory=tmp_path)
    tuner.search(verbose=0)
    assert len(tuner.study.trials) == 15


@pytest.mark.parametrize(
    "sampler",
    [
        optuna.samplers.GridSampler({"x": [1, 2, 3, 4, 5], "k": [1, 2, 3, 4]}, seed=0),
        optuna.samplers.BruteForceSampler(seed=0),
    ],
    ids=["GridSampler", "BruteForceSampler"],
)
def test_a_walk_of_optunas_is_walked_whole(sampler: Any, tmp_path: Path) -> None:
    space = keras_tuner.HyperParameters()
    space.Int("x", 1, 5)
    space.Choice("k", [1, 2, 3, 4])
    tuner = Searched(sampler=sampler, directory=tmp_path, hyperparameters=space)
    tuner.search(verbose=0)
    assert len(tuner.study.trials) == 20


def test_only_a_tuner_that_trains_by_itself_needs_no_hypermodel(tmp_path: Path) -> None:
    for given in ([], [None]):
        tuner = Searched(*given, max_trials=3, directory=tmp_path, overwrite=True)
        tuner.search(verbose=0)
        assert len(tuner.study.trials) == 3
        with pytest.raises(RequestError, match=r"build_model\(hp\).*overrides run_trial") as caught:
            crosstune.KerasTuner(*given, objective="val_loss", directory=tmp_path)
        assert isinstance(caught.value, ValueError)  # as in Keras Tuner
