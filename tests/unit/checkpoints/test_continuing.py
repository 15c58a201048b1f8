"""The next rung, and the retry of a killed trial, go on where the training was."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

import crosstune
from crosstune import Float, Space, checkpoints
from crosstune.objectives import suggest
from crosstune.study.trials import epochs_trained
from tests.unit.checkpoints.support import SPACE, Memory, X, content, retry, warnings

# Hyperband


def hyperband(objective: Any, **more: Any) -> optuna.Study:
    return crosstune.tune(
        {"space": SPACE, "seed": 1},
        objective,
        backend="keras_tuner",
        sampler={"name": "hyperband", "max_epochs": 9},
        **more,
    )


def test_promoted_trials_go_on_with_the_very_weights_of_the_earlier_rung() -> None:
    import torch

    trained = []
    left: dict[int, dict[str, torch.Tensor]] = {}

    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        torch.manual_seed(trial.number)
        net = torch.nn.Linear(3, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=params["x"] / 10, momentum=0.9)
        planned = crosstune.budget(trial)
        assert planned is not None
        saved = checkpoints.find(trial)
        assert (saved is None) == (planned.resume_from is None)
        start = 0
        if saved is not None:
            state = torch.load(saved.path)
            net.load_state_dict(state["net"])
            optimizer.load_state_dict(state["optimizer"])
            start = saved.step
            assert (start, saved.trial) == (planned.initial_epoch, planned.resume_from)
            past = left[planned.resume_from]  # type: ignore[index]
            assert all(torch.equal(held, past[name]) for name, held in net.state_dict().items())
            assert optimizer.state_dict()["state"][0]["momentum_buffer"].abs().sum() > 0
        inputs = torch.linspace(-1, 1, 30).reshape(10, 3)
        for epoch in range(start, planned.epochs):
            optimizer.zero_grad()
            loss = (net(inputs) - inputs.sum(1, keepdim=True)).square().mean()
            loss.backward()
            optimizer.step()
            trained.append(trial.number)
            trial.report(loss.item(), epoch)
            state = {"net": net.state_dict(), "optimizer": optimizer.state_dict()}
            assert checkpoints.save(trial, partial(torch.save, state), step=epoch + 1)
        left[trial.number] = {name: held.clone() for name, held in net.state_dict().items()}
        return loss.item()

    study = hyperband(train)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 23
    assert len(trained) == 75 == epochs_trained(study)


def test_a_rung_without_its_checkpoint_goes_on_from_the_rung_before(
    caplog: pytest.LogCaptureFixture,
) -> None:
    starts = {}

    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        planned = crosstune.budget(trial)
        assert planned is not None
        saved = checkpoints.find(trial)
        starts[planned.bracket, planned.round] = saved.step if saved else 0
        if planned.round != 1:
            checkpoints.save(trial, b"weights", step=planned.epochs)
        return params["x"]

    hyperband(train)
    assert starts == {(2, 0): 0, (2, 1): 1, (2, 2): 1, (1, 0): 0, (1, 1): 3, (0, 0): 0}
    (message,) = warnings(caplog)[:1]
    assert "continues from step 1 of trial" in message
    assert "there is none" in message


# Retries


def test_a_retry_goes_on_from_the_checkpoint_of_the_killed_trial(trial: optuna.Trial) -> None:
    store = Memory()
    checkpoints.save(trial, b"3", step=3, store=store)
    again = retry(trial)
    found = checkpoints.find(again, store=store)
    assert again.number == 1
    assert again.params == trial.params
    assert found is not None
    assert (found.step, found.trial, content(found)) == (3, 0, b"3")
    for step in (4, 5):
        checkpoints.save(again, str(step).encode(), step=step, store=store)
    assert sorted(store.held.values()) == [b"3", b"5"]
    third = retry(again)
    assert content(checkpoints.find(third, store=store)) == b"5"


def test_the_retry_of_a_promoted_trial_goes_on_within_its_budget() -> None:
    study = crosstune.create_study(
        {"space": SPACE, "seed": 1},
        backend="keras_tuner",
        sampler={"name": "hyperband", "max_epochs": 3},
    )
    trial = study.ask()
    while crosstune.budget(trial).resume_from is None:  # type: ignore[union-attr]
        checkpoints.save(trial, b"rung", step=1)
        study.tell(trial, suggest(Space(SPACE), trial)["x"])
        trial = study.ask()
    planned = crosstune.budget(trial)
    suggest(Space(SPACE), trial)
    checkpoints.save(trial, b"half", step=2)
    again = retry(trial)
    assert again.params == trial.params
    assert crosstune.budget(again) == planned
    assert content(checkpoints.find(again)) == b"half"
    study.tell(again, 0.0)
    following = crosstune.budget(study.ask())
    assert following is not None
    assert (following.bracket, following.round) == (0, 0)


KILLED = """
import os, signal, sys
import optuna
from crosstune import checkpoints

Retry = getattr(optuna.storages, "RetryHeartbeatStaleTrialCallback", None)
name = "heartbeat_stale_trial_callback"
if Retry is None:
    Retry, name = optuna.storages.RetryFailedTrialCallback, "failed_trial_callback"
storage = optuna.storages.RDBStorage(
    "sqlite:///study.db", heartbeat_interval=1, grace_period=2, **{name: Retry()}
)
study = optuna.create_study(storage=storage, study_name="s", load_if_exists=True)


def train(trial):
    x = trial.suggest_float("x", 0, 1)
    saved = checkpoints.find(trial, store="store")
    weights = saved.path.read_text() if saved else ""
    for epoch in range(saved.step if saved else 0, 6):
        weights += str(epoch)
        print(trial.number, epoch, flush=True)

        def write(path):
            path.write_text(weights)
            if epoch == 3 and sys.argv[1] == "die":
                os.kill(os.getpid(), signal.SIGKILL)

        checkpoints.save(trial, write, step=epoch + 1, store="store")
    assert weights == "012345"
    return x


study.optimize(train, n_trials=1)
"""


@pytest.mark.slow
def test_a_process_killed_while_it_saves_is_continued_by_another() -> None:
    Path("killed.py").write_text(KILLED)
    run = partial(subprocess.run, capture_output=True, text=True, check=False)
    dead = run([sys.executable, "killed.py", "die"])
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    time.sleep(3)  # Until the heartbeat is stale.
    done = run([sys.executable, "killed.py", "live"])
    assert done.returncode == 0, done.stderr
    trained = [line.split() for line in (dead.stdout + done.stdout).splitlines()]
    assert [int(epoch) for _, epoch in trained] == [0, 1, 2, 3, 3, 4, 5]
    assert [int(number) for number, _ in trained] == [0] * 4 + [1] * 3
    study = optuna.load_study(study_name="s", storage="sqlite:///study.db")
    assert [trial.state for trial in study.trials] == [TrialState.FAIL, TrialState.COMPLETE]
    assert study.trials[0].params == study.trials[1].params


def test_a_trial_taken_for_dead_that_wakes_up_cannot_touch_the_retry(trial: optuna.Trial) -> None:
    store = Memory()
    checkpoints.save(trial, b"3", step=3, store=store)
    again = retry(trial)
    checkpoints.save(again, b"4", step=4, store=store)
    with pytest.raises(Exception, match="can not be updated|already finished|Trial#0"):
        checkpoints.save(trial, b"dead", step=4, store=store)
    assert sorted(store.held.values()) == [b"3", b"4"]
    assert content(checkpoints.find(again, store=store)) == b"4"


def test_a_trial_queued_again_by_hand_goes_on(trial: optuna.Trial) -> None:
    checkpoints.save(trial, b"3", step=3)
    trial.study.enqueue_trial(trial.params, user_attrs=trial.user_attrs)
    assert content(checkpoints.find(trial.study.ask(X))) == b"3"


def test_a_checkpoint_of_other_parameters_is_not_used(
    trial: optuna.Trial, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoints.save(trial, b"3", step=3)
    trial.study.enqueue_trial({"x": 0.25}, user_attrs=trial.user_attrs)
    assert checkpoints.find(trial.study.ask(X)) is None
    assert warnings(caplog) == [
        "trial 1 continues from the beginning, since it cannot use the checkpoint of trial 0: "
        "it was trained with another x"
    ]


def test_a_number_of_numpys_is_the_same_parameter() -> None:
    class Numpy(optuna.samplers.RandomSampler):
        def sample_independent(self, *args: Any) -> Any:
            return np.float64(super().sample_independent(*args))

    trial = optuna.create_study(sampler=Numpy(seed=0)).ask(X)
    assert isinstance(trial.params["x"], np.float64)
    checkpoints.save(trial, b"3", step=3)
    assert content(checkpoints.find(retry(trial))) == b"3"


def test_parameters_read_back_from_a_storage_are_the_same(tmp_path: Path) -> None:
    space = {
        "lr": Float(1e-5, 1.0, log=True),
        "units": crosstune.Int(1, 9),
        "kind": crosstune.Choice(["a", None, 2]),
        "wide": crosstune.LogNormal(0, 1),
    }
    spec = {"name": "s", "space": space, "seed": 0}

    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        checkpoints.save(trial, repr(params).encode(), step=1)
        return 0.0

    study = crosstune.tune(spec, train, backend="keras_tuner", trials=3, storage="s.journal")
    again = crosstune.tune(spec, train, trials=3, storage="s.journal", resume=True)
    for past in study.trials:
        again.enqueue_trial(past.params, user_attrs=past.user_attrs)
        queued = again.ask()
        suggest(Space(space), queued)
        assert queued.params == past.params
        assert checkpoints.find(queued).trial == past.number  # type: ignore[union-attr]
