"""Objectives that other processes evaluate, and the folder that they leave marks in."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import optuna

import crosstune
from crosstune import checkpoints

MARKS = "CROSSTUNE_TEST_MARKS"


def mark(trial: optuna.Trial, said: object) -> None:
    """Add a line about a trial, in one write."""
    with (Path(os.environ[MARKS]) / "marks").open("a") as file:
        file.write(f"{trial.number} {said}\n")


def marks() -> list[tuple[int, str]]:
    """The lines so far, with the number of the trial."""
    lines = (Path(os.environ[MARKS]) / "marks").read_text().splitlines()
    split = [line.partition(" ") for line in lines]
    return [(int(number), said) for number, _, said in split]


def promoted(params: dict[str, Any], trial: optuna.Trial) -> float:
    """A rung goes on with the weights of the one before."""
    planned = crosstune.budget(trial)
    assert planned is not None
    saved = checkpoints.find(trial)
    wanted = None if planned.resume_from is None else (planned.initial_epoch, planned.resume_from)
    assert wanted == (None if saved is None else (saved.step, saved.trial))
    weights = "" if saved is None else saved.path.read_text()
    for epoch in range(len(weights), planned.epochs):
        weights += str(epoch)
        trial.report(params["x"] + 1 / (epoch + 1), epoch)
        assert checkpoints.save(trial, weights.encode(), step=epoch + 1)
    return float(params["x"])


def killed_at_each_epoch(params: dict[str, Any], trial: optuna.Trial) -> float:
    """The process of trial 1 is killed after each checkpoint, until four epochs are done."""
    saved = checkpoints.find(trial)
    start = 0 if saved is None else saved.step
    mark(trial, start)
    for epoch in range(start, 4):
        trial.report(epoch, epoch)
        checkpoints.save(trial, b"", step=epoch + 1)
        if trial.number == 1:
            os.kill(os.getpid(), signal.SIGKILL)
    return float(params["x"])


def stuck_at_two(params: dict[str, Any], trial: optuna.Trial) -> float:
    """The process of trial 1 is killed before its third epoch ends, at every attempt."""
    saved = checkpoints.find(trial)
    start = 0 if saved is None else saved.step
    mark(trial, start)
    for epoch in range(start, 4):
        if trial.number == 1 and epoch == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        checkpoints.save(trial, b"", step=epoch + 1)
    return float(params["x"])
