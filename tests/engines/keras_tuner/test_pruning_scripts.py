"""A Keras Tuner script that prunes, by python and by exec, on two Keras backends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("keras_tuner")

SCRIPT = """
import keras, keras_tuner, optuna, numpy as np
from crosstune.callbacks import KerasPruningCallback, KerasTunerPruningCallback

class Late(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = 5.0 if epoch else 0.5

def build(hp):
    hp.Float("x", 0, 1)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model

tuner = keras_tuner.RandomSearch(build, "val_loss", max_trials=4, seed=1)
callback = KerasTunerPruningCallback(tuner, pruner={"name": "threshold", "upper": 1.0})
data = np.ones((4, 1)), np.ones((4, 1))
tuner.search(*data, epochs=3, verbose=0, callbacks=[Late(), callback])
print("STATES", *(trial.state.name for trial in callback.study.trials))
print("PARAMS", *(len(trial.params) for trial in callback.study.trials))
print("STATUSES", *(trial.status for trial in tuner.oracle.trials.values()))

trial = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=1.0)).ask()
try:
    build(keras_tuner.HyperParameters()).fit(
        *data, epochs=3, verbose=0, callbacks=[Late(), KerasPruningCallback(trial)]
    )
except optuna.TrialPruned as pruned:
    print("FIT", pruned, "on", keras.backend.backend())
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "backend"),
    [(None, "jax"), ("optuna", "torch"), ("hyperopt", "jax"), ("keras_tuner", "torch")],
)
def test_the_same_script_prunes_by_python_and_by_exec_on_any_keras_backend(
    engine: str | None, backend: str, tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    under = [] if engine is None else ["-m", "crosstune", "exec", "--backend", engine]
    done = subprocess.run(
        [sys.executable, *under, str(script)],
        env={**os.environ, "KERAS_BACKEND": backend},
        cwd=tmp_path, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "STATES PRUNED PRUNED PRUNED PRUNED" in done.stdout
    own = engine is None
    assert f"PARAMS {'0 0 0 0' if own else '1 1 1 1'}" in done.stdout
    status = "COMPLETED" if own else "STOPPED"
    assert f"STATUSES {' '.join([status] * 4)}" in done.stdout
    assert f"FIT pruned after step 1: val_loss = 5 on {backend}" in done.stdout
