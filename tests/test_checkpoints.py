"""Checkpoints: kept in one step, found by the trial that continues, and never by another."""

from __future__ import annotations

import gc
import io
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import optuna
import pytest
from optuna.artifacts import FileSystemArtifactStore
from optuna.artifacts.exceptions import ArtifactNotFound
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState

import crosstune
from crosstune import Float, Space, checkpoints
from crosstune.checkpoint_record import CHECKPOINTS
from crosstune.dialects import suggest
from crosstune.errors import RequestError, RunError
from crosstune.trials import epochs_trained

X = {"x": FloatDistribution(0.0, 1.0)}
SPACE = {"x": Float(0.0, 1.0)}
Retry = (
    getattr(optuna.storages, "RetryHeartbeatStaleTrialCallback", None)
    or optuna.storages.RetryFailedTrialCallback
)


def retry(trial: optuna.Trial) -> optuna.Trial:
    """What Optuna does with a trial whose process was killed."""
    study = trial.study
    study.tell(trial.number, state=TrialState.FAIL)
    Retry()(study, study.trials[trial.number])
    return study.ask(X)


def content(found: checkpoints.Checkpoint | None) -> bytes | None:
    return None if found is None else found.path.read_bytes()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "crosstune"]


class Memory:
    """The least that an artifact store has to be."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def open_reader(self, artifact_id: str) -> BinaryIO:
        if artifact_id not in self.held:
            raise ArtifactNotFound(artifact_id)
        return io.BytesIO(self.held[artifact_id])

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        self.held[artifact_id] = content_body.read()

    def remove(self, artifact_id: str) -> None:
        del self.held[artifact_id]


@pytest.fixture
def trial() -> optuna.Trial:
    return optuna.create_study().ask(X)


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


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
        "trial 0 goes on from step 4 of trial 0, since it cannot use the checkpoint of trial 0: "
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
        return float(loss)

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
    assert "goes on from step 1 of trial" in message
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
        "trial 1 goes on from the beginning, since it cannot use the checkpoint of trial 0: "
        "it was trained with another x"
    ]


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


# A kill while a checkpoint is saved


class Killed(BaseException):
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
        "trial 0 has no room for its checkpoint of step 2: File too large. Training goes on, and "
        "a former checkpoint is kept"
    ]
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


# Missing and damaged checkpoints


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda path: path.unlink(), "it is not in the store"),
        (lambda path: path.write_bytes(b"weightS"), "it is damaged"),
        (lambda path: path.write_bytes(b"weig"), "it is damaged"),
        (lambda path: (path.unlink(), path.mkdir()), "it cannot be read: Is a directory"),
    ],
)
def test_a_checkpoint_that_is_not_as_it_was_saved_is_none_with_one_warning(
    trial: optuna.Trial,
    harm: Callable[[Path], object],
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    checkpoints.save(trial, b"weights", step=1, store="store")
    (path,) = Path("store").iterdir()
    harm(path)
    again = retry(trial)
    assert checkpoints.find(again, store="store") is None
    (message,) = warnings(caplog)
    assert message.startswith("trial 1 goes on from the beginning, since it cannot use")
    assert f"trial 0: {said}" in message


@pytest.mark.parametrize(
    "record",
    [
        "nonsense",
        {"entries": [{"artifact": "x"}]},
        {"entries": [7]},
        {"entries": None},
        {"entries": [], "discarded": 7},
    ],
)
def test_a_damaged_record_is_no_checkpoint(trial: optuna.Trial, record: Any) -> None:
    trial.set_user_attr(CHECKPOINTS, record)
    assert checkpoints.find(trial) is None
    assert checkpoints.save(trial, b"weights", step=1)
    assert content(checkpoints.find(trial)) == b"weights"


@pytest.mark.parametrize("field", ["artifact", "name"])
@pytest.mark.parametrize("lead", ["../secret", "/tmp/secret", "..", "a/../../secret", "..\\secret"])
def test_a_study_cannot_lead_out_of_the_folders(trial: optuna.Trial, field: str, lead: str) -> None:
    Path("secret").write_text("mine")
    checkpoints.save(trial, b"weights", step=1, store="store")
    record = trial.user_attrs[CHECKPOINTS]
    record["entries"][0][field] = lead
    record["discarded"] = [lead, str(Path("secret").absolute())]
    trial.set_user_attr(CHECKPOINTS, record)
    assert checkpoints.find(trial, store="store") is None
    checkpoints.save(trial, b"weights", step=2, store="store")
    checkpoints.remove(trial, store="store")
    assert Path("secret").read_text() == "mine"


@pytest.mark.parametrize("name", ["", "..", "a/b", "/a", "a\\b", "C:b", "a\0"])
def test_a_name_that_leads_elsewhere_is_refused(trial: optuna.Trial, name: str) -> None:
    with pytest.raises(RequestError, match="name is that of a file without folders"):
        checkpoints.save(trial, b"weights", step=1, name=name)


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


# Where they are kept


@pytest.mark.parametrize("place", ["runs/net.journal", "sqlite:///net.db"])
def test_checkpoints_stand_beside_the_file_of_the_study(place: str) -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        checkpoints.save(trial, b"weights", step=1)
        return params["x"]

    crosstune.tune({"space": SPACE}, train, trials=2, storage=place)
    folder = Path("runs/net.checkpoints" if "journal" in place else "net.checkpoints")
    assert len(list(folder.iterdir())) == 2


def test_crosstune_run_keeps_and_continues_them(capsys: pytest.CaptureFixture[str]) -> None:
    from crosstune.cli import main

    Path("net.py").write_text(
        "import crosstune\n"
        "from crosstune import checkpoints\n"
        "def train(params, trial):\n"
        "    saved = checkpoints.find(trial)\n"
        "    last = crosstune.budget(trial).epochs\n"
        "    for epoch in range(saved.step if saved else 0, last):\n"
        "        trial.report(params['x'], epoch)\n"
        "        checkpoints.save(trial, b'weights', step=epoch + 1)\n"
        "    return params['x']\n"
    )
    Path("net.yaml").write_text(
        "name: net\nobjective: net:train\nseed: 1\nbackend: keras_tuner\n"
        "sampler: {name: hyperband, max_epochs: 3}\n"
        "space: {x: {type: float, low: 0, high: 1}}\n"
    )
    with pytest.raises(SystemExit) as ended:
        main(["run", "net.yaml"])
    assert ended.value.code in (0, None), capsys.readouterr().err
    (folder,) = Path("runs").glob("*.checkpoints")
    journal = folder.with_suffix(".journal")
    study = optuna.load_study(
        study_name="net",
        storage=optuna.storages.JournalStorage(
            optuna.storages.journal.JournalFileBackend(str(journal))
        ),
    )
    assert len(list(folder.iterdir())) == len(study.trials)
    planned = [crosstune.budget(trial) for trial in study.trials]
    assert epochs_trained(study) == sum(p.epochs - p.initial_epoch for p in planned if p)
    assert content(checkpoints.find(study.best_trial, store=folder)) == b"weights"


def test_the_folder_of_a_study_in_memory_goes_with_it() -> None:
    study = optuna.create_study()
    trial = study.ask()
    checkpoints.save(trial, b"weights", step=1)
    from crosstune import checkpoint_stores

    folder = Path(checkpoint_stores._temporary[trial.storage].name)
    assert len(list(folder.iterdir())) == 1
    del study, trial
    gc.collect()
    assert not folder.exists()


@pytest.mark.parametrize("do", [checkpoints.find, checkpoints.remove])
def test_a_study_whose_place_is_unknown_has_to_be_told_the_store(
    do: Callable[..., Any],
) -> None:
    study = optuna.create_study(storage="sqlite:///own.db")
    with pytest.raises(RequestError, match="nothing says where the checkpoints .* Give store="):
        do(study.ask())
    with pytest.raises(RequestError, match="Give store="):
        checkpoints.save(study.ask(), b"", step=1)
    assert do(study.ask(), store="store") is None


def test_a_finished_trials_checkpoint_is_found_and_removed_with_a_store(
    trial: optuna.Trial,
) -> None:
    store = FileSystemArtifactStore(".")
    checkpoints.save(trial, b"weights", step=1, store=store)
    trial.study.tell(trial, 0.0)
    best = trial.study.best_trial
    with pytest.raises(RequestError, match="such as one that has ended"):
        checkpoints.find(best)
    with pytest.raises(RequestError, match="trial 0 has ended"):
        checkpoints.save(best, b"more", step=2, store=store)
    assert content(checkpoints.find(best, store=store)) == b"weights"
    checkpoints.remove(best, store=store)
    assert not list(Path().iterdir())


def test_a_trial_removes_its_own_checkpoints_alone(trial: optuna.Trial) -> None:
    store = Memory()
    checkpoints.save(trial, b"first", step=1, store=store)
    again = retry(trial)
    checkpoints.save(again, b"second", step=2, store=store)
    checkpoints.remove(again, store=store)
    assert list(store.held.values()) == [b"first"]
    assert content(checkpoints.find(again, store=store)) == b"first"


def test_several_threads_keep_their_checkpoints_apart() -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        for step in range(1, 4):
            checkpoints.save(trial, f"{trial.number} {step}".encode(), step=step)
            assert content(checkpoints.find(trial)) == f"{trial.number} {step}".encode()
        return params["x"]

    study = crosstune.create_study({"space": SPACE, "seed": 0})
    study.optimize(lambda t: train({"x": t.suggest_float("x", 0, 1)}, t), n_trials=12, n_jobs=4)
    assert len(study.get_trials(states=[TrialState.COMPLETE])) == 12


def test_an_objective_can_be_tried_with_a_fixed_trial() -> None:
    trial = optuna.trial.FixedTrial({"x": 0.5})
    trial.suggest_float("x", 0, 1)
    assert checkpoints.find(trial) is None
    assert checkpoints.save(trial, b"weights", step=1)
    assert content(checkpoints.find(trial)) == b"weights"
