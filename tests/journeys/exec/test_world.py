"""What a script finds around it under `crosstune exec` is what it finds under `python`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from crosstune import adapters
from crosstune.engines import registry
from crosstune.errors import RequestError
from crosstune.samplers.named import check_learns
from crosstune.takeover.misplaced import check_order
from tests.journeys.exec.commands import python, run, write
from tests.support.slow import slow_but_first

ENGINES = [["-b", name] for name in adapters.names()]
COMMANDS = [*ENGINES, ["--trials", "3"], ["-b", "keras-tuner", "-s", "random", "--strict"]]
STARTUP = Path(__file__).parents[3] / "crosstune" / "takeover" / "startup"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    return tmp_path


def ours(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if line.startswith("crosstune")]


LOADED = """
    import sys
    print(*sorted({name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names))
"""


@pytest.mark.parametrize("options", slow_but_first(COMMANDS, 2), ids=" ".join)
def test_no_library_is_loaded_before_the_script(options: list[str]) -> None:
    script = write(LOADED)
    plain, driven = python(script), run(*options, script)
    assert driven.returncode == 0, driven.stderr
    more = set(driven.stdout.split()) - set(plain.stdout.split())
    assert more <= {"click", "crosstune", "wrapt"}


@pytest.mark.parametrize("options", slow_but_first(ENGINES), ids=" ".join)
@pytest.mark.parametrize("library", slow_but_first(["optuna", "hyperopt"]))
def test_a_library_loads_no_other_until_there_is_a_study(library: str, options: list[str]) -> None:
    script = write(f"import {library}\n" + textwrap.dedent(LOADED))
    plain, driven = python(script), run(*options, script)
    assert driven.returncode == 0, driven.stderr
    more = set(driven.stdout.split()) - set(plain.stdout.split())
    assert more <= {"click", "crosstune", "wrapt"}


@pytest.mark.slow
def test_keras_runs_on_the_backend_that_the_script_names() -> None:
    script = write("""
        import os
        os.environ["KERAS_BACKEND"] = "torch"
        import optuna
        import keras
        study = optuna.create_study()
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
        print(keras.backend.backend())
    """)
    done = run("-b", "keras_tuner", script, env={**os.environ, "KERAS_BACKEND": "jax"})
    assert done.stdout == "torch\n", done.stderr
    assert "keras_tuner:bayesian proposes" in done.stderr


WORLD = """
    import gc, json, locale, logging, multiprocessing, os, signal, sys, threading, warnings

    print(json.dumps({
        "handlers": [str(each) for each in logging.root.handlers],
        "level": logging.root.level,
        "disabled": logging.root.manager.disable,
        "signals": {int(n): str(signal.getsignal(n)) for n in signal.valid_signals()},
        "warnings": [str(each) for each in warnings.filters],
        "argv": sys.argv,
        "path": sys.path,
        "cwd": os.getcwd(),
        "main": sorted(vars(sys.modules["__main__"])),
        "start method": multiprocessing.get_start_method(allow_none=True),
        "threads": threading.active_count(),
        "excepthook": sys.excepthook is sys.__excepthook__,
        "threads' excepthook": threading.excepthook is threading.__excepthook__,
        "displayhook": sys.displayhook is sys.__displayhook__,
        "buffering": [stream.line_buffering for stream in (sys.stdout, sys.stderr)],
        "encoding": [stream.encoding for stream in (sys.stdin, sys.stdout, sys.stderr)],
        "locale": locale.setlocale(locale.LC_ALL),
        "gc": gc.get_threshold(),
        "recursion": sys.getrecursionlimit(),
        "switch": sys.getswitchinterval(),
        "trace": [sys.gettrace() is None, sys.getprofile() is None],
        "umask": os.umask(0o22),
        "environment": sorted(
            name for name in os.environ if not name.startswith(("CROSSTUNE_", "PYTHONPATH"))
        ),
    }))
"""


@pytest.mark.parametrize(
    "options", slow_but_first([["-b", "hyperopt", "--seed", "1"], ["-n", "3", "--strict"]])
)
def test_the_world_of_a_script_is_that_of_python(options: list[str]) -> None:
    script = write(WORLD)
    plain, driven = python(script), run(*options, script)
    assert json.loads(driven.stdout) == json.loads(plain.stdout)


def test_a_script_sets_up_its_own_logging() -> None:
    script = write("""
        import logging, sys
        logging.basicConfig(format="mine: %(message)s", level=logging.INFO, stream=sys.stdout)
        logging.getLogger("app").info("hello")
    """)
    assert run("-b", "optuna", script).stdout == "mine: hello\n"


@pytest.mark.parametrize("backend", slow_but_first(["optuna", "hyperopt", "crosstune"]))
def test_the_global_random_numbers_stay_the_scripts_own(backend: str) -> None:
    script = write("""
        import random
        random.seed(1)
        import numpy as np
        np.random.seed(1)
        import optuna
        optuna.logging.disable_default_handler()
        study = optuna.create_study()
        study.optimize(lambda t: t.suggest_float("x", 0, 1) + t.suggest_int("n", 0, 3), n_trials=4)
        print(random.random(), np.random.random())
    """)
    assert run("-b", backend, script).stdout == python(script).stdout


CHILDREN = {
    "optuna": "study = optuna.create_study()\nprint(len(study.trials))",
    "hyperopt": "from hyperopt import hp, tpe\n"
    "hyperopt.fmin(lambda x: x, hp.uniform('x', 0, 1), algo=tpe.suggest, max_evals=2,\n"
    "              show_progressbar=False)\nprint(0)",
    "keras_tuner": "print(0)",
}


@pytest.mark.parametrize(
    "options", slow_but_first([["-b", "optuna"], ["-b", "hyperopt"], ["-n", "3"]])
)
@pytest.mark.parametrize(
    "library",
    ["optuna", "hyperopt", pytest.param("keras_tuner", marks=pytest.mark.slow)],
)
def test_a_child_process_may_import_any_library_first(library: str, options: list[str]) -> None:
    write(f"import {library}\n{CHILDREN[library]}", "child.py")
    script = write("""
        import subprocess, sys
        sys.exit(subprocess.run([sys.executable, "child.py"]).returncode)
    """)
    done = run(*options, script)
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr
    assert "Traceback" not in done.stderr
    if options[0] == "-b" and library != "keras_tuner":
        assert len(ours(done)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_a_pool_of_hyperopts_runs(method: str) -> None:
    script = write("""
        import multiprocessing, sys
        from concurrent.futures import ProcessPoolExecutor
        from hyperopt import fmin, hp, tpe

        def one(seed):
            return sorted(fmin(lambda x: x ** 2, hp.uniform("x", -1, 1), algo=tpe.suggest,
                               max_evals=3, show_progressbar=False))

        if __name__ == "__main__":
            context = multiprocessing.get_context(sys.argv[1])
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                print(list(pool.map(one, [0])))
    """)
    done = run("-b", "optuna", script, method)
    assert (done.returncode, done.stdout) == (0, "[['x']]\n"), done.stderr


def test_a_python_without_crosstune_starts_in_silence(folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "other"], check=True, timeout=60)
    script = write("""
        import subprocess
        subprocess.run(["other/bin/python", "-c", "print(1)"])
    """)
    done = run("-b", "hyperopt", script)
    assert (done.stdout, done.stderr) == ("1\n", "")


BROKEN = {
    "is too new for it": "def f(:",
    "lacks what it needs": "import absent_module",
    "is another one": "__version__ = '0'",
}


@pytest.mark.parametrize("text", slow_but_first(BROKEN.values()), ids=BROKEN)
def test_a_crosstune_that_is_not_this_one_is_left_alone(text: str, folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "other"], check=True, timeout=60)
    write(text, "crosstune/__init__.py")
    environment = {
        **os.environ,
        "CROSSTUNE_EXEC": "{}",
        "PYTHONPATH": os.pathsep.join([str(STARTUP), str(folder)]),
    }
    done = subprocess.run(
        ["other/bin/python", "-c", "print(1)"],
        env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_a_childs_own_sitecustomize_is_the_module_of_that_name(folder: Path) -> None:
    write("NAME = 'theirs'", "other/sitecustomize.py")
    script = write("""
        import subprocess, sys
        subprocess.run([sys.executable, "-c", "import sitecustomize; print(sitecustomize.NAME)"])
    """)
    done = run("-b", "hyperopt", script, env={**os.environ, "PYTHONPATH": str(folder / "other")})
    assert done.stdout == "theirs\n", done.stderr


def test_a_broken_sitecustomize_of_the_user_costs_no_takeover(folder: Path) -> None:
    write("1 / 0", "other/sitecustomize.py")
    write("import optuna\noptuna.create_study()", "child.py")
    script = write("""
        import subprocess, sys
        subprocess.run([sys.executable, "child.py"], check=True)
    """)
    environment = {**os.environ, "PYTHONPATH": str(folder / "other")}
    done = run("-b", "optuna", "-s", "random", script, env=environment)
    assert "optuna:random proposes in place of TPESampler" in done.stderr
    assert "ZeroDivisionError" in done.stderr


STUDY = """
    import optuna
    optuna.create_study()
    print("ran")
"""


@pytest.mark.parametrize(
    "after",
    [
        ["--backend", "hyperopt"],
        ["--backend=keras-tuner"],
        ["-b", "optuna", "--seed", "1"],
        ["-bhyperopt"],
        ["data.csv", "--sampler", "tpe"],
        ["-s", "cmaes"],
    ],
)
@pytest.mark.parametrize("given", [{}, {"trials": 1}], ids=["nothing asked", "trials asked"])
def test_an_engine_named_after_the_script_is_an_error(
    given: dict[str, Any], after: list[str]
) -> None:
    with pytest.raises(RequestError) as caught:
        check_order("script.py", after, given)
    option = next(each for each in after if each.startswith("-"))
    assert option in str(caught.value)
    assert "before script.py" in str(caught.value)


def test_the_script_does_not_run_where_its_engine_is_named_after_it() -> None:
    done = run(write(STUDY), "--backend", "hyperopt")
    assert (done.returncode, done.stdout) == (2, "")
    [line] = ours(done)
    assert line.endswith("crosstune exec --backend hyperopt script.py")


@pytest.mark.parametrize(
    ("given", "after", "said"),
    [
        ({}, ["--trials", "1"], ["--trials"]),
        ({}, ["-n", "1", "--strict"], ["-n", "--strict"]),
        ({"backend": "hyperopt"}, ["--trials=1"], ["--trials"]),
        (
            {"backend": "hyperopt"},
            ["--seed", "5", "--tensorboard", "logs"],
            ["--seed", "--tensorboard"],
        ),
    ],
)
def test_other_options_after_the_script_are_the_scripts_and_said(
    given: dict[str, Any],
    after: list[str],
    said: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    check_order("script.py", after, given)
    [line] = capsys.readouterr().err.splitlines()
    assert all(option in line for option in said)
    assert "before script.py" in line


@pytest.mark.parametrize(
    ("given", "after"),
    [
        ({"backend": "hyperopt"}, ["--backend", "optuna", "--sampler", "tpe"]),
        ({"backend": "hyperopt", "trials": 1}, ["--trials", "5"]),
        ({"sampler": "tpe", "seed": 0}, ["--seed", "5"]),
        ({}, ["--backend", "tensorflow", "-b", "32", "--trials", "many", "--seed"]),
        ({}, ["train", "--lr", "0.1", "--", "--trials", "3"]),
    ],
)
def test_options_that_are_the_scripts_own_are_not_spoken_of(
    given: dict[str, Any], after: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    check_order("script.py", after, given)
    assert capsys.readouterr().err == ""


def test_the_learners_of_each_row_are_what_the_adapters_declare() -> None:
    declared: dict[str, dict[str, tuple[str, ...]]] = {}
    rows = {row.name: dict(row.learners) for row in registry.rows()}
    for backend in rows:
        adapter = adapters.get(backend)
        for name in (*adapter.algorithms, *adapter.roles):
            try:
                native = adapter.algorithm(name)
                check_learns(adapter, native)
            except RequestError:
                continue
            needs = tuple(adapter.algorithms[native].needs[0])
            declared.setdefault(backend, {})[name] = needs
    assert declared == rows


def test_a_study_of_crosstunes_own_keeps_every_sampler_that_it_is_given() -> None:
    script = write("""
        import pickle
        import optuna
        from crosstune.study.internal import own_study
        with own_study():
            study = optuna.create_study()
        study.sampler = optuna.samplers.RandomSampler()
        copy = pickle.loads(pickle.dumps(study))
        print(type(study.sampler).__name__, type(copy.sampler).__name__)
    """)
    done = run("-b", "hyperopt", "--seed", "1", script)
    assert done.stdout == "RandomSampler RandomSampler\n", done.stderr
    assert ours(done) == []


@pytest.mark.slow
def test_a_keras_tuner_search_that_goes_on_is_swapped_once() -> None:
    script = write("""
        import keras_tuner

        class Search(keras_tuner.RandomSearch):
            def run_trial(self, trial, *args, **kwargs):
                return (trial.hyperparameters.Float("x", 0, 9) - 4) ** 2

        for trials in (3, 6):
            tuner = Search(max_trials=trials, seed=1, project_name="p")
            tuner.search(verbose=0)
        print(len(tuner.oracle.trials))
    """)
    done = run("-b", "hyperopt", "--seed", "1", script)
    assert done.stdout.endswith("6\n"), done.stderr
    assert ours(done) == [
        "crosstune exec: hyperopt:tpe proposes in place of Keras Tuner's RandomSearchOracle "
        "(seed 1)"
    ]


@pytest.mark.slow
def test_each_engine_has_a_project_folder_of_its_own(folder: Path) -> None:
    script = write("""
        import keras_tuner
        calls = []

        class Search(keras_tuner.RandomSearch):
            def run_trial(self, trial, *args, **kwargs):
                calls.append(1)
                return (trial.hyperparameters.Float("x", 0, 9) - 4) ** 2

        tuner = Search(max_trials=3, seed=1, project_name="p")
        tuner.search(verbose=0)
        study = getattr(tuner.oracle, "study", None)
        if study is not None:
            [run] = study.user_attrs["crosstune:runs"]
            assert (run["replaced"], run["first_trial"]) == ("RandomSearchOracle", 0), run
        print("ran", len(calls), "of", len(tuner.oracle.trials), tuner.project_dir)
    """)

    def last(done: subprocess.CompletedProcess[str]) -> str:
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[-1]

    assert last(python(script)) == "ran 3 of 3 ./p"
    done = run("-b", "hyperopt", script)
    assert last(done) == "ran 3 of 3 ./p-hyperopt-tpe"
    assert any("holds a search of Keras Tuner, so hyperopt:tpe" in line for line in ours(done))
    assert last(run("-b", "optuna", script)) == "ran 3 of 3 ./p-optuna-tpe"


def test_a_run_inside_a_run_is_driven_by_the_inner_one() -> None:
    write("import optuna\noptuna.create_study()", "child.py")
    script = write("""
        import subprocess, sys
        inner = [sys.executable, "-m", "crosstune", "exec", "-b", "optuna", "-s", "qmc", "child.py"]
        subprocess.run(inner, check=True)
    """)
    done = run("-b", "optuna", "-s", "random", script)
    assert [line.split()[2] for line in ours(done)] == ["optuna:qmc"]
