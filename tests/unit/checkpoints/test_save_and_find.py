"""What is saved is found, and what cannot be is refused."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest

from crosstune import checkpoints
from crosstune.errors import RequestError
from tests.unit.checkpoints.support import Memory, content, warnings


def test_a_new_trial_has_nothing_to_continue(
    trial: optuna.Trial, caplog: pytest.LogCaptureFixture
) -> None:
    assert checkpoints.find(trial) is None
    assert not warnings(caplog)


def write_text(path: Path) -> None:
    path.write_text("weights")


def written_file() -> Path:
    Path("last.ckpt").write_text("weights")
    return Path("last.ckpt")


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (lambda: b"weights", "checkpoint"),
        (lambda: write_text, "checkpoint"),
        (written_file, "last.ckpt"),
        (lambda: str(written_file()), "last.ckpt"),
    ],
)
def test_what_was_saved_is_found_with_its_step_and_name(
    trial: optuna.Trial, made: Callable[[], Any], named: str
) -> None:
    assert checkpoints.save(trial, made(), step=4)
    found = checkpoints.find(trial)
    assert found is not None
    assert (content(found), found.step, found.trial) == (b"weights", 4, trial.number)
    assert found.path.name == named
    assert checkpoints.save(trial, made(), step=5, name="model.keras")
    assert checkpoints.find(trial).path.name == "model.keras"  # type: ignore[union-attr]


def test_only_the_newest_is_kept(trial: optuna.Trial) -> None:
    store = Memory()
    for step in range(1, 6):
        checkpoints.save(trial, str(step).encode(), step=step, store=store)
    assert list(store.held.values()) == [b"5"]


def test_keep_keeps_several_and_the_older_serves_where_the_newest_is_gone(
    trial: optuna.Trial, caplog: pytest.LogCaptureFixture
) -> None:
    store = Memory()
    for step in range(1, 6):
        checkpoints.save(trial, str(step).encode(), step=step, keep=2, store=store)
    assert list(store.held.values()) == [b"4", b"5"]
    del store.held[next(name for name, held in store.held.items() if held == b"5")]
    found = checkpoints.find(trial, store=store)
    assert found is not None
    assert (found.step, content(found)) == (4, b"4")
    assert warnings(caplog) == [
        "trial 0 continues from step 4 of trial 0, since it cannot use the checkpoint of trial 0: "
        "it is not in the store"
    ]


def test_a_copy_can_be_changed_and_goes_with_the_trial() -> None:
    trial = optuna.create_study().ask()
    checkpoints.save(trial, b"weights", step=1)
    first = checkpoints.find(trial).path  # type: ignore[union-attr]
    first.write_bytes(b"other")
    second = checkpoints.find(trial).path  # type: ignore[union-attr]
    assert second.read_bytes() == b"weights"
    del trial
    gc.collect()
    assert not first.parent.exists()
    assert not second.parent.exists()


@pytest.mark.parametrize(
    ("given", "more", "said"),
    [
        (b"", {"step": -1}, "step is how many epochs are done"),
        (b"", {"step": 1.5}, "step is how many epochs are done"),
        (b"", {"step": 1, "keep": 0}, "keep is how many checkpoints"),
        ("nowhere.ckpt", {"step": 1}, "nowhere.ckpt is no file"),
        (".", {"step": 1}, r"\. is no file"),
        ({"w": 1}, {"step": 1}, "or bytes, or the path of a file, not"),
        (lambda path: None, {"step": 1}, "wrote no file at 'checkpoint'"),
    ],
)
def test_arguments_that_cannot_be_are_refused(
    trial: optuna.Trial, given: Any, more: dict[str, Any], said: str
) -> None:
    with pytest.raises(RequestError, match=said):
        checkpoints.save(trial, given, **more)
