"""Contenders with a scheduler: how they are written, and their share of a match."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest

import crosstune
from crosstune import Float
from crosstune.benchmarks.match.contender import contender
from crosstune.errors import RequestError

SPEC = {"space": {"x": Float(0.0, 1.0)}, "seed": 0, "name": "curve"}


def train(params: dict[str, Any], trial: optuna.Trial) -> float:
    value = 0.0
    for epoch in range(12):
        value = (params["x"] - 0.3) ** 2 + 1 / (epoch + 1)
        trial.report(value, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned
    return value


def test_a_scheduler_is_written_with_its_epochs() -> None:
    party = contender("optuna:tpe+hyperband:12")
    assert party.pruner is None
    assert party.scheduler is not None
    assert party.scheduler.plain() == {"name": "hyperband", "max_epochs": 12}
    assert party.label == "optuna:tpe+hyperband:12"
    assert contender("optuna:tpe+hyperband").scheduler is None
    assert contender("optuna:tpe+freeze-thaw").pruner is None


def test_trials_alone_are_no_fair_budget_for_a_scheduler() -> None:
    with pytest.raises(RequestError, match="epochs"):
        crosstune.compare(
            SPEC, train, contenders=["optuna:tpe", "optuna:tpe+freeze-thaw:12"], trials=5
        )


def test_a_match_by_epochs_has_schedulers_and_continues(tmp_path: Path) -> None:
    parties = ["optuna:random", "optuna:tpe+freeze-thaw:12", "optuna:random+hyperband:12"]
    for seeds in (1, 2):
        comparison = crosstune.compare(
            SPEC, train, contenders=parties, epochs=60, seeds=seeds, out=tmp_path
        )
    for party in parties[1:]:
        for seed in (0, 1):
            run = comparison.results.runs["curve", party, seed]
            states = [evaluation.state for evaluation in run.evaluations]
            assert "pruned" in states
            assert sum(evaluation.epochs for evaluation in run.evaluations) >= 60
