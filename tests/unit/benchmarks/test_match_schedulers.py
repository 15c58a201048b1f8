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


def rows(comparison: Any, party: str) -> list[Any]:
    run = comparison.results.runs["curve", party, 0]
    return [(e.number, e.state, e.value, e.params, e.reports, e.paused) for e in run.evaluations]


@pytest.mark.parametrize("scheduler", ["freeze-thaw", "hyperband"])
def test_a_match_that_was_interrupted_continues_where_an_objective_reports_once(
    scheduler: str, tmp_path: Path
) -> None:
    party = f"optuna:tpe+{scheduler}:12"
    left = [1000]

    def once(params: dict[str, Any], trial: optuna.Trial) -> float:
        if not left[0]:
            left[0] = 1000
            raise KeyboardInterrupt
        left[0] -= 1
        planned = crosstune.budget(trial)
        epochs = 12 if planned is None else planned.epochs
        trial.report(params["x"], 0)
        return float((params["x"] - 0.3) ** 2 + 1 / epochs)

    match: dict[str, Any] = {"contenders": ["optuna:random", party], "epochs": 30, "seeds": 1}
    whole = crosstune.compare(SPEC, once, **match)
    for calls in (45, 1000):
        left[0] = calls
        try:
            parted = crosstune.compare(SPEC, once, out=tmp_path, **match)
        except KeyboardInterrupt:
            assert calls == 45
    assert any(row[-1] is not None for row in rows(whole, party))
    assert rows(parted, party) == rows(whole, party)


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
