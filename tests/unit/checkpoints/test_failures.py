"""A kill, a full disk and a store that fails leave what there was."""

from __future__ import annotations

import errno
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import optuna
import pytest
from optuna.trial import TrialState

import crosstune
from crosstune import checkpoints
from crosstune.checkpoints.record import read
from crosstune.errors import Passing, RunError
from tests.unit.checkpoints.support import SPACE, Memory, content, retry, warnings

# A kill while a checkpoint is saved


class Killed(Passing):
    """Stands for SIGKILL: nothing of ours may catch it."""


class Dying(Memory):
    """Is killed at a point of `save`."""

    point = ""

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        if self.point == "half written":
            self.held[artifact_id] = content_body.read(2)
            raise Killed
        super().write(artifact_id, content_body)
        if self.point == "not noted":
            raise Killed

    def remove(self, artifact_id: str) -> None:
        if self.point == "not removed":
            raise Killed
        super().remove(artifact_id)


@pytest.mark.parametrize(
    ("point", "expected"),
    [("being made", 1), ("half written", 1), ("not noted", 1), ("not removed", 2)],
)
def test_a_kill_leaves_a_checkpoint_and_the_retry_clears_up(
    trial: optuna.Trial, point: str, expected: int, caplog: pytest.LogCaptureFixture
) -> None:
    def made(path: Path) -> None:
        path.write_bytes(b"new!")
        if point == "being made":
            raise Killed

    store = Dying()
    checkpoints.save(trial, b"old!", step=1, store=store)
    store.point = point
    with pytest.raises(Killed):
        checkpoints.save(trial, made, step=2, store=store)
    store.point = ""
    again = retry(trial)
    found = checkpoints.find(again, store=store)
    assert found is not None
    assert (found.step, content(found)) == (expected, [b"old!", b"new!"][expected - 1])
    assert not warnings(caplog)
    checkpoints.save(again, b"next", step=3, store=store)
    assert sorted(store.held.values()) == sorted([content(found) or b"", b"next"])


# A full disk, and stores that fail


@contextmanager
def small_files(largest: int) -> Iterator[None]:
    """Let the system refuse larger files, as it does where a disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("kind", ["bytes", "file"])
def test_a_full_disk_is_told_once_and_leaves_the_former_checkpoint(
    trial: optuna.Trial, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    large: Any = bytes(100_000)
    if kind == "file":
        Path("large").write_bytes(large)
        large = "large"
    assert checkpoints.save(trial, b"small", step=1, store="store")
    with small_files(50_000):
        assert [checkpoints.save(trial, large, step=n, store="store") for n in (2, 3)] == [
            False
        ] * 2
    assert warnings(caplog) == [
        "trial 0 has no room for its checkpoint of step 2: File too large. Training continues, and "
        "a former checkpoint is kept"
    ]
    assert not read(trial).discarded  # nothing is left to clear up, so nothing grows
    assert [path.read_bytes() for path in Path("store").iterdir()] == [b"small"]
    assert content(checkpoints.find(trial, store="store")) == b"small"
    assert checkpoints.save(trial, large, step=4, store="store")
    assert checkpoints.find(trial, store="store").step == 4  # type: ignore[union-attr]
    assert len(list(Path("store").iterdir())) == 1


def test_no_trial_is_lost_to_a_full_disk() -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        checkpoints.save(trial, bytes(100_000), step=1)
        return params["x"]

    with small_files(50_000):
        study = crosstune.tune({"space": SPACE}, train, trials=5)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 5


def test_a_writer_that_hides_the_full_disk_is_understood(
    trial: optuna.Trial, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """torch.save says "enforce fail at inline_container.cc" and no errno."""

    def made(path: Path) -> None:
        raise RuntimeError("enforce fail")

    with pytest.raises(RuntimeError, match="enforce fail"):
        checkpoints.save(trial, made, step=1)
    usage = shutil.disk_usage(".")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=0))
    assert not checkpoints.save(trial, made, step=1)
    assert "no space left" in warnings(caplog)[0]


def test_a_store_that_cannot_be_written_ends_the_run_with_one_message() -> None:
    Path("taken").write_text("a file")

    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        checkpoints.save(trial, b"weights", step=1, store="taken")
        return params["x"]

    with pytest.raises(RunError, match="the store of checkpoints cannot be written: File exists"):
        crosstune.tune({"space": SPACE}, train, trials=5)


def test_a_read_only_store_is_not_taken_for_the_study() -> None:
    class ReadOnly(Memory):
        def write(self, artifact_id: str, content_body: BinaryIO) -> None:
            raise OSError(errno.EROFS, "Read-only file system")

    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        checkpoints.save(trial, b"weights", step=1, store=ReadOnly())
        return params["x"]

    def write(params: dict[str, Any]) -> float:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(RunError, match="store of checkpoints cannot be written: Read-only"):
        crosstune.tune({"space": SPACE}, train, trials=5)
    with pytest.raises(RunError, match="trials all failed, the last with OSError"):
        crosstune.tune({"space": SPACE}, write, trials=5)


def test_an_error_of_the_stores_own_library_is_named(trial: optuna.Trial) -> None:
    class NoBucket(Memory):
        def write(self, artifact_id: str, content_body: BinaryIO) -> None:
            raise LookupError("no such bucket")

    with pytest.raises(RunError, match="cannot be written: LookupError: no such bucket"):
        checkpoints.save(trial, b"weights", step=1, store=NoBucket())


def test_what_cannot_be_removed_is_removed_later(trial: optuna.Trial) -> None:
    class Kept(Memory):
        refuses = True

        def remove(self, artifact_id: str) -> None:
            if self.refuses:
                raise ConnectionError("away")
            super().remove(artifact_id)

    store = Kept()
    checkpoints.save(trial, b"1", step=1, store=store)
    checkpoints.save(trial, b"2", step=2, store=store)
    assert len(store.held) == 2
    store.refuses = False
    checkpoints.save(trial, b"3", step=3, store=store)
    assert list(store.held.values()) == [b"3"]
