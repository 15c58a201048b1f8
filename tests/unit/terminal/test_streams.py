"""Progress that cannot be written ends no run, and a result that cannot be written is an error."""

from __future__ import annotations

import copy
import errno
import io
import logging
import os
import pickle
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from crosstune.cli.main import main
from crosstune.study.storage import open_storage
from tests.support.slow import slow_but_first

OBJECTIVE = """
def printing(params):
    print("from the objective " + 100 * "x", flush=True)
    return params["x"]
"""
SPEC = """
name: s
objective: printing_objective:printing
trials: 4
seed: 0
space: {x: {type: float, low: 0, high: 1}}
"""
ERRORS = {
    "full": OSError(errno.ENOSPC, "No space left on device"),
    "no reader": BrokenPipeError(errno.EPIPE, "Broken pipe"),
    "terminal closed": OSError(errno.EIO, "Input/output error"),
    "descriptor closed": OSError(errno.EBADF, "Bad file descriptor"),
    "file closed": ValueError("I/O operation on closed file."),
}


class Broken(io.TextIOBase):
    """A stream that nobody can write to."""

    def __init__(self, error: Exception):
        self.error = error

    def write(self, text: str) -> int:
        raise self.error

    def flush(self) -> None:
        raise self.error

    def fileno(self) -> int:
        raise io.UnsupportedOperation


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "printing_objective.py").write_text(OBJECTIVE)
    (tmp_path / "spec.yaml").write_text(SPEC)
    monkeypatch.delitem(sys.modules, "printing_objective", raising=False)
    return tmp_path


def status(*arguments: str) -> Any:
    verbosity, level = optuna.logging.get_verbosity(), logging.getLogger("crosstune").level
    try:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        return ended.value.code
    finally:
        optuna.logging.set_verbosity(verbosity)
        logging.getLogger("crosstune").setLevel(level)  # which `verify` changes


def complete(place: str = "runs/s-optuna-tpe.journal") -> int:
    study = optuna.load_study(study_name="s", storage=open_storage(place))
    return len(study.get_trials(states=(TrialState.COMPLETE,)))


COMMANDS = {
    "run": ("run", "spec.yaml"),
    "run --json": ("run", "spec.yaml", "--json"),
    "verify": ("verify", "spec.yaml", "-b", "optuna", "-s", "random", "-n", "3", "--seeds", "1"),
    "check": ("check", "spec.yaml", "-b", "optuna"),
    "compare": ("compare", "spec.yaml", "--contenders", "optuna:random,optuna:tpe",
                "--seeds", "2", "--trials", "3", "--out", "match"),
    "backends": ("backends",),
    "schema": ("schema",),
    "export": ("export", "s", "out.csv", "--to", "csv", "--storage", "made.journal"),
    "import": ("import", "made.journal", "--from", "optuna"),
    "tensorboard": ("tensorboard", "made.journal", "logs"),
}  # fmt: skip


def made(at: Path) -> None:
    study = optuna.create_study(study_name="s", storage=open_storage(at / "made.journal"))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_ends_because_its_progress_cannot_be_written(
    command: str, at: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    made(at)
    monkeypatch.setattr(sys, "stderr", Broken(ERRORS["no reader"]))
    assert status(*COMMANDS[command]) == 0
    if command in ("run --json", "backends", "schema", "check"):
        assert capsys.readouterr().out


@pytest.mark.parametrize("error", ERRORS)
def test_a_run_goes_on_whatever_becomes_of_both_streams(
    error: str, at: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", Broken(ERRORS[error]))
    monkeypatch.setattr(sys, "stdout", Broken(ERRORS[error]))
    assert status("run", "spec.yaml") == 0
    assert complete() == 4


@pytest.mark.parametrize("error", ERRORS)
def test_a_result_that_cannot_be_written_is_an_error_without_a_traceback(
    error: str, at: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(ERRORS[error]))
    assert status("run", "spec.yaml", "--json") == 1
    assert complete() == 4
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert ("the result cannot be written" in said) == (error != "no reader")


def test_a_reader_that_is_only_slow_loses_one_line_and_not_all() -> None:
    from crosstune.terminal.streams import Lossy

    class Slow(io.StringIO):
        slow = True

        def flush(self) -> None:
            if self.slow:
                raise BlockingIOError(errno.EAGAIN, "not now")

    slow = Slow()
    stream = Lossy(slow)
    stream.write("a")
    stream.flush()
    slow.slow = False
    stream.write("b")
    stream.flush()
    assert slow.getvalue() == "ab"


def test_a_copy_of_a_stream_is_the_stream_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    from crosstune.terminal.streams import Lossy

    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, Lossy(io.StringIO()))
        stream = getattr(sys, name)
        assert pickle.loads(pickle.dumps(stream)) is copy.deepcopy(stream) is stream


def shell(command: str, at: Path, **how: Any) -> subprocess.CompletedProcess[str]:
    command = command.replace("crosstune", f"{shlex.quote(sys.executable)} -m crosstune")
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=at, text=True, capture_output=True, timeout=120, **how,
    )  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has /dev/full")
@pytest.mark.parametrize(
    ("command", "ends"),
    slow_but_first(
        [
            ("crosstune run spec.yaml >/dev/full 2>/dev/full", 0),
            ("crosstune run spec.yaml >&- 2>&- <&-", 0),
            ("crosstune run spec.yaml --json >&-", 1),
            ("crosstune run spec.yaml --workers 1 2>&1 | head -1", 0),
            ("crosstune run spec.yaml 2>/dev/full", 0),
            ("crosstune run spec.yaml 2>&1 | head -1", 0),
        ],
        4,
    ),
)
def test_a_shell_may_take_the_streams_away(command: str, ends: int, at: Path) -> None:
    done = shell(command, at)
    assert (done.returncode, complete()) == (ends, 4), done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert "Exception ignored" not in done.stderr + done.stdout


def test_a_result_of_which_only_the_head_is_read_ends_quietly(at: Path) -> None:
    done = shell("crosstune schema | true", at)
    assert done.returncode in (0, 1)
    assert done.stderr == ""


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
def test_a_terminal_that_was_closed_ends_no_run(at: Path) -> None:
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "crosstune", "run", "spec.yaml"], cwd=at,
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    os.close(ours)
    assert process.wait(120) == 0
    assert complete() == 4


def test_what_a_script_is_handed_under_exec_are_its_own_streams(at: Path) -> None:
    (at / "script.py").write_text("import sys; print(type(sys.stderr).__name__)")
    done = shell("crosstune exec script.py", at)
    assert done.stdout == "TextIOWrapper\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_a_script_without_streams_ends_under_exec_as_it_does_in_python(
    closed: str, at: Path
) -> None:
    (at / "script.py").write_text(
        "import pathlib, sys\n"
        "print('out'); print('err', file=sys.stderr)\n"
        "here = [getattr(sys, name) is None for name in ('stdout', 'stderr')]\n"
        "pathlib.Path('seen').write_text(str(here))\n"
    )
    seen = []
    for command in (f"{shlex.quote(sys.executable)} script.py", "crosstune exec script.py"):
        done = shell(f"{command} {closed}", at)
        seen.append((done.returncode, done.stderr, (at / "seen").read_text()))
    assert seen[0] == seen[1]
