"""A training in two ranks that a scheduler pauses: both continue with the state of rank 0."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

# Each rank says the epochs that it trained, its last weight and its last random number, by trial.
RANKS = """
import datetime, json, multiprocessing, sys
import optuna, torch, torch.distributed as dist
import crosstune
from crosstune.callbacks import TorchPruningCallback

port = sys.argv[1]

def train(trial, rank, said):
    asked = [trial.suggest_float("lr", 0.1, 1.0) if trial else None]
    dist.broadcast_object_list(asked)
    torch.manual_seed(rank)
    net = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(net.weight, 5.0 + rank)  # only a restored one is that of rank 0
    epochs = []
    prune = TorchPruningCallback(trial, "loss", state=[net])
    try:
        for epoch in prune.epochs(4):
            epochs.append(epoch)
            with torch.no_grad():
                net.weight.mul_(1 - asked[0] / 2)
            drawn = torch.rand(()).item()
            prune(epoch, loss=abs(net.weight.item()))
    finally:
        said.append([epochs, net.weight.item(), drawn])
    return abs(net.weight.item())

def run(rank):
    dist.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2,
        timeout=datetime.timedelta(seconds=60),
    )
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    said = []
    if rank == 0:
        spec = {"space": {"lr": {"type": "float", "low": 0.1, "high": 1.0}}, "seed": 0, "trials": 2}
        scheduler = {"name": "i-epoch", "max_epochs": 4, "first": 2, "finalists": 1}
        study = crosstune.create_study(spec, scheduler=scheduler)
        for _ in range(3):
            trial = study.ask()
            try:
                study.tell(trial, train(trial, rank, said))
            except optuna.TrialPruned:
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
    else:
        for _ in range(3):
            try:
                train(None, rank, said)
            except optuna.TrialPruned:
                pass
    dist.barrier()
    dist.destroy_process_group()
    return said

with multiprocessing.get_context("fork").Pool(2) as ranks:
    for said in ranks.map(run, range(2), chunksize=1):
        print("RANK " + json.dumps(said))
"""


@pytest.mark.slow
def test_both_ranks_continue_where_rank_0_was_paused(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = tmp_path / "ranks.py"
    script.write_text(RANKS)
    command = [sys.executable, str(script), str(port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.splitlines() if line.startswith("RANK ")]
    first, second = (json.loads(line.removeprefix("RANK ")) for line in said)
    assert [epochs for epochs, _, _ in first] == [[0, 1], [0, 1], [2, 3]]
    assert [epochs for epochs, _, _ in second] == [[0, 1], [0, 1], [2, 3]]
    assert first[2][1] == second[2][1], "the weights are those of rank 0"
    assert second[0][1] != first[0][1], "before, each rank had its own"
    assert first[2][2] != second[2][2], "each rank has its own random numbers"
    assert second[2][2] != second[0][2], "which go on where they were"
