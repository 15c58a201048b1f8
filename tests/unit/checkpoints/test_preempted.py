"""A trial that is killed again and again goes on for as long as its checkpoint advances."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

import crosstune
from crosstune import checkpoints
from crosstune.engines.record_names import BEGAN, RETRIED
from crosstune.worker.lost_trials import RETRIES, counting, sweep
from tests.support.slow import slow_but_first
from tests.unit.checkpoints.support import SPACE, X
from tests.unit.parallel.histories import errors, history
from tests.unit.resume.support import Killed

SPEC = {"space": SPACE, "seed": 1, "name": "net", "sampler": "random"}
Doors = Callable[..., optuna.Study]


class Preempted:
    """An objective of four epochs, and a process that is killed as one says.

    Args:
        dies: whether it is killed in trial 2 after an epoch, given the number of the start.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, dies: Callable[[int, int], bool]):
        self.dies = dies
        self.starts: list[int] = []
        self._dead = False
        append = JournalFileBackend.append_logs

        def write(backend: JournalFileBackend, logs: list[dict[str, Any]]) -> None:
            if self._dead:
                raise Killed
            append(backend, logs)

        monkeypatch.setattr(JournalFileBackend, "append_logs", write)

    def __call__(self, params: dict[str, Any], trial: optuna.Trial) -> float:
        saved = checkpoints.find(trial)
        start = 0 if saved is None else saved.step
        if trial.number == 2:
            self.starts.append(start)
        for epoch in range(start, 4):
            trial.report(params["x"] + epoch, epoch)
            checkpoints.save(trial, b"", step=epoch + 1)
            if trial.number == 2 and self.dies(len(self.starts), epoch):
                self._dead = True
                raise Killed
        return float(params["x"])

    def run_until_done(self, door: Doors) -> optuna.Study:
        for _ in range(8):
            self._dead = False
            with suppress(BaseException):
                return door(self)
        raise AssertionError("it is killed each time")


def _plain(objective: Any, **how: Any) -> optuna.Study:
    return crosstune.tune(SPEC, objective, trials=4, storage="net.journal", resume=True, **how)


def _fresh(objective: Any) -> optuna.Study:
    return crosstune.tune(SPEC, objective, trials=4, storage="net.journal", resume="fresh")


def _in_threads(objective: Any) -> optuna.Study:
    with ThreadPoolExecutor(1) as threads:
        return _plain(objective, executor=threads, workers=1)


def _in_order(objective: Any) -> optuna.Study:
    with ThreadPoolExecutor(1) as threads:
        return _plain(objective, executor=threads, workers=1, lag=2)


@pytest.mark.parametrize("door", slow_but_first([_plain, _fresh, _in_threads, _in_order]))
def test_it_goes_on_as_often_as_its_checkpoint_advances(
    monkeypatch: pytest.MonkeyPatch, door: Doors
) -> None:
    objective = Preempted(monkeypatch, lambda start, epoch: True)
    study = objective.run_until_done(door)
    assert objective.starts == [0, 1, 2, 3, 4]
    assert errors(study) == {}
    wanted = crosstune.tune(SPEC, Preempted(monkeypatch, lambda *_: False), trials=4)
    assert history(study)[:3] == history(wanted)[:3]


@pytest.mark.parametrize("door", slow_but_first([_plain, _fresh, _in_threads, _in_order]))
def test_it_fails_where_its_checkpoint_has_not_advanced(
    monkeypatch: pytest.MonkeyPatch, door: Doors
) -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        saved = checkpoints.find(trial)
        if trial.number == 2 and saved is not None and saved.step == 2:
            objective.starts.append(2)
            objective._dead = True
            raise Killed
        return objective(params, trial)

    objective = Preempted(monkeypatch, lambda start, epoch: True)
    study = objective.run_until_done(lambda _: door(train))
    assert objective.starts == [0, 1, 2]
    assert list(errors(study)) == [2]
    assert "killed twice while its checkpoint did not advance from step 2" in errors(study)[2]


def test_a_record_from_before_the_rule_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is not known how far the checkpoint was when the retry began."""
    objective = Preempted(monkeypatch, lambda start, epoch: (start, epoch) == (1, 2))
    with suppress(BaseException):
        _plain(objective)
    objective._dead = False
    storage = crosstune.study.storage.open_storage("net.journal")
    storage.set_trial_user_attr(2, RETRIED, True)
    assert errors(_plain(objective)) == {}
    assert objective.starts == [0, 3]


def _shared(advances: bool, attempts: int) -> optuna.Study:
    """A study whose worker is lost each time that it has trial 0."""
    study = optuna.create_study()
    study.enqueue_trial({"x": 0.5})
    for attempt in range(attempts):
        trial = study.ask(X)
        trial.set_user_attr(BEGAN, "worker")
        checkpoints.save(trial, b"", step=attempt if advances else 1)
        study.tell(trial, state=TrialState.FAIL)
        sweep(study)
    return study


def test_workers_hand_on_a_trial_as_often_as_its_checkpoint_advances() -> None:
    study = _shared(advances=True, attempts=9)
    assert [trial.state for trial in study.trials][-1] == TrialState.WAITING
    assert len(study.trials) == 10
    assert [trial.number for trial in counting(study.trials)] == [9]


def test_workers_give_up_a_trial_whose_checkpoint_does_not_advance() -> None:
    trials = _shared(advances=False, attempts=RETRIES).trials
    assert len(trials) == RETRIES + 1
    study = _shared(advances=False, attempts=RETRIES + 1)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL] * (RETRIES + 1)
