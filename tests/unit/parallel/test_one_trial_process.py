"""A trial in a process of its own, as on a cluster with a limit of seconds."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

from crosstune import _optuna
from crosstune.parallel import one_trial_process as alone
from crosstune.parallel.channel import open_to_workers
from crosstune.parallel.evaluate import Recipe
from crosstune.parallel.one_trial_process import evaluate_alone
from crosstune.parallel.task import DIED, TaskOutcome, TrialTask, took_longer
from crosstune.parallel.trial_storage import Gate
from crosstune.spec.spec import load
from crosstune.system import process_groups as groups
from tests.unit.parallel import families

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no process groups")
Evaluate = Callable[..., TaskOutcome]


@pytest.fixture
def evaluate() -> Iterator[Evaluate]:
    """Evaluates an objective with a limit."""
    study = optuna.create_study()
    gate = Gate(*_optuna.identity(study))
    spec = load({"space": {"x": {"type": "float", "low": 0, "high": 1}}})
    with open_to_workers(gate, None) as address:

        def evaluated(objective: Any, seconds: float) -> TaskOutcome:
            trial = study.ask()
            trial.suggest_float("x", 0, 1)
            task = TrialTask(
                run=gate.run,
                ticket=gate.admit(_optuna.trial_id(trial)),
                number=trial.number,
                study_name=study.study_name,
                pruner=pickle.dumps(study.pruner),
                address=address,
                recipe=Recipe(spec, objective, None).packed(),
            )
            return evaluate_alone(task, seconds=seconds)

        yield evaluated


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "GRACE", 1.0)
    monkeypatch.setattr(alone, "ENDING", 1.0)


def test_what_it_forked_does_not_hold_up_one_that_is_killed(
    evaluate: Evaluate, tmp_path: Path
) -> None:
    outcome = evaluate(lambda params: families.die_with_family(tmp_path), 60)
    assert (outcome.error, outcome.lost) == (DIED, True)
    assert families.all_gone(tmp_path)


def test_what_it_started_ends_with_it(evaluate: Evaluate, tmp_path: Path) -> None:
    outcome = evaluate(lambda params: families.hang_with_family(tmp_path), 2)
    assert (outcome.error, outcome.lost) == (took_longer(2), False)
    assert families.all_gone(tmp_path)


def test_a_thread_that_is_left_is_no_trial_that_takes_too_long(evaluate: Evaluate) -> None:
    outcome = evaluate(lambda params: families.leave_a_thread(), 60)
    assert (outcome.state, outcome.value) == ("complete", 1.0)
