"""A snapshot is a shortcut that is never trusted before it has proved to be one's own."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import optuna
import pytest

from crosstune.resume import snapshots
from crosstune.study.sidecar_paths import beside
from crosstune.system import signed_file as sealed
from tests.unit.resume.support import (
    DIRECT,
    Killed,
    asked_again,
    objective,
    rows,
    run,
    snapshot_never,
    snapshot_often,
)

SPEC = {"space": DIRECT, "backend": "hyperopt", "name": "a study", "trials": 8, "seed": 1}


class Malicious:
    """Pickled, it makes a file when it is read."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The journal of a run that was killed in its trial 5 and left a snapshot of trial 4."""
    path = tmp_path / "s.journal"

    def dying(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == 5:
            raise Killed
        return objective(params, trial)

    with monkeypatch.context() as patched:
        snapshot_often(patched)
        with pytest.raises(Killed):
            run(path, SPEC, function=dying)
    return path


@pytest.fixture
def whole(tmp_path: Path) -> list[Any]:
    return rows(run(tmp_path / "whole.journal", SPEC))


def snapshot(place: Path) -> Path:
    return beside(place, "a study", ".snapshot")


def signed(path: Path, content: bytes) -> None:
    """A snapshot as it would be if its writer had the key."""
    sealed.write(path, content)


def is_replayed(place: Path, whole: list[Any], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether every trial is asked for again; the run is equal in any case."""
    asked = asked_again(monkeypatch)
    assert rows(run(place, SPEC, resume=True)) == whole
    return asked[-1] == (0, 5)


def test_a_snapshot_is_used_and_private(
    place: Path, whole: list[Any], monkeypatch: pytest.MonkeyPatch, state: Path
) -> None:
    assert snapshot(place).stat().st_mode & 0o777 == 0o600
    key = state / "crosstune" / "snapshot.key"
    assert (key.stat().st_mode & 0o777, len(key.read_bytes())) == (0o600, 32)
    assert key.parent.stat().st_mode & 0o777 == 0o700
    assert not is_replayed(place, whole, monkeypatch)
    assert [path.name for path in place.parent.iterdir() if path.name.startswith(".")] == []


def test_a_malicious_pickle_is_never_read(
    place: Path, whole: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mark = tmp_path / "it ran"
    genuine = snapshot(place).read_bytes()
    head = genuine.split(b"\n")[1]
    payload = pickle.dumps(Malicious(mark))
    attacks = [
        payload,
        genuine[: len(b"crosstune snapshot 1\n") + 32] + head + b"\n" + payload,
        genuine.replace(genuine[-200:], payload),
        b"crosstune snapshot 1\n" + bytes(32) + head + b"\n" + payload,
    ]
    for content in attacks:
        snapshot(place).write_bytes(content)
        assert snapshots.load(snapshot(place), "a study", {}, {}, []) is None
        assert not mark.exists()
    assert is_replayed(place, whole, monkeypatch)
    assert not mark.exists()
    pickle.loads(payload)
    assert mark.exists()  # so it would have run


def test_one_that_is_signed_and_of_another_run_is_not_unpickled(
    place: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "it ran"
    head = {"study": "a study", "run": "{}", "trials": 0, "digest": "", "format": snapshots.FORMAT}
    signed(snapshot(place), json.dumps(head).encode() + b"\n" + pickle.dumps(Malicious(mark)))
    record = {"versions": {"optuna": "5"}}
    assert snapshots.load(snapshot(place), "a study", record, record, []) is None
    assert snapshots.load(snapshot(place), "another", {}, {}, []) is None
    assert snapshots.load(snapshot(place), "a study", {}, record, []) is None
    assert not mark.exists()
    assert snapshots.load(snapshot(place), "a study", {}, {}, []) is None  # no Frozen in it
    assert mark.exists()


def test_one_of_another_format_is_not_unpickled_and_the_run_is_replayed(
    place: Path, whole: list[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    head, _, content = sealed.read(snapshot(place)).partition(b"\n")
    first = {key: value for key, value in json.loads(head).items() if key != "format"}
    signed(snapshot(place), json.dumps(first).encode() + b"\n" + content)
    assert is_replayed(place, whole, monkeypatch)
    assert f"its format is 1, this version reads {snapshots.FORMAT}" in caplog.text


def test_one_from_another_machine_or_user_is_passed_over(
    place: Path, whole: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    assert is_replayed(place, whole, monkeypatch)
    assert "this user has no key on this machine" in caplog.text
    assert len([line for line in caplog.messages if "snapshot" in line]) == 1


def test_another_machines_name_does_for_it(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed.read(snapshot(place))
    monkeypatch.setattr("platform.node", lambda: "another")
    with pytest.raises(sealed.Untrusted, match="not written by this user on this machine"):
        sealed.read(snapshot(place))


def test_one_that_others_can_read_is_passed_over(
    place: Path, whole: list[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    snapshot(place).chmod(0o644)
    assert is_replayed(place, whole, monkeypatch)
    assert "is open to others: chmod 600 makes it private" in caplog.text


def test_one_that_others_own_is_passed_over(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 12345)
    with pytest.raises(sealed.Untrusted, match="belongs to another user"):
        sealed.read(snapshot(place))


def test_a_key_that_others_can_read_signs_nothing(
    place: Path, whole: list[Any], monkeypatch: pytest.MonkeyPatch, state: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    (state / "crosstune" / "snapshot.key").chmod(0o640)
    snapshot_often(monkeypatch)
    assert is_replayed(place, whole, monkeypatch)
    assert len([line for line in caplog.messages if "no snapshot of the study can be" in line]) == 1


def test_links_and_folders_are_passed_over(place: Path, tmp_path: Path) -> None:
    genuine = snapshot(place)
    moved = genuine.rename(tmp_path / "moved")
    genuine.symlink_to(moved)
    assert snapshots.load(genuine, "a study", {}, {}, []) is None
    genuine.unlink()
    genuine.mkdir()
    assert snapshots.load(genuine, "a study", {}, {}, []) is None


def test_one_that_is_cut_at_any_byte_is_passed_over(place: Path, tmp_path: Path) -> None:
    genuine = snapshot(place).read_bytes()
    cut = tmp_path / "cut"
    cut.touch(0o600)
    for length in range(len(genuine)):
        cut.write_bytes(genuine[:length])
        with pytest.raises(sealed.Untrusted):
            sealed.read(cut)
    cut.write_bytes(genuine)
    sealed.read(cut)


@pytest.mark.parametrize("at", [0, 25, 60, -300, -1])
def test_one_with_a_flipped_bit_is_passed_over(place: Path, at: int) -> None:
    content = bytearray(snapshot(place).read_bytes())
    content[at] ^= 1
    snapshot(place).write_bytes(content)
    with pytest.raises(sealed.Untrusted):
        sealed.read(snapshot(place))


def test_one_that_leads_astray_gives_way_to_the_ledger(
    place: Path, whole: list[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Were an engine frozen wrongly, that would be noticed where a trial follows."""
    from crosstune.adapters.hyperopt.search import HyperoptEngine

    snapshot_often(monkeypatch)
    freeze = HyperoptEngine.freeze
    with monkeypatch.context() as patched:
        patched.setattr(
            HyperoptEngine, "freeze",
            lambda engine: {k: v for k, v in freeze(engine).items() if k != "_rng"},
        )  # fmt: skip
        keeper = snapshots.Keeper.write
        patched.setattr(
            snapshots.Keeper, "write",
            lambda self: keeper(self) if self.written < 3 else None,
        )  # fmt: skip
        place.unlink()
        test_run = [7]

        def dying(params: dict[str, Any], trial: optuna.Trial) -> float:
            if trial.number in test_run:
                raise Killed
            return objective(params, trial)

        with pytest.raises(Killed):
            run(place, SPEC, function=dying)
    assert rows(run(place, SPEC, resume=True)) == whole
    assert "what follows the snapshot differs, so all is asked again" in caplog.text


def test_a_full_disk_is_said_once_and_the_run_goes_on(
    whole: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    snapshot_often(monkeypatch)
    write = sealed.write

    def full(path: Path, content: bytes) -> None:
        write(Path("/dev/full/x"), content)

    monkeypatch.setattr(sealed, "write", full)
    assert rows(run(tmp_path / "s.journal", SPEC)) == whole
    said = [line for line in caplog.messages if "no snapshot of the study can be kept" in line]
    assert len(said) == 1
    assert "The run continues; resuming it will ask for every trial again" in said[0]


def test_a_write_that_fails_leaves_the_former_one(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot(place).read_bytes()

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        sealed.write(snapshot(place), b"new")
    assert snapshot(place).read_bytes() == before
    assert [
        p.name for p in place.parent.iterdir() if ".snapshot." in p.name or p.name[0] == "."
    ] == []


def test_what_a_killed_process_left_of_a_snapshot_is_replaced(place: Path) -> None:
    left = place.with_name(f".{snapshot(place).name}.new")
    left.symlink_to(place)
    journal = place.read_bytes()
    sealed.write(snapshot(place), b"new")
    assert (sealed.read(snapshot(place)), left.exists()) == (b"new", False)
    assert place.read_bytes() == journal


def test_an_engine_that_cannot_be_pickled_is_replayed(
    place: Path, whole: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from crosstune.adapters.hyperopt.search import HyperoptEngine

    snapshot(place).unlink()
    snapshot_often(monkeypatch)
    monkeypatch.setattr(HyperoptEngine, "freeze", lambda _: {"generator": (i for i in ())})
    assert is_replayed(place, whole, monkeypatch)
    assert not snapshot(place).exists()


def test_short_runs_keep_none(place: Path) -> None:
    snapshot(place).unlink()
    run(place, SPEC, resume=True)
    assert not snapshot(place).exists()


def test_the_rhythm_keeps_to_its_share(
    place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    study = run(place, SPEC, resume=True)
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    def costly(self: snapshots.Keeper) -> None:
        now[0] += 0.5
        self.written += 1

    monkeypatch.setattr(snapshots.Keeper, "_write", costly)
    keeper = snapshots.Keeper(study, tmp_path / "x", share=0.02, least=2.0)
    for _ in range(1000):
        now[0] += 0.1
        keeper(study, study.trials[0])
    assert keeper.seconds / now[0] <= 0.025
    assert keeper.written == pytest.approx(5, abs=1)


def test_other_versions_are_replayed(
    place: Path, whole: list[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("crosstune.tuning.opening.made_on", lambda: {"numpy": "9"})
    assert is_replayed(place, whole, monkeypatch)
    assert "other versions, or on another machine" in caplog.text


def test_a_memory_study_keeps_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import crosstune

    monkeypatch.chdir(tmp_path)
    snapshot_often(monkeypatch)
    crosstune.tune(SPEC, objective)
    assert list(tmp_path.iterdir()) == []


def test_snapshots_are_no_part_of_an_export(
    place: Path, whole: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from crosstune import exchange

    snapshot_never(monkeypatch)
    study = run(place, SPEC, resume=True)
    exchange.export_study(study, tmp_path / "out.csv", format="csv")
    assert b"crosstune snapshot" not in (tmp_path / "out.csv").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir() if "snapshot" in p.name) == [
        snapshot(place).name
    ]
