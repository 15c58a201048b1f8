"""A real TensorBoard on a log directory, and studies of each engine to show in it."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import Trial

import crosstune
from crosstune.callbacks import TensorBoardCallback
from crosstune.callbacks.tensorboard.callback import log

SPEC = {
    "name": "digits",
    "metric": {"name": "accuracy", "direction": "maximize"},
    "seed": 0,
    "space": {
        "lr": {"type": "float", "low": 1e-5, "high": 1e-1, "log": True},
        "units": {"type": "int", "low": 16, "high": 256, "step": 16},
        "optimizer": {"type": "choice", "values": ["adam", "sgd", None]},
        "momentum": {"type": "float", "low": 0.0, "high": 0.99, "when": {"optimizer": "sgd"}},
        "augment": {"type": "bool"},
        "l2": {"type": "lognormal", "mu": -9.0, "sigma": 2.0},
    },
}
ENGINES = {
    "optuna": "digits/optuna-tpe",
    "hyperopt": "digits/hyperopt-tpe",
    "keras_tuner": "digits/keras_tuner-bayesian",
}
TRIALS = 12


def train(params: dict[str, Any], trial: Trial) -> dict[str, float]:
    """Curves of accuracy; one trial fails, one is pruned, one reports what is no number."""
    best = 1 - abs(math.log10(params["lr"]) + 3) / 4 - abs(params["units"] - 128) / 500
    for epoch in range(10):
        value = best * (1 - math.exp(-(epoch + 1) / 3))
        trial.report(math.nan if (trial.number, epoch) == (5, 9) else value, epoch)
        if trial.number == 4 and epoch == 3:
            raise optuna.TrialPruned
    if trial.number == 3:
        raise RuntimeError("out of memory")
    return {"accuracy": value, "loss": 1 - value}


def tune_all(log_dir: Path) -> dict[str, optuna.Study]:
    """A study of each engine in one log directory, by its folder there; its last trial runs."""
    studies = {
        folder: crosstune.tune(
            SPEC,
            train,
            backend=backend,
            sampler="bayesian",
            trials=TRIALS,
            callbacks=[TensorBoardCallback(log_dir)],
        )
        for backend, folder in ENGINES.items()
    }
    for study in studies.values():
        running = study.ask()
        running.suggest_float("lr", 1e-5, 1e-1, log=True)
        for epoch in range(3):
            running.report(0.1 * epoch, epoch)
        log(study, log_dir)
    return studies


@contextmanager
def server(log_dir: Path) -> Iterator[str]:
    """The address of a TensorBoard that has read the log directory."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tensorboard.main", "--logdir", str(log_dir), "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        address = ""
        for line in process.stderr:
            found = re.search(r"at (http://localhost:\d+/)", line)
            if found:
                address = found[1]
                break
        assert address, "TensorBoard has not started"
        runs = {path.parent for path in log_dir.rglob("*tfevents*")}
        until = time.monotonic() + 60
        while len(get(address, "runs")) < len(runs):
            assert time.monotonic() < until, "TensorBoard has not read the log in a minute"
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def get(address: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """What TensorBoard answers to its own page."""
    request = urllib.request.Request(
        f"{address}data/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())
