"""Objectives of the tests of the match: functions of a module, so that processes find them."""

from __future__ import annotations

import math
from typing import Any

import optuna

import crosstune

SPACE = {
    "kind": {"type": "choice", "values": ["a", "b"]},
    "x": {"type": "float", "low": -1.0, "high": 1.0},
    "n": {"type": "int", "low": 1, "high": 8, "log": True, "when": {"kind": "b"}},
}
SPEC = {"name": "match", "space": SPACE}


def smooth(params: dict[str, Any], trial: optuna.Trial) -> float:
    """A noisy bowl; the noise is the trial's own."""
    noise = crosstune.trial_seed(trial) / 2**31
    return float(params["x"] ** 2 + params.get("n", 4) / 10 + 0.01 * noise)


def tested(params: dict[str, Any], trial: optuna.Trial) -> dict[str, float]:
    """The same, with a score on unseen data."""
    value = smooth(params, trial)
    return {"value": value, "test_value": value + 0.1}


def curved(params: dict[str, Any], trial: optuna.Trial) -> float:
    """Nine epochs that can be pruned."""
    value = math.inf
    for epoch in range(1, 10):
        value = float(params["x"] ** 2 + 1 / epoch)
        trial.report(value, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned
    return value


def failing(params: dict[str, Any]) -> float:
    """Fails for a half of the space, by an error and by NaN."""
    if params["kind"] == "a":
        if params["x"] > 0:
            raise ValueError("no luck with a")
        return math.nan
    return float(params["x"])


def broken(params: dict[str, Any]) -> float:
    """Fails always."""
    raise RuntimeError("this never works")


def constant(params: dict[str, Any]) -> float:
    """Does not vary."""
    return 1.0


def scored_apart(params: dict[str, Any]) -> float:
    """Has a `test` of its own."""
    return float(params["x"] ** 2)


scored_apart.test = lambda params: {"value": float(params["x"])}  # type: ignore[attr-defined]
