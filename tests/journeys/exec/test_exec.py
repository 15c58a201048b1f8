"""`crosstune exec`: the script behaves as under plain `python`, and the chosen engine proposes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from crosstune.engines.record_names import RUNS
from crosstune.samplers import HyperoptSampler
from tests.journeys.exec.commands import load, python, run, write
from tests.support.slow import slow_but, slow_but_first


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ours(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if line.startswith("crosstune exec:")]


NESTED = """
import optuna

def objective(trial):
    kind = trial.suggest_categorical("kind", ["a", "b"])
    x = trial.suggest_float("x", -5, 5)
    return x ** 2 + (trial.suggest_int("depth", 1, 9) if kind == "a" else 0)

study = optuna.create_study(study_name="s", storage=STORAGE)
study.optimize(objective, n_trials=12)
"""


@pytest.mark.parametrize(
    ("options", "sampler"),
    [
        (["optuna", "--sampler", "random"], optuna.samplers.RandomSampler),
        (["hyperopt"], HyperoptSampler),
        pytest.param(["optuna"], None, marks=pytest.mark.slow),
        # Keras takes seconds to import.
        pytest.param(["keras_tuner"], None, marks=pytest.mark.slow),
    ],
    ids=["optuna:random", "hyperopt", "optuna", "keras_tuner"],
)
def test_the_engine_proposes_the_points_of_its_sampler_and_the_study_says_so(
    options: list[str], sampler: Callable[..., optuna.samplers.BaseSampler] | None
) -> None:
    backend = options[0]
    done = run("--backend", *options, "--seed", "3", write(NESTED))
    assert done.returncode == 0, done.stderr
    assert len(ours(done)) == 1
    assert f"{backend}:" in ours(done)[0]
    assert "TPESampler" in ours(done)[0]
    study = load()
    [record] = study.user_attrs[RUNS]
    assert (record["backend"], record["seed"], record["replaced"]) == (backend, 3, "TPESampler")
    assert len(study.trials) == 12
    if sampler is not None:
        by_code = optuna.create_study(sampler=sampler(seed=3))
        names: dict[str, Any] = {}
        exec(NESTED.partition("study =")[0], names)
        by_code.optimize(names["objective"], n_trials=12)
        assert [trial.params for trial in study.trials] == [t.params for t in by_code.trials]


# One script, as each start of Python with Hyperopt takes more than a second.
SWAPPED = """
    import optuna, pickle

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def name(sampler):
        return type(sampler).__name__

    study = optuna.create_study(sampler=optuna.samplers.CmaEsSampler())
    study.sampler = optuna.samplers.RandomSampler()
    print("set later:", name(study.sampler))

    with open("s.pkl", "rb") as file:
        study = pickle.load(file)
    again = pickle.loads(pickle.dumps(study))
    print("pickled:", name(study.sampler), name(again.sampler))
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=3)

    partial = optuna.samplers.PartialFixedSampler({"x": 0.5}, optuna.samplers.QMCSampler())
    study = optuna.create_study(sampler=partial)
    study.optimize(lambda t: t.suggest_float("x", 0, 1) + t.suggest_float("y", 0, 1), n_trials=9)
    xs = {trial.params["x"] for trial in study.trials}
    print("fixed:", xs, name(study.sampler._base_sampler))
"""


@pytest.fixture(scope="module")
def swapped(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, str], list[str]]:
    """What SWAPPED prints after each of its titles, and the lines of `crosstune exec`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("swapped"))
        make = "import optuna, pickle; pickle.dump(optuna.create_study(), open('s.pkl', 'wb'))"
        assert python("-c", make).returncode == 0
        done = run("-b", "hyperopt", write(SWAPPED))
    assert done.returncode == 0, done.stderr
    return dict(line.split(": ", 1) for line in done.stdout.splitlines()), ours(done)


Swapped = tuple[dict[str, str], list[str]]


def test_a_sampler_that_is_set_later_is_swapped_too(swapped: Swapped) -> None:
    printed, said = swapped
    assert printed["set later"] == "EngineSampler"
    assert ["CmaEsSampler" in said[0], "RandomSampler" in said[1]] == [True, True]


def test_a_study_that_was_pickled_before_is_swapped_too(swapped: Swapped) -> None:
    printed, said = swapped
    assert printed["pickled"] == "EngineSampler EngineSampler"
    assert sum("TPESampler" in line for line in said) == 1


def test_fixed_parameters_stay_fixed(swapped: Swapped) -> None:
    printed, _ = swapped
    assert printed["fixed"] == "{0.5} EngineSampler"


LEFT = {
    "a grid": (
        "create_study(sampler=optuna.samplers.GridSampler({'x': [1, 2]}))",
        "study with GridSampler",
    ),
    "constraints": (
        "create_study(sampler=optuna.samplers.TPESampler(constraints_func=lambda trial: (0.0,)))",
        "its constraints",
    ),
}


def test_what_an_engine_cannot_drive_stays_and_is_told_once() -> None:
    calls = "".join(f"    optuna.{call}\n" for call, _ in LEFT.values())
    script = write(f"import optuna\nfor _ in range(2):\n{calls}print('end')")
    done = run("-b", "hyperopt", script)
    assert (done.returncode, done.stdout) == (0, "end\n")
    assert len(ours(done)) == len(LEFT)
    for line, (_, said) in zip(ours(done), LEFT.values(), strict=True):
        assert said in line


@pytest.mark.parametrize(("call", "said"), slow_but_first(LEFT.values()), ids=LEFT)
def test_strict_refuses_what_an_engine_cannot_drive(call: str, said: str) -> None:
    script = write(f"import optuna\noptuna.{call}\nprint('end')")
    refused = run("-b", "hyperopt", "--strict", script)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert said in ours(refused)[0]
    assert "Traceback" not in refused.stderr


def test_without_an_engine_nothing_is_swapped() -> None:
    done = run("--trials", "3", write(NESTED))
    assert ours(done) == []
    assert RUNS not in load().user_attrs
    assert len(load().trials) == 3
    refused = run("--seed", "3", write(NESTED))
    assert refused.returncode == 2
    assert "--backend" in refused.stderr


def test_every_study_has_a_seed_of_its_own_and_the_same_again() -> None:
    script = write("""
        import optuna
        for _ in range(3):
            study = optuna.create_study()
            study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)
            print([trial.params for trial in study.trials])
    """)
    engine = ("-b", "optuna", "-s", "random", "--seed", "1")
    first, again = (run(*engine, script) for _ in range(2))
    assert first.stdout == again.stdout
    assert len(set(first.stdout.splitlines())) == 3


@pytest.mark.slow
def test_a_script_that_goes_on_proposes_other_points() -> None:
    script = write("""
        import optuna
        sampler = optuna.samplers.RandomSampler(seed=1)
        study = optuna.create_study(
            study_name="s", storage=STORAGE, sampler=sampler, load_if_exists=True)
        study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)
        study.sampler = optuna.samplers.RandomSampler(seed=1)
        study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)
    """)
    run("-b", "hyperopt", "-s", "rand", "--seed", "1", script)
    run("-b", "hyperopt", "-s", "rand", "--seed", "1", script)
    assert len({trial.params["x"] for trial in load().trials}) == 8


WORKERS = """
    import multiprocessing, sys, optuna

    def work(_):
        study = optuna.load_study(study_name="s", storage=STORAGE)
        study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)

    if __name__ == "__main__":
        optuna.create_study(study_name="s", storage=STORAGE)
        with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
            pool.map(work, range(2), chunksize=1)
"""


@pytest.mark.parametrize("method", ["fork", pytest.param("spawn", marks=pytest.mark.slow)])
def test_the_workers_of_a_script_are_driven_and_propose_different_points(method: str) -> None:
    done = run("-b", "hyperopt", "--seed", "1", write(WORKERS), method)
    assert done.returncode == 0, done.stderr
    assert len(ours(done)) == 1
    study = load()
    assert len({trial.params["x"] for trial in study.trials}) == 4
    assert {record["backend"] for record in study.user_attrs[RUNS]} == {"hyperopt"}


def test_of_several_workers_one_says_what_was_swapped(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(folder))
    script = write("""
        import subprocess, sys, optuna

        if len(sys.argv) > 1:
            optuna.create_study().optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
        else:
            workers = [subprocess.Popen([sys.executable, __file__, "worker"]) for _ in range(2)]
            sys.exit(max(worker.wait() for worker in workers))
    """)
    done = run("-b", "optuna", script)
    assert done.returncode == 0, done.stderr
    assert len(ours(done)) == 1, done.stderr
    assert not list(folder.glob("crosstune-exec-*"))


def test_another_sitecustomize_still_runs(folder: Path) -> None:
    write("print('theirs')", "other/sitecustomize.py")
    script = write("import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(1)'])")
    done = run("-b", "hyperopt", script, env={**os.environ, "PYTHONPATH": str(folder / "other")})
    assert done.stdout == "theirs\ntheirs\n1\n"


SAME = {
    "arguments": ("import sys; print(sys.argv, __file__, __name__, sys.path[0])", ["a", "--seed"]),
    "a neighbour": ("import neighbour", []),
    "stdin": ("print(input())", []),
    "end of stdin": ("input(); input()", []),
    "an exit status": ("import sys; sys.exit(3)", []),
    "an exit message": ("import sys; sys.exit('gone')", []),
    "an exit without clean-up": ("import os; os._exit(4)", []),
    "an error": ("def f():\n    raise ValueError('boom')\nf()", []),
    "an error with a cause": (
        "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('boom') from e",
        [],
    ),
    "a hook of its own": (
        "import sys\nsys.excepthook = lambda *a: print('hook', a[0])\n1 / 0",
        [],
    ),
    "no Python": ("Dear reader, this is a letter.", []),
    "at exit": ("import atexit\natexit.register(print, 'bye')\nraise SystemExit(0)", []),
    "a pickle of its own class": (
        "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))))",
        [],
    ),
    "an interrupt": ("raise KeyboardInterrupt", []),
    "a changed type": (
        "import optuna\n"
        "optuna.logging.set_verbosity(optuna.logging.ERROR)\n"
        "def f(t):\n"
        "    return t.suggest_int('x', 0, 3) if t.number else t.suggest_float('x', 0, 1)\n"
        "optuna.create_study().optimize(f, n_trials=2)\n",
        [],
    ),
    "changed choices": (
        "import optuna\n"
        "optuna.logging.set_verbosity(optuna.logging.ERROR)\n"
        "def f(t):\n"
        "    return t.suggest_categorical('x', [0, 1] if t.number else [0])\n"
        "optuna.create_study().optimize(f, n_trials=2)\n",
        [],
    ),
}


SAME_BY_DEFAULT = ["stdin", "an error with a cause", "an exit message", "changed choices"]


@pytest.mark.parametrize("same", slow_but(SAME, SAME_BY_DEFAULT))
def test_a_script_behaves_as_under_python(same: str) -> None:
    code, arguments = SAME[same]
    write("print('neighbour', __file__)", "code/neighbour.py")
    script = write(code, "code/script.py")
    native = python(script, *arguments, input="line\n")
    done = run("-b", "optuna", script, *arguments, input="line\n")
    assert done.returncode == native.returncode
    assert done.stdout == native.stdout
    if "optuna" not in code:
        assert done.stderr == native.stderr


def test_a_module_is_run_as_by_python() -> None:
    write("", "pkg/__init__.py")
    write("import sys; print(sys.argv, __name__, __package__, sys.path[0])", "pkg/mod.py")
    native = python("-m", "pkg.mod", "a", "-b")
    done = run("-b", "optuna", "-m", "pkg.mod", "a", "-b")
    assert (done.stdout, done.stderr) == (native.stdout, native.stderr)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-b", "hyperopt", "absent.py"], "no script absent.py"),
        (["-b", "hyperop", "script.py"], "Did you mean 'hyperopt'"),
        (["-b", "optuna", "-s", "gpp", "script.py"], "Did you mean 'gp'"),
        pytest.param(
            ["-b", "hyperopt", "-s", "gp", "script.py"],
            "no hyperopt sampler 'gp'",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ["-b", "keras_tuner", "-s", "hyperband", "script.py"],
            "is a scheduler",
            marks=pytest.mark.slow,
        ),
        (["-b", "optuna", "-s", "grid", "script.py"], "is a walk through a space"),
        (["-b", "hyperopt"], "Missing argument"),
    ],
)
def test_a_bad_request_is_one_line_before_the_script_runs(arguments: list[str], said: str) -> None:
    write("print('ran')")
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_module_that_is_not_there_ends_as_under_python() -> None:
    native, done = python("-m", "absent.module"), run("-b", "optuna", "-m", "absent.module")
    assert (done.returncode, len(done.stderr.splitlines())) == (native.returncode, 1)


def test_every_study_is_logged_for_tensorboard() -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer

    script = write("""
        import optuna
        for name in ("first", "second"):
            study = optuna.create_study(study_name=name)
            for _ in range(3):
                trial = study.ask()
                study.tell(trial, trial.suggest_float("x", 0, 1))
    """)
    assert run("--tensorboard", "log", script).returncode == 0
    runs = EventMultiplexer().AddRunsFromDirectory("log")
    runs.Reload()
    assert {name.split("/")[0] for name in runs.Runs()} >= {"first", "second"}


def test_an_interrupted_script_ends_as_under_python() -> None:
    script = write("""
        import time, optuna
        study = optuna.create_study(study_name="s", storage=STORAGE)
        def f(trial):
            if trial.number == 2:
                print("now", flush=True)
                time.sleep(60)
            return trial.suggest_float("x", 0, 1)
        study.optimize(f, n_trials=5)
    """)
    process = subprocess.Popen(
        [sys.executable, "-m", "crosstune", "exec", "-b", "optuna", "-s", "random", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "now\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert [t.state for t in load().trials[:2]] == [TrialState.COMPLETE] * 2


COPIES = """
    import multiprocessing, pickle, optuna

    def objective(trial):
        return trial.suggest_float("x", 0, 1)

    if __name__ == "__main__":
        study = optuna.create_study(study_name="s", storage=STORAGE)
        fork = multiprocessing.get_context("fork")
        for begun in (0, 1):
            study.optimize(objective, n_trials=begun)
            workers = [
                fork.Process(target=study.optimize, args=(objective,), kwargs={"n_trials": 2})
                for _ in range(2)
            ]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            for _ in range(2):
                pickle.loads(pickle.dumps(study)).optimize(objective, n_trials=1)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "engine",
    [
        ("optuna", "--seed", "1"),
        pytest.param(("optuna", "-s", "random"), marks=pytest.mark.slow),
        ("hyperopt", "-s", "rand"),
    ],
)
def test_forks_and_copies_of_an_unseeded_study_propose_different_points(
    engine: tuple[str, ...],
) -> None:
    done = run("-b", *engine, write(COPIES))
    assert done.returncode == 0, done.stderr
    points = [trial.params["x"] for trial in load().trials]
    assert len(points) == 13
    assert len(set(points)) == 13


def test_copies_of_a_study_that_the_script_seeds_are_alike_as_under_python() -> None:
    script = write("""
        import pickle, optuna

        def points(study):
            study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)
            return [t.params["x"] for t in study.trials]

        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
        assert points(pickle.loads(pickle.dumps(study))) == points(study)
    """)
    assert run("-b", "optuna", "-s", "random", script).returncode == 0
