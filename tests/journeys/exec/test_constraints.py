"""`crosstune exec` and scripts whose trials have constraints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.exec.commands import run, write
from tests.journeys.exec.test_exec import ours

pytestmark = pytest.mark.optuna5

SCRIPT = """
import warnings, optuna
warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)

def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    trial.set_constraint("c", 5 - x)
    return x

study = optuna.create_study()
{loop}
print("over", len(study.trials))
"""
LOOPS = {
    "optimize": "study.optimize(objective, n_trials=3, catch=(Exception,))",
    "positional": "study.optimize(objective, 3, None, 1, (), [lambda s, t: print('called')])",
    "jobs": "study.optimize(objective, n_trials=4, n_jobs=2)",
    "ask": "for _ in range(3):\n    t = study.ask()\n    study.tell(t, objective(t))",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("loop", "engine"),
    [
        ("optimize", "hyperopt:rand"),
        ("positional", "optuna:random"),
        pytest.param("ask", "optuna:random", marks=pytest.mark.slow),
    ],
)
def test_an_engine_that_cannot_use_constraints_says_so_once(loop: str, engine: str) -> None:
    backend, _, sampler = engine.partition(":")
    script = write(SCRIPT.format(loop=LOOPS[loop]))
    done = run("--backend", backend, "--sampler", sampler, script)
    assert done.returncode == 0, done.stderr
    assert "over 3" in done.stdout
    assert done.stderr.count("cannot use constraints") == 1
    assert sum("cannot use constraints" in line for line in ours(done)) == 1


@pytest.mark.parametrize(
    ("loop", "engine"),
    [
        pytest.param("optimize", "hyperopt:rand", marks=pytest.mark.slow),
        ("jobs", "crosstune:random"),
        ("ask", "optuna:random"),
    ],
)
def test_strict_ends_the_script_at_the_first_constrained_trial(loop: str, engine: str) -> None:
    backend, _, sampler = engine.partition(":")
    script = write(SCRIPT.format(loop=LOOPS[loop]))
    done = run("--strict", "--backend", backend, "--sampler", sampler, script)
    assert done.returncode != 0
    assert "over" not in done.stdout
    assert f"{engine} cannot use constraints" in done.stderr
    assert "--strict" in done.stderr


@pytest.mark.parametrize(
    "engine", ["optuna:nsga2", pytest.param("hyperopt:tpe", marks=pytest.mark.slow)]
)
def test_strict_lets_an_engine_that_uses_constraints_run(engine: str) -> None:
    backend, _, sampler = engine.partition(":")
    script = write(SCRIPT.format(loop=LOOPS["optimize"]))
    done = run("--strict", "--backend", backend, "--sampler", sampler, script)
    assert done.returncode == 0, done.stderr
    assert "over 3" in done.stdout
