"""What the tests evaluate in other processes."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import optuna

from tests.unit.parallel import families

SPACE: dict[str, Any] = {
    "x": {"type": "float", "low": -1, "high": 1},
    "k": {"type": "int", "low": 1, "high": 8},
    "c": {"type": "choice", "values": ["a", "b"]},
    "m": {"type": "float", "low": 0, "high": 1, "when": {"c": "a"}},
}


def curve(params: dict[str, Any], trial: optuna.Trial) -> float:
    """Nine reports, which a pruner may cut short; every third trial grows worse as it trains."""
    value = (params["x"] - 0.3) ** 2 + params["k"] * 0.01 + params.get("m", 0.2)
    for step in range(9):
        shown = value + (step if trial.number % 3 == 2 else 1 / (1 + step))
        trial.report(shown, step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return shown


def uneven(params: dict[str, Any], trial: optuna.Trial) -> float:
    """The same, of trials that end in another order than they began."""
    time.sleep(0.03 * (trial.number * 7 % 5))
    return curve(params, trial)


def slow_curve(params: dict[str, Any], trial: optuna.Trial) -> float:
    """The same, in a quarter of a second."""
    for step in range(5):
        time.sleep(0.05)
        trial.report(params["x"] + step, step)
    return float(params["x"])


def nap(params: dict[str, Any]) -> float:
    """A tenth of a second."""
    time.sleep(0.1)
    return float(params["x"])


def square(params: dict[str, Any]) -> float:
    """At once."""
    return float(params["x"]) ** 2


def dies_at_three(params: dict[str, Any], trial: optuna.Trial) -> float:
    """Trial 3 takes its process with it."""
    if trial.number == 3:
        os._exit(7)
    return float(params["x"])


def hangs_at_three(params: dict[str, Any], trial: optuna.Trial) -> float:
    """Trial 3 never ends."""
    if trial.number == 3:
        time.sleep(600)
    return float(params["x"])


def fails(params: dict[str, Any]) -> float:
    """It never works."""
    raise ValueError("no such file")


def no_number(params: dict[str, Any]) -> str:
    """What no study can use."""
    return "high"


def dies_once(params: dict[str, Any], trial: optuna.Trial) -> float:
    """The first attempt at trial 2 reports nonsense and takes its process with it."""
    mark = Path(trial.study.user_attrs["folder"]) / "died"
    first = trial.number == 2 and not mark.exists()
    for step in range(4):
        trial.report(1000.0 if first else params["x"] + step, step)
    if first:
        trial.report(1000.0, 9)
        mark.write_text("")
        os._exit(7)
    return float(params["x"])


def writes_its_process(params: dict[str, Any]) -> float:
    """Leaves the numbers of its processes in a folder, and then takes long."""
    families.hang_with_family(os.environ["CROSSTUNE_TEST_FOLDER"], stubborn=False)
    return float(params["x"])


def leaves_families(params: dict[str, Any], trial: optuna.Trial) -> float:
    """Trial 1 is killed and trial 2 hangs, with processes of their own; 3 leaves a thread."""
    folder = os.environ["CROSSTUNE_TEST_FOLDER"]
    if trial.number == 1:
        families.die_with_family(folder)
    if trial.number == 2:
        families.hang_with_family(folder)
    if trial.number == 3:
        families.leave_a_thread()
    return float(params["x"])
