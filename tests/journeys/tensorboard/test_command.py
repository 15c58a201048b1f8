"""The TensorBoard log by the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
from optuna.study import Study
from optuna.trial import TrialState

from crosstune.cli.main import main
from crosstune.study.storage import open_storage
from tests.support.tensorboard_reader import curves, runs
from tests.support.tensorboard_studies import assert_holds, assert_holds_trial, optimize

SPEC = """
objective: trained:{objective}
metric: {{name: accuracy, direction: maximize}}
seed: 0
space:
  x: {{type: float, low: 0, high: 1}}
"""
TRAINED = """
import time

def train(params, trial):
    for epoch in range(3):
        trial.report(params["x"] + epoch, epoch)
    return params["x"]

def broken(params, trial):
    trial.report(1.0, 0)
    raise ValueError("no")

def endless(params, trial):
    trial.report(1.0, 0)
    while True:
        time.sleep(0.1)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "trained.py").write_text(TRAINED)
    for objective in ("train", "broken", "endless"):
        (tmp_path / f"{objective}.yaml").write_text(SPEC.format(objective=objective))
    return tmp_path


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "crosstune", *map(str, arguments)]


def crosstune(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    given = command(*arguments)
    return subprocess.run(given, capture_output=True, text=True, timeout=120, cwd=folder)


def in_process(*arguments: object) -> int:
    """The exit status; without a process of its own, which would import the libraries anew."""
    with pytest.raises(SystemExit) as ended:
        main([*map(str, arguments)])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def load(journal: Path, name: str) -> Study:
    return optuna.load_study(study_name=name, storage=open_storage(journal))


def contents(logs: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in logs.rglob("*tfevents*")}


@pytest.mark.parametrize(
    ("backend", "sampler"),
    [
        ("optuna", "tpe"),
        ("hyperopt", "tpe"),
        pytest.param("keras_tuner", "random", marks=pytest.mark.slow),  # its import takes seconds
    ],
)
def test_a_run_and_its_resumption_are_one_log_under_the_name_of_the_metric(
    folder: Path,
    backend: str,
    sampler: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "trained", raising=False)  # of another folder
    engine = ("-b", backend, "-s", sampler)
    for number, more in ((3, ()), (6, ("--resume",))):
        given = ("train.yaml", *engine, "-n", number, *more, "--tensorboard", "my logs")
        assert in_process("run", *given) == 0
        assert "look at it with: tensorboard --logdir 'my logs'" in capsys.readouterr().err
    name = f"{backend}-{sampler}"
    journal = folder / "runs" / f"train-{name}.journal"
    study = load(journal, "train")
    assert len(study.trials) == 6
    live = folder / "my logs"
    assert_holds(live, f"train/{name}", study, "accuracy")

    before = contents(live)
    for logs in ("my logs", "after"):
        assert in_process("tensorboard", journal, logs) == 0
    assert contents(live) == before
    assert_holds(folder / "after", f"train/{name}", study, "accuracy")


def test_a_directory_that_cannot_be_written_is_refused_before_the_run(folder: Path) -> None:
    (folder / "logs").touch()
    done = crosstune(folder, "run", "train.yaml", "--tensorboard", "logs")
    assert done.returncode == 2
    assert done.stderr == "crosstune: the log directory logs cannot be written: File exists\n"
    assert not (folder / "runs").exists()


def test_a_run_that_fails_is_logged_to_its_end(folder: Path) -> None:
    done = crosstune(folder, "run", "broken.yaml", "--tensorboard", "logs")
    assert done.returncode == 1
    study = load(folder / "runs/broken-optuna-tpe.journal", "broken")
    assert [trial.state for trial in study.trials] == [TrialState.FAIL] * 3
    logged = runs(folder / "logs")["broken/optuna-tpe/study"]
    assert curves(logged)["trials/failed"] == [(1, 1.0), (2, 2.0), (3, 3.0)]


def test_a_run_is_logged_from_its_first_report_to_its_interruption(folder: Path) -> None:
    given = command("run", "endless.yaml", "--tensorboard", "logs")
    process = subprocess.Popen(given, cwd=folder, stderr=subprocess.PIPE, text=True)
    running = folder / "logs/endless/optuna-tpe/trial-00000"
    until = time.monotonic() + 60
    while not running.exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, errors
    study = load(folder / "runs/endless-optuna-tpe.journal", "endless")
    assert [trial.state for trial in study.trials] == [TrialState.RUNNING]  # --resume runs it
    reader = runs(folder / "logs")["endless/optuna-tpe/trial-00000"]
    assert_holds_trial(reader, study.trials[0], "accuracy")


def test_the_command_logs_every_study_of_a_journal(tmp_path: Path) -> None:
    storage = open_storage(tmp_path / "j")
    studies = {}
    for name in ("a", "b"):
        studies[name] = optuna.create_study(study_name=name, storage=storage)
        optimize(studies[name], 6)
    logs = tmp_path / "logs"
    done = crosstune(tmp_path, "tensorboard", tmp_path / "j", logs, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        {"study": name, "trials": 6, "log": str(logs / name)} for name in studies
    ]
    for name, study in studies.items():
        assert_holds(logs, name, study)


def test_the_command_refuses_what_is_not_there(tmp_path: Path) -> None:
    storage = open_storage(tmp_path / "j")
    optuna.create_study(study_name="mine", storage=storage)
    for arguments, message in (
        ((tmp_path / "k", tmp_path / "logs"), "there is no study at"),
        ((tmp_path / "j", tmp_path / "logs", "--study", "mime"), "Did you mean 'mine'?"),
        ((tmp_path / "j", tmp_path / "j"), "cannot be written"),
    ):
        done = crosstune(tmp_path, "tensorboard", *arguments)
        assert done.returncode == 2
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr
