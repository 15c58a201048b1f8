"""`crosstune export` and `crosstune import` on the command line."""

from __future__ import annotations

import json
import os
import pickle
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hyperopt
import numpy as np
import optuna
import pytest

from crosstune.cli.main import main
from crosstune.exchange import export_study
from crosstune.study.storage import open_storage
from tests.journeys.test_cli import Ran
from tests.support.slow import slow_but_first
from tests.unit.exchange.test_exchange import records, study

Command = Callable[..., Ran]
HERE = "runs/here.journal"


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Command:
    """The command line in a folder with the study 'all kinds' in runs/here.journal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    export_study(study("optuna", "declared"), HERE, format="optuna")
    verbosity = optuna.logging.get_verbosity()

    def run(*arguments: str) -> Ran:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        optuna.logging.set_verbosity(verbosity)
        captured = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, captured.out, captured.err)

    return run


@pytest.mark.parametrize("format", ["hyperopt", "keras_tuner", "optuna"])
def test_there_and_back(command: Command, format: str) -> None:
    ran = command("export", "all kinds", "out", "--storage", HERE, "--to", format)
    assert (ran.status, ran.out) == (0, "")
    assert "all kinds is in out" in ran.err
    ran = command("import", "out", "--from", format, "--json", "--name", "again")
    assert ran.status == 0
    assert "again: 10 complete, 1 failed, 1 pruned, in runs/again.journal" in ran.err
    assert ran.summary == {
        "study": "again",
        "storage": "runs/again.journal",
        "trials": {"complete": 10, "failed": 1, "pruned": 1},
        "best_value": study("optuna", "declared").best_value,
        "notes": [],
    }
    there = optuna.load_study(study_name="again", storage=open_storage("runs/again.journal"))
    assert records(there) == records(study("optuna", "declared"))
    ran = command("import", "out", "--from", format, "--name", "again")
    assert ran.status == 2
    assert "there is a study 'again' in runs/again.journal already" in ran.err
    assert len(there.trials) == 12


@pytest.mark.slow
def test_optunas_own_command_line_reads_what_was_exported(command: Command) -> None:
    pytest.importorskip("sqlalchemy")
    ran = command("export", "all kinds", "sqlite:///out.db", "--storage", HERE, "--to", "optuna")
    assert ran.status == 0
    done = subprocess.run(
        [sys.executable, "-m", "optuna.cli", "trials", "--study-name", "all kinds",
         "--storage", "sqlite:///out.db", "--format", "json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not done.stdout:  # a version without an entry in the module
        code = "import sys; from optuna.cli import main; sys.exit(main())"
        done = subprocess.run(
            [sys.executable, "-c", code, "trials", "--study-name", "all kinds",
             "--storage", "sqlite:///out.db", "--format", "json"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert len(json.loads(done.stdout)) == 12, done.stderr


def test_a_space_is_found_beside_the_caller(command: Command) -> None:
    Path("my_search.py").write_text(
        "from hyperopt import hp\nspace = {'kind': hp.choice('kind', ['a', None])}\n"
    )
    trials = hyperopt.Trials()
    hyperopt.fmin(
        lambda point: float(point["kind"] is None),
        {"kind": hyperopt.hp.choice("kind", ["a", None])},
        hyperopt.rand.suggest, 5, trials=trials, rstate=np.random.default_rng(0),
        show_progressbar=False,
    )  # fmt: skip
    Path("t.pkl").write_bytes(pickle.dumps(trials))
    ran = command("import", "t.pkl", "--from", "hyperopt", "--space", "my_search:space")
    assert ran.status == 0, ran.err
    there = optuna.load_study(study_name="t", storage=open_storage("runs/t.journal"))
    assert {t.params["kind"] for t in there.trials} == {"a", None}
    assert all(t.value == float(t.params["kind"] is None) for t in there.trials)
    for target, message in (
        ("my_search.space", "is written module:name"),
        ("my_search:spaec", "'my_search:spaec' cannot be imported"),
        ("my_serch:space", "'my_serch:space' cannot be imported: No module named 'my_serch'"),
    ):
        ran = command("import", "t.pkl", "--from", "hyperopt", "--space", target, "--name", "u")
        assert (ran.status, message in ran.err) == (2, True), ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("export", "all kind", "o", "--storage", HERE, "--to", "csv"), "Did you mean 'all kinds'"),
        (("export", "all kinds", "o", "--storage", "gone", "--to", "csv"), "there is no file gone"),
        (("export", "a", "o", "--storage", "sqlite:///g.db", "--to", "csv"), "no file g.db"),
        (("export", "all kinds", "o", "--storage", HERE, "--to", "cvs"), "Did you mean 'csv'"),
        (("export", "all kinds", "o", "--to", "csv"), "Missing option '--storage'"),
        (("export", "all kinds", HERE, "--storage", HERE, "--to", "csv"), "is there already"),
        (("export", "all kinds", HERE, "--storage", HERE, "--to", "optuna"), "is a study 'all kin"),
        (
            ("export", "all kinds", f"{HERE}/x", "--storage", HERE, "--to", "csv"),
            "journal is no folder",
        ),
        (
            ("export", "all kinds", f"{HERE}/x", "--storage", HERE, "--to", "keras_tuner"),
            "journal is no folder",
        ),
        (
            ("export", "all kinds", f"{HERE}/x", "--storage", HERE, "--to", "optuna"),
            "journal is no folder",
        ),
        (("export", "all kinds", "n" * 300, "--storage", HERE, "--to", "hyperopt"), "name too lon"),
        (("import", "gone", "--from", "hyperopt"), "there is no file gone"),
        (("import", "gone", "--from", "keras_tuner"), "gone is not there"),
        (("import", "gone", "--from", "optuna"), "there is no file gone"),
        (("import", HERE, "--from", "optuna", "--study", "all"), "no study 'all'"),
        (("import", HERE, "--from", "hyperopt"), "is not a pickle, or is damaged"),
        (("import", HERE, "--from", "csv"), "no format 'csv'"),
        (("import", HERE), "Missing option '--from'"),
        (("import", HERE, "--from", "optuna", "--spec", "gone.yaml"), "gone.yaml"),
    ],
)
def test_a_bad_request_is_one_clear_line(
    command: Command, arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    ran = command(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err
    assert "Traceback" not in ran.err
    if "Usage" not in ran.err:
        assert ran.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_journal_with_several_studies_asks_which(command: Command) -> None:
    export_study(study("optuna", "declared"), HERE, format="optuna", name="two")
    ran = command("import", HERE, "--from", "optuna")
    assert ran.status == 2
    assert "several studies (all kinds, two). Name the one" in ran.err
    assert command("import", HERE, "--from", "optuna", "--study", "two").status == 0


@pytest.mark.parametrize(
    "format",
    slow_but_first(["csv", "hyperopt", "keras_tuner", "optuna"]),
)
def test_a_full_disk_leaves_nothing_behind(command: Command, format: str) -> None:
    """The limit of 2 kB a file stands for a full disk: both fail in the middle of a write."""
    Path("kept").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "crosstune", "export", "all kinds", "kept/out", "--storage", HERE,
         "--to", format],
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024)),
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("Traceback")) == (2, 0), done.stderr
    assert "cannot be written" in done.stderr
    assert list(Path("kept").iterdir()) == []


def test_the_help_says_what_a_pickle_does(command: Command) -> None:
    ran = command("import", "--help")
    text = " ".join(ran.out.split())
    assert "READING A PICKLE RUNS ANY CODE IN IT" in text
    assert command("export", "--help").status == 0


def test_the_commands_cost_no_import_before_they_run() -> None:
    code = (
        "import sys; from crosstune.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'optuna', 'hyperopt', 'keras_tuner', 'crosstune.exchange'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
