"""Nothing waits for what stands at the path of a file and is none: a pipe, a device, a folder."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import optuna
import pytest

import crosstune
from crosstune import Float, Space, checkpoints
from crosstune.adapters.keras_tuner.exporting import ORACLE
from crosstune.benchmarks.match.best_so_far import BestSoFar
from crosstune.benchmarks.match.folder import FolderError, MatchFolder, RunFile
from crosstune.callbacks.tensorboard.callback import TensorBoardCallback
from crosstune.callbacks.tensorboard.directory import alone, read_mark
from crosstune.callbacks.tensorboard.event_file import EventFile
from crosstune.errors import CrosstuneError, RequestError
from crosstune.exchange import import_study
from crosstune.resume import snapshots
from crosstune.spec import files as specfile
from crosstune.study.lock import driving
from crosstune.study.sidecar_paths import beside
from crosstune.study.storage import open_storage
from crosstune.system import signed_file as sealed

FIRST = Path(__file__).parents[2] / "fixtures" / "first"

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX")

SPEC: dict[str, Any] = {"name": "s", "space": Space({"x": Float(0.0, 1.0)}), "seed": 0}


def folder(path: Path) -> None:
    path.mkdir()


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


ODD = "no regular file|Is a directory"
KINDS: list[Callable[[Path], None]] = [os.mkfifo, folder, device]


@pytest.fixture(autouse=True)
def _in_time() -> Iterator[None]:
    """What waits is ended, so that a test fails and the suite goes on."""

    def end(_: int, __: FrameType | None) -> None:
        raise TimeoutError("it waits")

    former = signal.signal(signal.SIGALRM, end)
    signal.alarm(20)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, former)


def value(params: dict[str, Any]) -> float:
    return params["x"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("make", KINDS)
def test_at_a_snapshot(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(snapshots, "LEAST", 0.0)
    place = tmp_path / "s.journal"
    crosstune.tune(SPEC, value, trials=3, storage=place)
    snapshot = beside(place, "s", ".snapshot")
    snapshot.unlink()
    make(snapshot)
    study = crosstune.tune(SPEC, value, trials=5, storage=place, resume=True)
    assert len(study.trials) == 5
    assert "is not used, and every trial is asked for again" in caplog.text


@pytest.mark.parametrize("make", KINDS)
def test_at_the_key_of_snapshots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "crosstune").mkdir()
    make(tmp_path / "crosstune" / "snapshot.key")
    with pytest.raises((sealed.Untrusted, OSError)):
        sealed.write(tmp_path / "s.snapshot", b"x")


@pytest.mark.parametrize("make", KINDS)
def test_at_a_journal(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "s.journal")
    with pytest.raises(RequestError, match=ODD):
        open_storage(tmp_path / "s.journal")


def test_a_lock_of_a_journal_that_leads_nowhere(tmp_path: Path) -> None:
    place = tmp_path / "s.journal"
    crosstune.tune(SPEC, value, trials=1, storage=place)
    (tmp_path / "s.journal.lock").symlink_to("nowhere")
    crosstune.create_study({**SPEC, "name": "t"}, storage=place)
    assert not (tmp_path / "s.journal.lock").is_symlink()


@pytest.mark.parametrize("make", KINDS)
def test_at_a_database(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "s.db")
    with pytest.raises(RequestError, match=ODD):
        open_storage(f"sqlite:///{tmp_path / 's.db'}")
    with pytest.raises(RequestError, match=ODD):
        open_storage(f"sqlite:///file:{tmp_path / 's.db'}?uri=true")


def test_a_database_in_memory_is_no_file(tmp_path: Path) -> None:
    assert open_storage("sqlite://")
    place = tmp_path / "s.db"
    sqlite3.connect(place).close()
    assert open_storage(f"sqlite:///{place}")


@pytest.mark.parametrize("make", [os.mkfifo])
def test_at_the_lock_of_a_run(tmp_path: Path, make: Callable[[Path], None]) -> None:
    file = tmp_path / "s.journal"
    lock = beside(file, "s", ".lock")
    make(lock)
    with pytest.raises(RequestError, match=ODD), driving(file, "s"):
        pass


@pytest.mark.parametrize("suffix", specfile.FORMATS)
@pytest.mark.parametrize("make", KINDS)
def test_at_a_spec(tmp_path: Path, make: Callable[[Path], None], suffix: str) -> None:
    make(tmp_path / f"spec{suffix}")
    with pytest.raises(RequestError, match=ODD):
        specfile.read(tmp_path / f"spec{suffix}")


@pytest.mark.parametrize("make", KINDS)
def test_at_the_data_of_a_spec(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "data.csv")
    spec = {
        "folder": tmp_path,
        "space": Space({"C": Float(0.1, 1.0)}),
        "metric": {"name": "accuracy", "direction": "maximize"},
        "objective": {
            "estimator": "sklearn.svm:SVC",
            "data": {"csv": "data.csv", "target": "y"},
        },
    }
    with pytest.raises(RequestError, match=ODD):
        crosstune.tune(spec, trials=1)


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize("name", ["match.json", ".lock"])
def test_in_a_match_folder(tmp_path: Path, make: Callable[[Path], None], name: str) -> None:
    make(tmp_path / name)
    match = MatchFolder(tmp_path)
    with pytest.raises(CrosstuneError, match=ODD):
        if name == ".lock":
            with match.alone():
                pass
        else:
            match.settings()


@pytest.mark.parametrize("make", KINDS)
def test_at_a_run_of_a_match(tmp_path: Path, make: Callable[[Path], None]) -> None:
    run = RunFile(tmp_path / "runs" / "p" / "c" / "0000.jsonl")
    run.path.parent.mkdir(parents=True)
    make(run.path)
    with pytest.raises(FolderError, match=ODD):
        run.read()
    with pytest.raises(FolderError, match=ODD), run.open():
        pass
    shutil.copy(FIRST / "match" / "match.json", tmp_path)
    shown = MatchFolder(tmp_path)
    settings = shown.settings()
    assert settings is not None
    one = shown.run_file(settings.keys_of(settings.problems[0])[0]).path
    one.parent.mkdir(parents=True)
    make(one)
    assert BestSoFar(shown).words() == "0 evaluations"


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize("name", [ORACLE, "crosstune.json", "trial_0/trial.json"])
def test_in_a_project_folder(tmp_path: Path, make: Callable[[Path], None], name: str) -> None:
    pytest.importorskip("keras_tuner")
    state = {"hyperparameters": {"space": [], "values": {}}, "start_order": []}
    (tmp_path / ORACLE).write_text(str(state).replace("'", '"'))
    (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    make(tmp_path / name)
    with pytest.raises(RequestError):
        import_study(tmp_path, format="keras_tuner")


@pytest.mark.parametrize("make", KINDS)
def test_at_a_pickle(tmp_path: Path, make: Callable[[Path], None]) -> None:
    pytest.importorskip("hyperopt")
    make(tmp_path / "trials.pkl")
    with pytest.raises(RequestError):
        import_study(tmp_path / "trials.pkl", format="hyperopt")


@pytest.mark.parametrize("make", KINDS)
def test_in_a_log_directory(tmp_path: Path, make: Callable[[Path], None]) -> None:
    pytest.importorskip("tensorboard")
    events = EventFile(tmp_path / "events")
    make(events.path)
    with pytest.raises(OSError, match=ODD):
        events.append([])
    make(tmp_path / ".crosstune.lock")
    with pytest.raises(OSError, match=ODD), alone(tmp_path):
        pass
    with pytest.raises(RequestError, match=ODD):
        TensorBoardCallback(tmp_path)
    (tmp_path / "study").mkdir()
    make(tmp_path / "study" / "crosstune.json")
    assert read_mark(tmp_path / "study") is None


@pytest.mark.parametrize("make", KINDS)
def test_at_a_checkpoint(
    tmp_path: Path, make: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    trial = optuna.create_study().ask()
    checkpoints.save(trial, b"weights", step=3, store=tmp_path)
    (artifact,) = tmp_path.iterdir()
    artifact.unlink()
    make(artifact)
    assert checkpoints.find(trial, store=tmp_path) is None
    assert re.search(ODD, caplog.text)
