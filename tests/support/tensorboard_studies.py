"""Studies to log, and whether a log holds what its study holds."""

from __future__ import annotations

import math
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import api_pb2

from tests.support.tensorboard_reader import Points, curves, runs, session

STATUS = {
    TrialState.COMPLETE: api_pb2.STATUS_SUCCESS,
    TrialState.PRUNED: api_pb2.STATUS_UNKNOWN,
    TrialState.FAIL: api_pb2.STATUS_FAILURE,
    TrialState.RUNNING: None,
}
TITLES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}
PLAIN = Path(__file__).parents[2]


def objective(trial: Trial) -> float:
    """Complete, pruned, failed and NaN trials, with reports, a condition and a None."""
    x = trial.suggest_float("x", 1e-3, 1.0, log=True)
    kind = trial.suggest_categorical("kind", ["a", None])
    if kind == "a":
        x += trial.suggest_int("units", 1, 8) / 100
    for step in range(trial.number % 4):
        trial.report(x / (step + 1), step)
    trial.set_user_attr("loss", x * 2)
    if trial.number % 5 == 2:
        raise ValueError("this one fails")
    if trial.number % 5 == 3:
        raise optuna.TrialPruned
    return math.nan if trial.number % 7 == 6 else x


def optimize(study: Study, trials: int, *callbacks: Any, jobs: int = 1) -> None:
    study.optimize(
        objective, n_trials=trials, callbacks=callbacks, catch=(ValueError,), n_jobs=jobs
    )


def assert_holds(
    root: Path, name: str, study: Study, metric: str = "value", *, shared: bool = False
) -> None:
    """The log under `name` is the study: all of every trial, once, and the curves of the study.

    Parameters are numbers, booleans, text or None. In a study that several threads or processes
    share, a trial may be seen to end after one that ended later; so of a curve the end is compared.
    """
    found = runs(root)
    trials = [trial for trial in study.trials if trial.datetime_start is not None]
    logged = [run for run in found if run.startswith(f"{name}/trial-")]
    assert logged == [f"{name}/trial-{trial.number:05d}" for trial in trials]
    for run, trial in zip(logged, trials, strict=True):
        assert_holds_trial(found[run], trial, metric)
    done = [trial for trial in trials if trial.datetime_complete is not None]
    done.sort(key=lambda trial: (trial.datetime_complete, trial.number))
    states = Counter[TrialState]()
    best: list[float] = []
    wanted: dict[str, Points] = {}
    for step, trial in enumerate(done, 1):
        states[trial.state] += 1
        for state, title in TITLES.items():
            wanted.setdefault(f"trials/{title}", []).append((step, states[state]))
        if trial.state == TrialState.COMPLETE:
            better = max if study.direction.name == "MAXIMIZE" else min
            best.append(better([*best, trial.value]))
        if best:
            wanted.setdefault(f"best/{metric}", []).append((step, best[-1]))
    progress = curves(found[f"{name}/study"])
    rate = progress.pop("trials/per_hour", [])
    timed = [step for step, trial in enumerate(done, 1) if trial.duration]  # else made at once
    assert [step for step, _ in rate] == list(range(timed[0], len(done) + 1) if timed else [])
    assert progress.keys() == wanted.keys()
    for tag, points in wanted.items():
        logged = progress[tag]
        steps = [step for step, _ in logged]
        assert steps == list(range(steps[0], len(done) + 1))
        last = -1 if shared else 0
        assert_same(logged[last:], points[last:])


def assert_holds_trial(reader: EventAccumulator, trial: FrozenTrial, metric: str) -> None:
    """The run of a trial holds it."""
    params, status = session(reader)
    assert status == STATUS[trial.state]
    assert params == {name: "None" if v is None else v for name, v in trial.params.items()}
    wanted = {f"reports/{metric}": sorted(trial.intermediate_values.items())}
    if trial.datetime_complete is not None and trial.datetime_start is not None:
        took = (trial.datetime_complete - trial.datetime_start).total_seconds()
        wanted["seconds"] = [(trial.number, took)]
        for name, value in trial.user_attrs.items():
            if name.startswith("crosstune:"):
                continue
            wanted[f"metrics/{name}"] = [(trial.number, value)]
    if trial.state == TrialState.COMPLETE:
        wanted[metric] = [(trial.number, trial.values[0])]
    logged = curves(reader)
    assert logged.keys() == {tag for tag, points in wanted.items() if points}
    for tag, points in logged.items():
        assert_same(points, wanted[tag])


def assert_same(points: Points, wanted: Points) -> None:
    """The same steps in the same order, each once, with values in single precision."""
    assert [step for step, _ in points] == [step for step, _ in wanted]
    values = [value for _, value in wanted]
    assert [value for _, value in points] == pytest.approx(values, abs=1e-6, nan_ok=True)


def python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=PLAIN,
    )
