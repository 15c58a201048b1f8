"""Processes that search one study at once take turns, so that none repeats another's point."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections import Counter
from pathlib import Path

import optuna
import pytest

from crosstune.engines.record_names import PROPOSAL
from crosstune.samplers import GaussianProcessSampler
from crosstune.samplers import ask_order as turns
from crosstune.samplers.ask_order import AskOrder, begun
from crosstune.space.space import Space
from crosstune.study.storage import open_storage
from tests.support.slow import slow_but_first

SPACE = Space(
    {
        "a": {"type": "int", "low": 0, "high": 9},
        "b": {"type": "choice", "values": list("abcdefgh")},
    }
)
POINTS = 80


def objective(trial: optuna.Trial) -> float:
    a = trial.suggest_int("a", 0, 9)
    b = trial.suggest_categorical("b", list("abcdefgh"))
    time.sleep(0.01)
    return float((a - 3) ** 2 + ord(b))


def search(place: str, trials: int) -> None:
    """What one process does; both have the same seed."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = GaussianProcessSampler(space=SPACE, seed=0)
    study = optuna.load_study(study_name="s", storage=open_storage(place), sampler=sampler)
    study.optimize(objective, n_trials=trials)


@pytest.mark.parametrize("kind", slow_but_first(["journal", "sqlite"]))
def test_two_processes_repeat_no_point(kind: str, tmp_path: Path) -> None:
    place = str(tmp_path / "s.journal") if kind == "journal" else f"sqlite:///{tmp_path}/s.db"
    study = optuna.create_study(study_name="s", storage=open_storage(place))
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=search, args=(place, 15)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    points = Counter(tuple(sorted(trial.params.items())) for trial in study.trials)
    assert sum(points.values()) == 30
    assert set(points.values()) == {1}


def shared(tmp_path: Path) -> optuna.Study:
    return optuna.create_study(storage=open_storage(tmp_path / "s.journal"))


def frozen(study: optuna.Study, number: int) -> optuna.trial.FrozenTrial:
    return study.get_trials(deepcopy=False)[number]


def test_they_come_one_after_the_other_in_the_order_of_their_tickets(tmp_path: Path) -> None:
    study = shared(tmp_path)
    study.ask()
    study.ask()
    first, second = AskOrder(), AskOrder()
    first.wait(study, frozen(study, 1))  # the higher number came first
    waited = threading.Event()

    def later() -> None:
        second.wait(study, frozen(study, 0))
        waited.set()

    thread = threading.Thread(target=later)
    thread.start()
    assert not waited.wait(0.3)
    first.publish(study, frozen(study, 1), {"a": 1})
    assert waited.wait(5)
    thread.join()
    assert begun(frozen(study, 1)) == {"a": 1}


def test_who_draws_a_ticket_is_waited_for(tmp_path: Path) -> None:
    study = shared(tmp_path)
    drawing = study.ask()
    study.ask()
    drawing.set_user_attr(PROPOSAL, 0)
    waited = threading.Event()
    thread = threading.Thread(
        target=lambda: (AskOrder().wait(study, frozen(study, 1)), waited.set())
    )
    thread.start()
    assert not waited.wait(0.3)
    drawing.set_user_attr(PROPOSAL, 2)  # it saw the other's
    assert waited.wait(5)
    thread.join()


def test_who_died_while_asking_is_waited_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.2)
    study = shared(tmp_path)
    study.ask().set_user_attr(PROPOSAL, 1)
    study.ask()
    study.ask()
    mine = AskOrder()
    began = time.monotonic()
    mine.wait(study, frozen(study, 1))
    assert time.monotonic() - began >= 0.2
    mine.publish(study, frozen(study, 1), {"a": 1})
    began = time.monotonic()
    mine.wait(study, frozen(study, 2))
    assert time.monotonic() - began < 0.2


def test_a_trial_that_ended_is_not_waited_for(tmp_path: Path) -> None:
    study = shared(tmp_path)
    ended = study.ask()
    ended.set_user_attr(PROPOSAL, 0)
    study.tell(ended, state=optuna.trial.TrialState.FAIL)
    study.ask()
    AskOrder().wait(study, frozen(study, 1))


def test_a_study_in_memory_is_nobody_elses() -> None:
    study = optuna.create_study(sampler=GaussianProcessSampler(space=SPACE, seed=0))
    study.optimize(objective, n_trials=3)
    assert all(PROPOSAL not in trial.user_attrs for trial in study.trials)
