"""What each command shows first: on a terminal of 80 columns, and where there is none."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from crosstune.cli.main import main

try:
    import fcntl
    import pty
    import termios
except ImportError:  # Windows
    pytest.skip("needs a terminal", allow_module_level=True)

SPEC = """
objective: slowly:loss
metric: a_metric_with_quite_a_long_name
trials: 8
seed: 0
sampler: random
space:
  x: {type: float, low: 0, high: 1}
"""
SCRIPT = """
import sys
import optuna

def objective(trial):
    kind = trial.suggest_categorical("kind", ["a", "b"])
    return trial.suggest_float("x", 0, 1) if kind == "a" else 0.5

study = optuna.create_study(direction="maximize")
study.optimize(objective, n_trials=500)
print("noise of the script", len(study.trials), sys.argv[1:])
"""


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    sys.modules.pop("slowly", None)  # of another test
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "slowly.py").write_text(
        "import time\n\ndef loss(params):\n    time.sleep(0.3)\n    return params['x']\n"
    )
    return tmp_path


def on_a_terminal(*arguments: str, columns: int = 80, **variables: str) -> str:
    """All that a command writes to a terminal of a width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    hidden = ("COLUMNS", "NO_COLOR", "TERM")
    environment = {name: v for name, v in os.environ.items() if name not in hidden}
    process = subprocess.Popen(
        [sys.executable, "-m", "crosstune", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**environment, "TERM": "xterm", **variables},
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the terminal is closed
            break
        if not part:
            break
        seen += part
    os.close(ours)
    assert process.wait(60) == 0, seen.decode()
    return seen.decode()


def lines(shown: str) -> list[str]:
    """The text of each line, as often as it was drawn, without colours and moves."""
    return re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "\n", shown))


def test_a_run_on_80_columns_shows_progress_best_time_left_and_what_comes_next(at: Path) -> None:
    shown = on_a_terminal("run", "spec.yaml", NO_COLOR="1")
    text = lines(shown)
    drawn = [line for line in text if re.search(r"\d/8 trials", line)]
    assert any("best a_metric_with_quite_a_long_name 0." in line for line in drawn)
    assert any(re.search(r"about \d s left$", line) for line in drawn)
    assert max(map(len, drawn)) < 80
    assert "for a page about it: crosstune report runs/spec-optuna-random.journal" in text
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", shown)  # no colour


def test_a_match_on_80_columns_shows_progress_leader_time_left_and_what_comes_next(
    at: Path,
) -> None:
    command = ["compare", "spec.yaml", "-c", "optuna:random,optuna:qmc", "--seeds", "3"]
    text = lines(on_a_terminal(*command, "--out", "match", NO_COLOR="1"))
    drawn = [line for line in text if re.search(r"\d/6 runs", line)]
    assert any(re.search(r"optuna:\w+ leads, mean a_metric_with", line) for line in drawn)
    assert any(re.search(r"about \d+ s left$", line) for line in drawn)
    assert max(map(len, drawn)) < 80
    assert "report: match/report.html" in text
    assert "to decide it: the same command with --until-decided keeps these runs" in text


def test_a_match_without_a_terminal_prints_plain_lines(
    at: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (at / "slowly.py").write_text("def loss(params):\n    return params['x']\n")
    sys.modules.pop("slowly", None)
    with pytest.raises(SystemExit) as ended:
        main(["compare", "spec.yaml", "-c", "optuna:random,optuna:qmc", "--seeds", "2"])
    assert ended.value.code == 0
    err = capfd.readouterr().err
    name = "a_metric_with_quite_a_long_name"
    assert re.search(rf"^1 of 4 runs, best {name} [\d.e-]+, no leader yet, 8 ev", err, re.M)
    assert re.search(rf"^4 of 4 runs, optuna:\w+ leads, mean {name} [\d.e-]+, 32 ev", err, re.M)
    assert "\x1b" not in err


def test_quiet_writes_nothing_and_verbose_a_line_for_each_trial(
    at: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for flag in ("-q", "-v"):
        with pytest.raises(SystemExit) as ended:
            main(["run", "spec.yaml", flag, "--trials", "2", "--study", f"study{flag}"])
        assert ended.value.code == 0
        out, err = capfd.readouterr()
        assert out == ""
        if flag == "-q":
            assert err == ""
        else:
            assert len(re.findall(r"^trial \d of 2: .* in .* \(x .*\)$", err, re.MULTILINE)) == 2


def test_a_run_beside_an_unfinished_one_says_how_to_continue_that_one(
    at: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (at / "slowly.py").write_text(
        "def loss(params):\n"
        "    if STOPS and params['x'] > 0.5:\n"
        "        raise KeyboardInterrupt\n"
        "    return params['x']\n\nSTOPS = True\n"
    )
    said = []
    for status, stops in ((130, True), (0, False), (0, False)):
        sys.modules.pop("slowly", None)
        if not stops:
            text = (at / "slowly.py").read_text()
            (at / "slowly.py").write_text(text.replace("STOPS = True", "STOPS = False"))
        with pytest.raises(SystemExit) as ended:
            main(["run", "spec.yaml"])
        assert ended.value.code == status
        said.append(capfd.readouterr().err)
    how = "To continue that one: --storage runs/spec-optuna-random.journal --resume"
    assert [how in text for text in said] == [False, True, False]
    with pytest.raises(SystemExit) as ended:
        main(["run", "spec.yaml", *how.split(": ")[1].split()])
    assert ended.value.code == 0
    assert "8 complete" in capfd.readouterr().err


def test_a_quiet_run_that_fails_says_why(at: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (at / "slowly.py").write_text("def loss(params):\n    return 'text'\n")
    sys.modules.pop("slowly", None)
    with pytest.raises(SystemExit) as ended:
        main(["run", "spec.yaml", "-q"])
    assert ended.value.code == 1
    assert "crosstune: " in capfd.readouterr().err


def test_a_spec_is_drafted_from_a_script_and_passes_check(at: Path) -> None:
    (at / "train.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "crosstune"]
    drafted = subprocess.run(
        [*command, "spec", "-n", "24", "--from", "train.py", "--out", "new.toml", "--fast", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert drafted.returncode == 0, drafted.stderr
    assert drafted.stdout == ""
    assert "noise of the script 24 ['--fast', '1']" in drafted.stderr
    text = (at / "new.toml").read_text()
    assert "# guess: x only when kind is 'a', as in 24 of 24 trials" in text
    assert "# guess: x only" not in drafted.stderr
    assert "- guess: x only when kind is 'a'" in drafted.stderr
    with pytest.raises(SystemExit) as ended:
        main(["check", "new.toml", "--backend", "optuna", "--strict"])
    assert ended.value.code == 0


def test_a_script_without_a_study_gives_no_draft(at: Path) -> None:
    (at / "train.py").write_text("raise SystemExit(3)\n")
    drafted = subprocess.run(
        [sys.executable, "-m", "crosstune", "spec", "--from", "train.py"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (drafted.returncode, drafted.stdout) == (1, "")
    assert "ran no trial of a study (it exited with 3)" in drafted.stderr


def test_studies_are_compared_by_their_files(at: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        storage = JournalStorage(JournalFileBackend(f"{name}.journal"))
        study = optuna.create_study(storage=storage, study_name="s")
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=4)
    with pytest.raises(SystemExit) as ended:
        main(["compare", "--studies", "one=a.journal", "two=b.journal", "--out", "r", "-q"])
    assert ended.value.code == 0
    assert capfd.readouterr().err == ""
    assert (at / "r" / "report.html").is_file()
    with pytest.raises(SystemExit) as ended:
        main(["compare", "--studies", "one=a.journal", "one=b.journal"])
    assert ended.value.code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_completion(shell: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["completion", shell])
    assert ended.value.code == 0
    assert "_CROSSTUNE_COMPLETE" in capfd.readouterr().out


def test_backends_are_completed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_CROSSTUNE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "crosstune run --backend hy")
    monkeypatch.setenv("COMP_CWORD", "3")
    with pytest.raises(SystemExit):
        main(["ignored"])
    assert capfd.readouterr().out.strip() == "plain,hyperopt"
