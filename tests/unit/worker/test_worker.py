"""Workers on one PostgreSQL study: nothing is lost, and nothing is evaluated twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import optuna
import pytest
from click.testing import CliRunner
from optuna.trial import TrialState

import crosstune
from crosstune.cli.main import crosstune as command_line
from crosstune.engines.record_names import BEGAN, ERROR, LOST, REPEATS, TRIAL_BUDGET
from crosstune.errors import RequestError
from crosstune.study.configurations import configurations_of
from crosstune.worker.database import cannot_open, check_is_shared
from crosstune.worker.lost_trials import counting, sweep
from tests.support.postgres import PASSWORD, Server

ROOT = Path(__file__).parents[3]
OBJECTIVE = """
import os, time
from pathlib import Path

def score(params, trial):
    with (Path(__file__).parent / "log").open("a") as log:
        log.write(f"{trial.number} {params['a']} {params['b']}\\n")
    for step in range(3):
        time.sleep(float(os.environ.get("PAUSE", "0.01")))
        trial.report(params["a"] + step, step)
    return params["a"] * 0.1 + params["b"]
"""


def test_only_a_database_that_all_reach_will_do() -> None:
    check_is_shared("postgresql://db/tune")
    for url in ("sqlite:///x.db", "runs/x.journal", "mysql://me:secret@db/tune"):
        with pytest.raises(RequestError, match="share a PostgreSQL database") as raised:
            check_is_shared(url)
        assert "me:secret@db/tune." not in str(raised.value)


def test_a_password_is_in_no_error() -> None:
    url = f"postgresql+psycopg://tuner:{PASSWORD}@127.0.0.1:1/postgres"
    assert PASSWORD not in str(cannot_open(url, ValueError(f"bad URL {url}")))


def test_the_command_line_refuses_another_storage(tmp_path: Path) -> None:
    spec = _spec(tmp_path, "trials: 3")
    done = CliRunner().invoke(command_line, ["worker", str(spec), "--storage", "x.journal"])
    assert isinstance(done.exception, RequestError)


def _study(states: list[tuple[TrialState, dict[str, Any]]]) -> optuna.Study:
    study = optuna.create_study()
    held = optuna.distributions.FloatDistribution(0, 1)
    for number, (state, attrs) in enumerate(states):
        study.add_trial(
            optuna.create_trial(
                state=state,
                params={"x": number / 10},
                distributions={"x": held},
                value=1.0 if state == TrialState.COMPLETE else None,
                user_attrs=attrs,
            )
        )
    return study


def test_a_trial_that_was_not_begun_is_taken_back_and_does_not_count() -> None:
    study = _study([(TrialState.COMPLETE, {BEGAN: "a"}), (TrialState.RUNNING, {})])
    sweep(study)
    sweep(study)
    assert [t.state for t in study.trials] == [TrialState.COMPLETE, TrialState.FAIL]
    assert study.trials[1].user_attrs == {LOST: True}
    assert [t.number for t in counting(study.trials)] == [0]


def test_a_trial_that_failed_without_a_word_is_queued_once_with_its_values() -> None:
    study = _study([(TrialState.FAIL, {BEGAN: "a"}), (TrialState.FAIL, {BEGAN: "a", ERROR: "b"})])
    sweep(study)
    sweep(study)
    assert [t.state for t in study.trials[2:]] == [TrialState.WAITING]
    assert study.trials[2].params == {"x": 0.0}
    assert [t.number for t in counting(study.trials)] == [1, 2]
    trial = study.ask()
    assert (trial.number, trial.suggest_float("x", 0, 1)) == (2, 0.0)
    for _ in range(5):  # and it kills each worker that has it
        study.tell(trial, state=TrialState.FAIL)
        sweep(study)
        if not [t for t in study.trials if t.state == TrialState.WAITING]:
            break
        trial = study.ask()
    assert len(study.trials) == 2 + 3


def test_a_trial_that_another_worker_is_at_is_left_alone() -> None:
    study = _study([(TrialState.RUNNING, {BEGAN: "a"})])
    sweep(study)
    assert study.trials[0].state == TrialState.RUNNING


def _spec(folder: Path, *lines: str, high: int = 12) -> Path:
    (folder / "train.py").write_text(OBJECTIVE)
    spec = folder / "spec.yaml"
    spec.write_text(
        "objective: train:score\nseed: 3\n"
        + "\n".join(lines)
        + f"\nspace:\n  a: {{type: int, low: 1, high: {high}}}\n"
        + "  b: {type: choice, values: [1, 2, 3, 4, 5]}\n"
    )
    return spec


def _workers(
    folder: Path, server: Server, name: str, count: int, *options: str, pause: float = 0.01
) -> list[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "crosstune", "worker", "spec.yaml", "--storage", server.url]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "PAUSE": str(pause),
    }
    return [
        subprocess.Popen(
            [*command, "--study", name, "--heartbeat", "2", *options],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for _ in range(count)
    ]


def _ended(workers: list[subprocess.Popen[bytes]], seconds: float = 300) -> list[str]:
    try:
        said = [worker.communicate(timeout=seconds)[0].decode() for worker in workers]
    finally:
        for worker in workers:  # those that are too slow would wait for the server for ever
            worker.kill()
    for text in said:
        assert PASSWORD not in text
    return said


def _evaluated(folder: Path) -> list[list[str]]:
    log = folder / "log"
    return [line.split() for line in log.read_text().splitlines()] if log.exists() else []


def _study_of(server: Server, name: str) -> optuna.Study:
    return optuna.load_study(study_name=name, storage=server.url)


@pytest.mark.slow
@pytest.mark.parametrize(("sampler", "trials", "high"), [("grid", 500, 100), ("gp", 50, 12)])
def test_a_restart_of_the_server_loses_nothing(
    server: Server, tmp_path: Path, sampler: str, trials: int, high: int
) -> None:
    """The grid has 500 points, and all are evaluated; the process has seen 50 of 60."""
    _spec(tmp_path, "backend: crosstune", f"sampler: {sampler}", f"trials: {trials}", high=high)
    name = f"restart-{sampler}"
    workers = _workers(tmp_path, server, name, 4)
    while len(_evaluated(tmp_path)) < trials / 2:
        assert any(worker.poll() is None for worker in workers), _ended(workers)
        time.sleep(0.1)
    server.kill()
    time.sleep(2)
    server.start()
    said = _ended(workers, 900)
    assert [worker.returncode for worker in workers] == [0] * 4, said
    study = _study_of(server, name)
    states = Counter(t.state.name for t in study.trials if LOST not in t.user_attrs)
    evaluated = _evaluated(tmp_path)
    points = Counter(tuple(line[1:]) for line in evaluated)
    print(f"{dict(states)}, {len(evaluated)} evaluations of {len(points)} points")
    assert states == {"COMPLETE": trials}
    assert len({line[0] for line in evaluated}) == len(evaluated) == len(points) == trials
    assert any("does not answer" in text for text in said)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "sampler"),
    [
        ("crosstune", "grid"),
        ("optuna", "grid"),
        ("hyperopt", "grid"),
        ("optuna", "tpe"),
        ("optuna", "cmaes"),
        ("hyperopt", "anneal"),
        ("keras_tuner", "random"),
    ],
)
def test_every_engine_works_there(
    server: Server, tmp_path: Path, backend: str, sampler: str
) -> None:
    name = f"{backend}-{sampler}"
    trials = 60 if sampler == "grid" else 20
    _spec(tmp_path, f"backend: {backend}", f"sampler: {sampler}", f"trials: {trials}")
    workers = _workers(tmp_path, server, name, 3)
    said = _ended(workers)
    assert [worker.returncode for worker in workers] == [0] * 3, said
    study = _study_of(server, name)
    assert Counter(t.state.name for t in study.trials) == {"COMPLETE": trials}
    evaluated = _evaluated(tmp_path)
    assert len(evaluated) == trials
    if sampler == "grid":
        assert len({tuple(line[1:]) for line in evaluated}) == 60
    record = study.user_attrs["crosstune:runs"][0]
    assert record["native"] is False
    assert record["seed"] == 3


@pytest.mark.slow
def test_workers_begin_with_the_defaults_and_end_with_repeats(
    server: Server, tmp_path: Path
) -> None:
    spec = _spec(tmp_path, "backend: hyperopt", "trials: 20", "repeats: 5", "start: defaults")
    (tmp_path / "train.py").write_text(
        "import random\n\n\ndef score(a=7, b=2):\n    return a * 0.1 + b + random.gauss(0, 0.3)\n"
    )
    assert "start: defaults" in spec.read_text()
    workers = _workers(tmp_path, server, "repeats", 3)
    said = _ended(workers)
    assert [worker.returncode for worker in workers] == [0] * 3, said
    trials = [t for t in _study_of(server, "repeats").trials if LOST not in t.user_attrs]
    assert len(trials) == 20
    assert trials[0].params == {"a": 7, "b": 2}
    repeats = [t for t in trials if REPEATS in t.user_attrs]
    assert len(repeats) == 5
    for trial in repeats:
        assert trial.params == trials[trial.user_attrs[REPEATS]].params


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheduler", "engine"), [("freeze-thaw", "optuna"), ("i-epoch", "hyperopt")]
)
def test_workers_share_a_scheduled_study(
    server: Server, tmp_path: Path, scheduler: str, engine: str
) -> None:
    settings = f"scheduler: {{name: {scheduler}, max_epochs: 3, first: 1}}"
    _spec(tmp_path, f"backend: {engine}", "trials: 12", settings)
    (tmp_path / "train.py").write_text(
        "import optuna\n\n\ndef score(params, trial):\n"
        "    for step in range(3):\n"
        "        trial.report(params['a'] - step, step)\n"
        "        if trial.should_prune():\n"
        "            raise optuna.TrialPruned\n"
        "    return params['a'] - 2\n"
    )
    workers = _workers(tmp_path, server, scheduler, 3)
    said = _ended(workers)
    assert [worker.returncode for worker in workers] == [0] * 3, said
    begun = configurations_of(_study_of(server, scheduler))
    assert begun is not None
    assert len(begun) == 12
    assert any(configuration.state == "finished" for configuration in begun)
    assert not any(configuration.state == "running" for configuration in begun)
    for configuration in begun:
        budgets = [part.user_attrs[TRIAL_BUDGET]["epochs"] for part in configuration.parts]
        assert budgets == sorted(set(budgets)), "no part is trained twice"


@pytest.mark.slow
def test_the_trial_of_a_killed_worker_is_evaluated_by_another(
    server: Server, tmp_path: Path
) -> None:
    _spec(tmp_path, "sampler: random", "trials: 6")
    workers = _workers(tmp_path, server, "killed", 2, pause=0.7)
    while len(_evaluated(tmp_path)) < 2:
        assert workers[0].poll() is None, _ended(workers)
        time.sleep(0.05)
    workers[0].send_signal(signal.SIGKILL)
    said = _ended(workers)
    assert workers[1].returncode == 0, said
    study = _study_of(server, "killed")
    states = Counter(t.state.name for t in study.trials)
    assert states == {"COMPLETE": 6, "FAIL": 1}
    lost = next(t for t in study.trials if t.state == TrialState.FAIL)
    again = next(t for t in study.trials if t.system_attrs.get("retry_history"))
    assert again.params == lost.params
    assert again.state == TrialState.COMPLETE


@pytest.mark.slow
def test_an_interrupted_worker_gives_its_trial_back_at_once(server: Server, tmp_path: Path) -> None:
    _spec(tmp_path, "sampler: random", "trials: 4")
    (first,) = _workers(tmp_path, server, "interrupted", 1, pause=1.0)
    while not _evaluated(tmp_path):
        assert first.poll() is None, _ended([first])
        time.sleep(0.05)
    first.send_signal(signal.SIGINT)
    _ended([first])
    assert first.returncode == 130
    (second,) = _workers(tmp_path, server, "interrupted", 1)
    said = _ended([second])
    assert second.returncode == 0, said
    study = _study_of(server, "interrupted")
    assert Counter(t.state.name for t in study.trials) == {"COMPLETE": 4, "FAIL": 1}


@pytest.mark.slow
def test_a_wrong_password_and_another_space_are_refused(server: Server, tmp_path: Path) -> None:
    wrong = server.url.replace(PASSWORD, "letmein")
    spec = {"space": {"x": {"type": "float", "low": 0, "high": 1}}, "seed": 0, "name": "spaces"}
    crosstune.tune(spec, lambda params: params["x"], trials=1, storage=server.url)
    _spec(tmp_path, "trials: 3")
    (worker,) = _workers(tmp_path, server, "spaces", 1)
    (text,) = _ended([worker])
    assert worker.returncode == 2
    assert "was made with another space" in text
    done = CliRunner().invoke(
        command_line, ["worker", str(tmp_path / "spec.yaml"), "--storage", wrong]
    )
    assert isinstance(done.exception, RequestError)
    assert "letmein" not in str(done.exception)


@pytest.mark.slow
def test_a_schedule_takes_one_driver(server: Server, tmp_path: Path) -> None:
    _spec(tmp_path, "backend: keras_tuner", "sampler: hyperband")
    (worker,) = _workers(tmp_path, server, "schedule", 1)
    (text,) = _ended([worker])
    assert worker.returncode == 2
    assert "one driver has to have them all" in text


def test_a_trial_that_was_begun_in_a_lost_turn_is_not_queued_if_another_has_its_point() -> None:
    study = _study([(TrialState.FAIL, {BEGAN: "a", LOST: True})])
    sweep(study)
    assert len(study.trials) == 1
