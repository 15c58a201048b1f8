"""`TorchPruningCallback`, in one process and in the ranks of a distributed run."""

from __future__ import annotations

import json
import math
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import optuna
import pytest

from crosstune import tune
from crosstune.errors import ObjectiveError, RequestError, Unsupported

torch = pytest.importorskip("torch")

from crosstune.callbacks import TorchPruningCallback  # noqa: E402
from tests.support.slow import slow_but_first  # noqa: E402

TIMEOUT = 180.0
"""Seconds after which ranks that wait for each other are taken to hang."""

# What a rank does, told by its number and the scenario. It says what the callback raised, and what
# the study holds if the trial is there.
RANKS = """
import datetime, json, math, multiprocessing, sys
import optuna, torch, torch.distributed as dist
from crosstune.callbacks import TorchPruningCallback

scenario, port = sys.argv[1:]

def metrics(rank, step, trial):
    loss = torch.tensor(1.0 + rank + step)
    match scenario:
        case "pruned" if step == 2:
            loss = torch.tensor(10.0 if rank == 0 else 1.0)
        case "bad on rank 1" if step == 2:
            loss = torch.tensor(1.0 if rank == 0 else 10.0)
        case "diverged" | "failed" if step == 1 and rank == 1:
            loss = torch.tensor(math.nan)
        case "rank 0 alone" if rank == 1:
            return {}
        case "missing" if step == 1 and rank == 1:
            return {"accuracy": loss}
        case "missing on 0" if step == 1 and rank == 0:
            return {}
        case "no number" if step == 1 and rank == 1:
            return {"val_loss": torch.zeros(3)}
        case "no name" if step == 1 and rank == 0:
            return loss
        case "storage" if rank == 0 and step == 1:
            def report(*args): raise OSError(28, "No space left on device")
            trial.report = report
    return {"val_loss": loss}

def run(rank):
    dist.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2,
        timeout=datetime.timedelta(seconds=30),
    )
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    directions = ["minimize"] * (2 if scenario == "two objectives" else 1)
    pruner = optuna.pruners.ThresholdPruner(upper=9)
    study = optuna.create_study(directions=directions, pruner=pruner)
    has_trial = (rank == 0) != (scenario == "no trial") or scenario == "two trials"
    trial = study.ask() if has_trial else None
    raised = None
    try:
        divergence = "fail" if scenario == "failed" else "prune"
        prune = TorchPruningCallback(trial, "val_loss", divergence=divergence)
        for step in range(3):
            prune(step + rank if scenario == "steps" else step, metrics(rank, step, trial))
    except Exception as error:
        raised = [type(error).__name__, str(error)]
    reports = None if rank else study.trials[0].intermediate_values if study.trials else {}
    dist.barrier()
    dist.destroy_process_group()
    return {"raised": raised, "reports": reports}

with multiprocessing.get_context("fork").Pool(2) as ranks:
    for said in ranks.map(run, range(2), chunksize=1):
        print("RANK " + json.dumps(said))
"""


def run(scenario: str, tmp_path: Path) -> tuple[Any, Any]:
    """What the two ranks say at their end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = tmp_path / "ranks.py"
    script.write_text(RANKS)
    done = subprocess.run(
        [sys.executable, str(script), scenario, str(port)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.splitlines() if line.startswith("RANK ")]
    first, second = (json.loads(line.removeprefix("RANK ")) for line in said)
    return first, second


def test_tensors_are_reported_and_prune_a_plain_loop() -> None:
    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=1.0))

    def objective(trial: optuna.Trial) -> float:
        prune = TorchPruningCallback(trial, "val_loss")
        for epoch in range(3):
            loss = torch.tensor([0.5 + trial.number * epoch], requires_grad=True)
            prune(epoch, val_loss=loss, accuracy=torch.tensor(1))
        return float(loss)

    study.optimize(objective, n_trials=2)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "PRUNED"]
    assert study.trials[1].intermediate_values == {0: 0.5, 1: 1.5}


@pytest.mark.parametrize("backend", slow_but_first(["optuna", "hyperopt", "keras_tuner"]))
def test_it_prunes_on_every_engine(backend: str) -> None:
    def train(params: dict[str, float], trial: optuna.Trial) -> float:
        prune = TorchPruningCallback(trial, "val_loss")
        weight = torch.tensor(3.0, requires_grad=True)
        optimizer = torch.optim.SGD([weight], lr=params["lr"])
        for epoch in range(6):
            optimizer.zero_grad()
            loss = (weight - 1) ** 2
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            prune(epoch, val_loss=loss.detach())
        return float(loss)

    space = {"lr": {"type": "float", "low": 1e-3, "high": 0.5, "log": True}}
    study = tune({"space": space, "pruner": "median", "seed": 0}, train, backend=backend, trials=12)
    states = [trial.state.name for trial in study.trials]
    assert states.count("PRUNED") >= 2
    for trial in study.trials:
        assert (len(trial.intermediate_values) == 6) or trial.state.name == "PRUNED"


def test_an_exploding_training_ends_at_once() -> None:
    asked = optuna.create_study().ask()
    prune = TorchPruningCallback(asked, "loss")
    with pytest.raises(optuna.TrialPruned, match="diverged at step 0: loss = inf"):
        prune(0, loss=torch.tensor(1e38) * 10)
    assert math.isnan(asked.study.trials[0].intermediate_values[0])


def test_one_process_needs_the_trial_of_one_objective() -> None:
    with pytest.raises(RequestError, match=r"needs the optuna.Trial, not None"):
        TorchPruningCallback(None)
    with pytest.raises(Unsupported, match="2 objectives"):
        TorchPruningCallback(optuna.create_study(directions=["minimize"] * 2).ask())
    with pytest.raises(ObjectiveError, match=r"Tensor of shape \(3,\)"):
        TorchPruningCallback(optuna.create_study().ask())(0, val_loss=torch.zeros(3))
    with pytest.raises(ObjectiveError, match="Known: accuracy"):
        TorchPruningCallback(optuna.create_study().ask())(0, accuracy=torch.zeros(1))


# Each starts a Python that imports torch, so all but one are slow.
@pytest.mark.parametrize(
    ("scenario", "error", "words", "reports"),
    [
        ("pruned", "TrialPruned", "pruned after step 2: val_loss = 10", {0: 1, 1: 2, 2: 10}),
        pytest.param(
            "diverged",
            "TrialPruned",
            "diverged at step 1: val_loss = nan",
            {0: 1, 1: math.nan},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "missing",
            "ObjectiveError",
            "on rank 1: no reported metric 'val_loss'. Known: acc",
            {0: 1},
            marks=pytest.mark.slow,
        ),
        pytest.param("bad on rank 1", None, "", {0: 1, 1: 2, 2: 1}, marks=pytest.mark.slow),
        pytest.param("rank 0 alone", None, "", {0: 1, 1: 2, 2: 3}, marks=pytest.mark.slow),
        pytest.param(
            "failed",
            "TrainingDiverged",
            "val_loss = nan",
            {0: 1, 1: math.nan},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "missing on 0",
            "ObjectiveError",
            "on rank 0: no reported",
            {0: 1},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "no number", "ObjectiveError", "on rank 1: the metric", {0: 1}, marks=pytest.mark.slow
        ),
        pytest.param(
            "no name",
            "ObjectiveError",
            "on rank 0: metrics are given by",
            {0: 1},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "steps", "ObjectiveError", "different steps: 0, 1", {}, marks=pytest.mark.slow
        ),
        pytest.param(
            "two trials", "RequestError", "rank 1 was given a trial", {}, marks=pytest.mark.slow
        ),
        pytest.param("no trial", "RequestError", "not None", {}, marks=pytest.mark.slow),
        pytest.param("two objectives", "Unsupported", "2 objectives", {}, marks=pytest.mark.slow),
    ],
)
def test_ranks_raise_the_same(
    scenario: str, error: str | None, words: str, reports: dict[int, float], tmp_path: Path
) -> None:
    first, second = run(scenario, tmp_path)
    assert first["raised"] == second["raised"]
    if error is None:
        assert first["raised"] is None
    else:
        assert first["raised"][0] == error
        assert words in first["raised"][1]
    assert str({int(step): value for step, value in first["reports"].items()}) == str(
        {step: float(value) for step, value in reports.items()}
    )


@pytest.mark.slow
def test_a_storage_that_fails_on_rank_0_ends_every_rank(tmp_path: Path) -> None:
    first, second = run("storage", tmp_path)
    assert first["raised"] == ["OSError", "[Errno 28] No space left on device"]
    assert second["raised"][0] == "RunError"
    assert "rank 0 could not report: OSError: [Errno 28]" in second["raised"][1]
