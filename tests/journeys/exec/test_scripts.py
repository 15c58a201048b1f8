"""Scripts as people write them, by `python` and by `crosstune exec`, unmodified.

Each script in `tests/scripts` asserts at its end what it is entitled to, whichever engine proposes.
"""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from crosstune import adapters
from tests.support.slow import slow_but, slow_but_first

FOLDER = Path(__file__).parent / "scripts"
ENGINES = {
    "optuna": ["--backend", "optuna"],
    "hyperopt": ["--backend", "hyperopt"],
    # Its Bayesian search takes about a second for each value that it proposes.
    "keras_tuner": ["--backend", "keras_tuner", "--sampler", "random"],
}
DIALECTS = ("optuna", "hyperopt", "keras_tuner")
SCRIPTS = sorted(
    f"{dialect}/{path.stem}" for dialect in DIALECTS for path in (FOLDER / dialect).glob("*.py")
)

STAYS = {
    "optuna/grid_sampler": "a study with GridSampler is left unchanged",
    "optuna/constraints": "a study with TPESampler is left unchanged",
}
"""The scripts with a study that no engine drives, and what is said of it. All the other scripts of
Optuna are told what proposes in place of what."""

REFUSED: dict[tuple[str, str], str] = {}
"""The scripts that an engine refuses, and a part of the line that says why; exit status 2."""

QUICK = ("optuna/quadratic", "optuna/dynamic_ranges", "optuna/ask_and_tell")
"""The scripts of the default suite."""

SAMPLED = ("optuna/quadratic_seeded", "optuna/dynamic_ranges", "optuna/failing_trials")
SAMPLERS = (
    *(
        "optuna:tpe-v4",
        "optuna:cmaes",
        "optuna:nsga2",
        "optuna:nsga3",
        "optuna:qmc",
        "optuna:random",
    ),
    *("hyperopt:tpe", "hyperopt:rand", "hyperopt:anneal", "hyperopt:mix"),
    "keras_tuner:random",
)
SLOW_SAMPLERS = ("optuna:gp", "keras_tuner:bayesian")
"""About a second for a proposal or more: on one script with 9 trials."""
NEED_A_SPACE = (
    "optuna:grid",
    "optuna:brute-force",
    "hyperopt:atpe",
    "keras_tuner:grid",
    "keras_tuner:hyperband",
)


def run(
    folder: Path, *command: str, text: str = "", timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """One Python in a folder of its own, as in a new account."""
    environment = {
        **os.environ,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "MPLBACKEND": "Agg",
        "KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "jax"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": "",
    }
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def execute(folder: Path, *command: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """`crosstune exec`."""
    return run(folder, "-m", "crosstune", "exec", *command, text=text)


def ours(stderr: str) -> list[str]:
    """The lines that crosstune wrote."""
    return [line for line in stderr.splitlines() if line.startswith("crosstune exec:")]


def hold(script: str, engine: str, options: list[str], folder: Path) -> None:
    """Run one script on one engine and compare with what the tables say."""
    done = execute(folder, *options, str(FOLDER / f"{script}.py"))
    said = ours(done.stderr)
    if (script, engine) in REFUSED:
        assert done.returncode == 2, done.stderr
        assert REFUSED[script, engine] in "\n".join(said)
        return
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr or script in CATCHES, done.stderr
    if script in STAYS:
        assert any(STAYS[script] in line for line in said), said
    elif script.startswith("optuna/"):
        assert any(f"crosstune exec: {engine}:" in line for line in said), said
        assert any(" proposes in place of " in line for line in said), said


CATCHES = {
    "optuna/failing_trials",
    "hyperopt/failing",
    "keras_tuner/failed_trials",
}
"""The scripts with trials that raise, which their libraries log."""


@pytest.mark.parametrize(
    ("script", "engine"),
    # Each script by default, and each engine but Keras Tuner, which takes seconds to import.
    slow_but(
        itertools.product(QUICK, ENGINES),
        list(zip(QUICK, ("optuna", "hyperopt", "optuna"), strict=True)),
    ),
)
def test_a_script_runs_on_every_engine(script: str, engine: str, tmp_path: Path) -> None:
    hold(script, engine, ENGINES[engine], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("script", [s for s in SCRIPTS if not s.startswith("keras_tuner/")])
def test_a_script_runs_by_python(script: str, tmp_path: Path) -> None:
    done = run(tmp_path, str(FOLDER / f"{script}.py"))
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("script", [s for s in SCRIPTS if s not in QUICK])
def test_every_script_runs_on_every_engine(script: str, engine: str, tmp_path: Path) -> None:
    hold(script, engine, ENGINES[engine], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("script", SAMPLED)
def test_a_script_runs_on_every_sampler(script: str, sampler: str, tmp_path: Path) -> None:
    engine, _, algorithm = sampler.partition(":")
    hold(script, engine, ["--backend", engine, "--sampler", algorithm], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("sampler", SLOW_SAMPLERS)
def test_a_script_runs_on_a_slow_sampler(sampler: str, tmp_path: Path) -> None:
    engine, _, algorithm = sampler.partition(":")
    options = ["--backend", engine, "--sampler", algorithm]
    done = execute(tmp_path, *options, str(FOLDER / "optuna" / "quadratic_seeded.py"), "9")
    assert done.returncode == 0, done.stderr
    assert f"crosstune exec: {sampler} proposes in place of TPESampler" in done.stderr


def test_every_sampler_is_in_a_table() -> None:
    known = {f"{name}:{each}" for name in ENGINES for each in adapters.get(name).algorithms}
    assert known == {*SAMPLERS, *SLOW_SAMPLERS, *NEED_A_SPACE, "optuna:tpe"}


ODD = {
    "raises": ["raises.py"],
    "raises in a trial": ["raises_in_trial.py"],
    "exits with 3": ["exits_three.py"],
    "exits with words": ["exits_with_words.py"],
    "leaves at once": ["exits_quietly.py"],
    "interrupted": ["interrupted.py"],
    "does not compile": ["syntax_error.txt"],
    "plain text": ["plain.txt"],
    "a binary": ["binary.bin"],
    "surroundings": ["surroundings.py", "--epochs", "3", "-h"],
    "flags": ["flags.py", *["--seed", "5", "--backend", "mine", "--help", "--", "-m", "x"]],
    "workers that fork": ["workers.py", "fork"],
    "workers that spawn": ["workers.py", "spawn"],
    "a worker by itself": ["subprocess_worker.py"],
    "a type that changes": ["changing_type.py"],
    "choices that change": ["changing_choices.py"],
    "a scale that changes": ["changing_log.py"],
    "a name asked for twice": ["twice_in_a_trial.py"],
    "pickles its own classes": ["pickles_main.py"],
    "no study": ["no_study.py"],
    "atexit and warnings": ["module_state.py"],
}
ODD_BY_DEFAULT = {
    "raises in a trial",
    "exits with 3",
    "interrupted",
    "does not compile",
    "flags",
}
VARIES = re.compile(
    r"0x[0-9a-f]+|\d+\.\d+(e-?\d+)?|no-name-[0-9a-f-]+|/\S*/test_\S*|study name: \S+"
)
"""What differs between two runs by Python: values and names that are made up."""

STUDY_OF_WORKERS = {"workers that fork", "workers that spawn", "a worker by itself"}
"""They print their sampler, or write to one stream from several processes."""


LEARNS = {*STUDY_OF_WORKERS, "a type that changes", "choices that change", "a scale that changes"}
"""The scripts for which it matters whether the space is learnt from the trials."""


def lines(text: str) -> list[str]:
    """What a person reads of a run, without what differs each time."""
    timeless = re.sub(r"^(\[. )[^]]*", r"\1", text, flags=re.MULTILINE)
    kept = (
        line for line in timeless.splitlines() if not line.startswith(("[I", "crosstune exec:"))
    )
    # Python words it by whether it reads the file itself.
    same = (line.replace("source code string cannot", "source code cannot") for line in kept)
    return [VARIES.sub("_", line) for line in same]


@pytest.mark.parametrize("odd", slow_but(ODD, ODD_BY_DEFAULT))
def test_an_odd_script_ends_as_by_python(odd: str, tmp_path: Path) -> None:
    script, *arguments = ODD[odd]
    command = [str(FOLDER / "odd" / script), *arguments]
    folders = [tmp_path / "python", tmp_path / "exec"]
    for folder in folders:
        folder.mkdir()
    plain = run(folders[0], *command, text="some input")
    engine = "hyperopt" if odd in LEARNS else "optuna"
    driven = execute(folders[1], "--backend", engine, *command, text="some input")
    assert driven.returncode == plain.returncode, driven.stderr
    if odd not in STUDY_OF_WORKERS:
        shown = plain.stdout.replace(str(folders[0]), str(folders[1]))
        assert lines(driven.stdout) == lines(shown)
        assert lines(driven.stderr)[-1:] == lines(plain.stderr)[-1:]
    assert len(ours(driven.stderr)) <= 1, driven.stderr


@pytest.mark.parametrize("engine", slow_but_first(["optuna", "hyperopt"]))
def test_more_trials_than_points_is_no_error(engine: str, tmp_path: Path) -> None:
    done = execute(tmp_path, "--backend", engine, str(FOLDER / "odd" / "small_space.py"))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", slow_but_first(["package_run.tune", "package_run"]))
def test_a_module_of_a_package_runs(module: str, tmp_path: Path) -> None:
    (tmp_path / "package_run").symlink_to(FOLDER / "odd" / "package_run")
    plain = run(tmp_path, "-m", module, "--flag")
    driven = execute(tmp_path, "--backend", "optuna", "-m", module, "--flag")
    assert (driven.returncode, driven.stdout) == (plain.returncode, plain.stdout), driven.stderr
