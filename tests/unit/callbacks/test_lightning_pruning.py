"""`LightningPruningCallback`, on one device and in two ranks of a real `ddp` run."""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from crosstune import tune
from crosstune.errors import ObjectiveError, RequestError, Unsupported

torch = pytest.importorskip("torch")
lightning = pytest.importorskip("lightning.pytorch")

from crosstune.callbacks import LightningPruningCallback, TrainingDiverged  # noqa: E402
from tests.support.slow import slow_but_first  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")

TIMEOUT = 120.0
"""Seconds after which ranks that wait for each other are taken to hang."""

MODULE = '''
import lightning.pytorch as lightning
import torch


class Line(lightning.LightningModule):
    """A line through points on one; `logs(module)` says what validation logs."""

    def __init__(self, rate=0.1, logs=None, metric="val_loss"):
        super().__init__()
        self.line, self.rate, self.logs, self.metric = torch.nn.Linear(1, 1), rate, logs, metric
        with torch.no_grad():
            self.line.weight.fill_(3.0)
            self.line.bias.fill_(0.0)

    def training_step(self, batch, index):
        loss = ((self.line(batch[0]) - batch[0]) ** 2).mean()
        self.log("train_loss", loss, on_epoch=True, on_step=False)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.rate)


class Validated(Line):
    def validation_step(self, batch, index):
        loss = ((self.line(batch[0]) - batch[0]) ** 2).mean()
        self.log(self.metric, loss if self.logs is None else self.logs(self))


def points():
    x = torch.linspace(-1, 1, 16).reshape(-1, 1)
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x), batch_size=8)


def fit(callback, model, tmp, **more):
    trainer = lightning.Trainer(
        accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=tmp, callbacks=[callback],
        **{"max_epochs": 3, **more},
    )
    validation = points() if isinstance(model, Validated) else None
    trainer.fit(model, points(), validation)
    return trainer
'''
SOURCE: dict[str, Any] = {}
exec(MODULE, SOURCE)
fit, line, validated = SOURCE["fit"], SOURCE["Line"], SOURCE["Validated"]


def asked(**more: Any) -> optuna.Trial:
    return optuna.create_study(**more).ask()


def reports(trial: optuna.Trial) -> dict[int, float]:
    return trial.study.trials[0].intermediate_values


def logged(*values: float) -> Callable[[Any], float]:
    """What validation logs in each epoch; the sanity check is epoch 0, too."""
    return lambda module: values[module.current_epoch]


def test_each_epoch_is_reported_and_the_sanity_check_is_none(tmp_path: Path) -> None:
    trial = asked()
    losses = []

    def log(module: Any) -> float:
        losses.append(float(len(losses)))
        return losses[-1]

    fit(LightningPruningCallback(trial), validated(logs=log), tmp_path, num_sanity_val_steps=2)
    assert len(losses) == 8  # two batches in the sanity check, and two in each epoch
    assert reports(trial) == {0: 2.5, 1: 4.5, 2: 6.5}


@pytest.mark.parametrize("backend", slow_but_first(["optuna", "hyperopt", "keras_tuner"]))
def test_a_pruned_fit_ends_at_that_epoch_on_every_engine(backend: str, tmp_path: Path) -> None:
    def train(params: dict[str, float], trial: optuna.Trial) -> float:
        trainer = fit(LightningPruningCallback(trial), validated(params["rate"]), tmp_path)
        return float(trainer.callback_metrics["val_loss"])

    spec = {
        "space": {"rate": {"type": "float", "low": 1e-4, "high": 0.5, "log": True}},
        "pruner": {"name": "threshold", "upper": 1.2},
        "seed": 0,
    }
    study = tune(spec, train, backend=backend, trials=12)
    assert {trial.state for trial in study.trials} == {TrialState.PRUNED, TrialState.COMPLETE}
    for trial in study.trials:
        seen = trial.intermediate_values
        over = [step for step, loss in seen.items() if loss > 1.2]
        assert over == ([max(seen)] if trial.state == TrialState.PRUNED else [])
        assert len(seen) == 3 or over


def test_without_validation_what_training_logs_is_reported(tmp_path: Path) -> None:
    trial = asked()
    fit(LightningPruningCallback(trial, "train_loss"), line(), tmp_path)
    seen = reports(trial)
    assert list(seen) == [0, 1, 2]
    assert seen[0] > seen[1] > seen[2]


@pytest.mark.parametrize("sanity", [0, 2])
def test_an_epoch_without_validation_is_not_reported(sanity: int, tmp_path: Path) -> None:
    trial = asked()
    model = validated(logs=logged(9, 1, 9, 2))
    more = {"max_epochs": 4, "check_val_every_n_epoch": 2, "num_sanity_val_steps": sanity}
    fit(LightningPruningCallback(trial), model, tmp_path, **more)
    assert reports(trial) == {1: 1.0, 3: 2.0}


def test_the_last_validation_of_an_epoch_is_reported(tmp_path: Path) -> None:
    trial = asked()
    model = validated(logs=lambda module: float(module.global_step))
    fit(LightningPruningCallback(trial), model, tmp_path, val_check_interval=0.5)
    assert reports(trial) == {0: 2.0, 1: 4.0, 2: 6.0}


def test_a_missing_metric_is_an_error_that_lists_what_is_logged(tmp_path: Path) -> None:
    with pytest.raises(ObjectiveError) as caught:
        fit(LightningPruningCallback(asked(), "val_los"), validated(), tmp_path)
    assert str(caught.value) == (
        "no reported metric 'val_los'. Known: train_loss, val_loss. Did you mean 'val_loss'?"
    )


def test_divergence_is_pruned_or_failed(tmp_path: Path) -> None:
    for divergence, error in (("prune", optuna.TrialPruned), ("fail", TrainingDiverged)):
        trial = asked()
        callback = LightningPruningCallback(trial, divergence=divergence)  # type: ignore[arg-type]
        with pytest.raises(error, match="diverged at step 1: val_loss = nan"):
            fit(callback, validated(logs=logged(1, math.nan, 1)), tmp_path)
        assert str(reports(trial)) == str({0: 1.0, 1: math.nan})


def test_bad_requests_are_errors_before_training(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="2 objectives"):
        LightningPruningCallback(asked(directions=["minimize", "maximize"]))
    with pytest.raises(RequestError, match=r"needs the optuna.Trial, not None"):
        fit(LightningPruningCallback(None), validated(), tmp_path)


def test_processes_that_start_from_the_trials_own_are_refused(tmp_path: Path) -> None:
    """Optuna's study in memory would not learn what they report."""
    callback = LightningPruningCallback(asked())
    callback._process = -1  # as it is in a process that `ddp_spawn` or `ddp_fork` started
    with pytest.raises(RequestError, match="Start the ranks by torchrun"):
        fit(callback, validated(), tmp_path)


RANK = """
rank, scenario = int(os.environ["RANK"]), sys.argv[1]
study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=9.0))

def logs(module):
    epoch = module.current_epoch
    match scenario:
        case "pruned":
            return 10.0 if rank == 0 and epoch == 1 else 1.0
        case "diverged" if rank == 1 and epoch == 1:
            return math.nan
    return 1.0 + rank

said = []
for number in range(2):
    trial = study.ask() if rank == 0 else None
    metric = "accuracy" if scenario == "missing" and rank == 1 else "val_loss"
    try:
        callback = LightningPruningCallback(trial)
        fit(callback, Validated(logs=logs, metric=metric), ".", strategy="ddp", devices=2)
        said.append(None)
    except Exception as error:
        said.append([type(error).__name__, str(error)])
reports = [trial.intermediate_values for trial in study.trials]
print(json.dumps({"said": said, "reports": reports}))
# No rank ends while the other still needs it. The interpreter's own end is skipped: a thread of
# gloo that asks for the GIL then is aborted, and the process with it.
torch.distributed.barrier()
torch.distributed.destroy_process_group()
sys.stdout.flush()
os._exit(0)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenario", "error", "reports"),
    [
        ("pruned", "TrialPruned: pruned after step 1: val_loss = 10", {0: 1.0, 1: 10.0}),
        ("diverged", "TrialPruned: diverged at step 1: val_loss = nan", {0: 1.0, 1: math.nan}),
        ("missing", "ObjectiveError: on rank 1: no reported metric 'val_loss'. Known: acc", {}),
        ("complete", None, {0: 1.0, 1: 1.0, 2: 1.0}),
    ],
)
def test_the_ranks_of_ddp_raise_the_same_in_trial_after_trial(
    scenario: str, error: str | None, reports: dict[int, float], tmp_path: Path
) -> None:
    script = tmp_path / "rank.py"
    heads = "import json, math, os, sys\nimport optuna\n"
    heads += "from crosstune.callbacks import LightningPruningCallback\n"
    script.write_text(heads + MODULE + RANK)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    ranks = [
        subprocess.Popen(
            [sys.executable, str(script), scenario],
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        outs = [rank.communicate(timeout=TIMEOUT) for rank in ranks]
    finally:
        for rank in ranks:
            rank.kill()
    assert [rank.returncode for rank in ranks] == [0, 0], outs
    first, second = (json.loads(out.splitlines()[-1]) for out, _ in outs)
    assert first["said"] == second["said"]
    for raised in first["said"]:
        assert raised is None if error is None else ": ".join(raised).startswith(error)
    seen = [{int(step): value for step, value in trial.items()} for trial in first["reports"]]
    assert str(seen) == str([reports, reports])
