"""The keras_tuner dialect of `tune` and `run`: a hypermodel that a spec describes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from crosstune import tune
from crosstune.engines.record_names import ERROR
from crosstune.errors import ObjectiveError, RequestError

pytest.importorskip("keras_tuner")

MODULE = """
import keras, keras_tuner, numpy as np

def load():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 4)).astype("float32")
    return x, (x[:, 0] > 0).astype("float32")

def split():
    x, y = load()
    return (x[:48], y[:48]), (x[48:], y[48:])

def build(hp):
    model = keras.Sequential([keras.Input((4,))])
    for i in range(hp.Int("layers", 1, 2)):
        with hp.conditional_scope("layers", list(range(i + 1, 3))):
            model.add(keras.layers.Dense(hp.Int(f"units_{i}", 2, 8), activation="relu"))
    if hp.Float("rate", 1e-3, 0.5, sampling="log") > 0.3:
        raise ValueError("the rate is too high")
    late = hp.Choice("late", ["sgd", "adam"])
    assert late == "sgd"  # not in the spec: its default
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile(keras.optimizers.SGD(hp.get("rate")), "binary_crossentropy", metrics=["accuracy"])
    return model

class Own(keras_tuner.HyperModel):
    def build(self, hp):
        return build(hp)
    def fit(self, hp, model, x, y, **kwargs):
        return {"own": float(hp.get("rate")), "other": 1}
"""
SPACE = {
    "layers": {"type": "int", "low": 1, "high": 2},
    "units_0": {"type": "int", "low": 2, "high": 8},
    "units_1": {"type": "int", "low": 2, "high": 8, "when": {"layers": 2}},
    "rate": {"type": "float", "low": 1e-3, "high": 0.5, "log": True},
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: Any) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train_keras.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "train_keras", raising=False)
    return tmp_path


def spec(metric: str = "val_loss", direction: str = "minimize", **keys: Any) -> dict[str, Any]:
    return {"space": SPACE, "metric": {"name": metric, "direction": direction}, "seed": 0, **keys}


def described(**keys: Any) -> dict[str, Any]:
    fit = {"epochs": 2, "verbose": 0}
    return {"build": "train_keras:build", "data": "train_keras:split", "fit": fit, **keys}


@pytest.mark.parametrize("backend", ["optuna", "hyperopt", "keras_tuner"])
def test_a_hypermodel_trains_on_every_engine(backend: str) -> None:
    pruner = {"name": "threshold", "upper": 0.9}
    study = tune(spec(pruner=pruner), described(), backend=backend, trials=8)
    for trial in study.trials:
        assert ("units_1" in trial.params) == (trial.params["layers"] == 2)
        assert ("rate is too high" in trial.user_attrs.get(ERROR, "")) == (
            trial.params["rate"] > 0.3
        )
        if trial.state == TrialState.COMPLETE:
            assert trial.value == min(trial.intermediate_values.values())
            assert list(trial.intermediate_values) == [0, 1]
        if trial.state == TrialState.PRUNED:
            assert max(trial.intermediate_values.values()) > 0.9
    assert study.best_trial.state == TrialState.COMPLETE


def test_the_value_is_that_of_the_best_epoch_and_the_mean_of_the_executions() -> None:
    import keras

    keras.utils.set_random_seed(0)
    study = tune(spec("val_accuracy", "maximize"), described(executions_per_trial=2), trials=1)
    first = max(study.trials[0].intermediate_values.values())
    assert study.best_value != first
    assert abs(study.best_value * 2 - first) <= 1


def test_the_best_model_is_kept() -> None:
    import keras
    from train_keras import split

    study = tune(
        spec("val_accuracy", "maximize"),
        described(save="models/best.keras", fit={"epochs": 1, "verbose": 0}),
        trials=4,
    )
    x, y = split()[1]
    model = keras.models.load_model("models/best.keras")
    accuracy = float(np.mean((model.predict(x, verbose=0)[:, 0] > 0.5) == y))
    assert accuracy == pytest.approx(study.best_value)


def test_a_trial_that_diverges_has_failed() -> None:
    import train_keras

    def nowhere(hp: Any) -> Any:
        model = train_keras.build(hp)
        model.compile("sgd", lambda y, x: x.sum() * np.nan)
        return model

    train_keras.nowhere = nowhere
    always = {**SPACE, "rate": {"type": "float", "low": 1e-3, "high": 0.2, "log": True}}
    known = tune({**spec(), "space": always}, described(build="train_keras:build"), trials=1)
    assert known.trials[0].state == TrialState.COMPLETE
    study = tune({**spec(), "space": always}, described(build="train_keras:nowhere"), trials=2)
    for trial in study.trials:
        assert trial.state == TrialState.FAIL
        assert list(trial.intermediate_values) == [0]
        assert "nan" in trial.user_attrs[ERROR]


def test_a_fit_of_its_own_returns_the_metric() -> None:
    study = tune(spec("own"), described(build="train_keras:Own", data="train_keras:load"), trials=3)
    assert [t.value for t in study.trials if t.value] == [
        t.params["rate"] for t in study.trials if t.value
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"metric": "val_f1"}, "val_f1.*accuracy, loss, val_accuracy, val_loss"),
        ({"build": "train_keras:buld"}, "Did you mean 'build'"),
        ({"build": "train_keras:np"}, "has to be build_model"),
        ({"data": "train_keras:build"}, "failed: TypeError"),
        ({"epochs": 3}, "epochs"),
        ({"executions_per_trial": 0}, "executions_per_trial"),
    ],
)
def test_a_bad_description_is_one_line(change: dict[str, Any], said: str) -> None:
    keys = dict(change)
    metric = keys.pop("metric", "val_loss")
    with pytest.raises((RequestError, ObjectiveError), match=f"(?s){said}"):
        tune(spec(metric), described(**keys), trials=2)


@pytest.mark.slow
def test_the_command_line_runs_it(folder: Path) -> None:
    (folder / "spec.json").write_text(json.dumps(spec(objective=described())))
    done = subprocess.run(
        [sys.executable, "-m", "crosstune", "run", "spec.json", "--trials", "2", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["trials"]
    [journal] = Path("runs").glob("*.journal")
    storage = optuna.storages.JournalStorage(
        optuna.storages.journal.JournalFileBackend(str(journal))
    )
    assert optuna.get_all_study_summaries(storage)[0].n_trials == 2


def test_a_resumed_study_names_what_it_was_trained_on(tmp_path: Path) -> None:
    place = tmp_path / "s.journal"

    def resume(trials: int, **keys: Any) -> None:
        own = described(build="train_keras:Own", **keys)
        tune(spec("own"), own, dialect="keras_tuner", trials=trials, storage=place, resume=True)

    resume(1)
    resume(2, fit={"epochs": 2, "verbose": 1})
    with pytest.raises(RequestError, match="differs in: training data 0"):
        resume(3, data="train_keras:load")
    with pytest.raises(RequestError, match=r"differs in: fit \(then .*2.*, now .*3"):
        resume(3, fit={"epochs": 3})
