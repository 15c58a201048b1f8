"""Objectives that report as they should not, by every scheduler, from Python and a shell."""

from __future__ import annotations

import logging
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import optuna
import pytest
from click.testing import CliRunner
from optuna.trial import TrialState

import crosstune
from crosstune.cli.main import crosstune as command_line
from crosstune.samplers.scheduled.configurations import FINISHED, PAUSED, configurations
from crosstune.samplers.scheduled.settings import OPTIONS
from crosstune.study.storage import open_storage
from crosstune.study.trials import epochs_trained

MOST = 9
OBJECTIVE = """
import math

import optuna

import crosstune
from crosstune import checkpoints

KIND = {kind!r}


def value(x, epoch):
    return (x - 0.3) ** 2 + 1 / (epoch + 1)


def train(params, trial):
    planned = crosstune.budget(trial)
    x, last = params["x"], planned.epochs
    if KIND == "never":
        return value(x, last)
    if KIND == "once":
        trial.report(value(x, 1), 0)
        return value(x, last)
    if KIND == "beyond":
        last = min(last + 2, {most})
    begin = 0
    if KIND == "gone":
        saved = checkpoints.find(trial)
        begin = saved.step if saved else 0
    for epoch in range(begin, last):
        if KIND == "gone":
            checkpoints.save(trial, b"weights", step=epoch + 1)
        bad = KIND == "nan" and epoch == 1
        step = 100 * (epoch + 1) if KIND == "unit" else epoch
        trial.report(math.nan if bad else value(x, epoch), step)
    if KIND == "gone":
        checkpoints.remove(trial)
    return value(x, last - 1)
"""
_numbers = count()
KINDS = ("never", "once", "beyond", "unit", "nan", "gone")


def written(folder: Path, kind: str, scheduler: str) -> Path:
    name = f"training_{next(_numbers)}"  # a module of its own
    (folder / f"{name}.py").write_text(OBJECTIVE.replace("{kind!r}", repr(kind)).replace(
        "{most}", str(MOST)))  # fmt: skip
    spec = folder / "spec.yaml"
    first = ", first: 3" if scheduler == "i-epoch" else ""
    spec.write_text(
        f"objective: {name}:train\nname: s\nseed: 0\ntrials: 7\n"
        f"scheduler: {{name: {scheduler}, max_epochs: {MOST}{first}}}\n"
        "space:\n  x: {type: float, low: 0, high: 1}\n"
    )
    return spec


def by_tune(folder: Path, kind: str, scheduler: str) -> optuna.Study:
    spec = written(folder, kind, scheduler)
    return crosstune.tune(spec, storage=folder / "tuned.journal")


def by_run(folder: Path, kind: str, scheduler: str) -> optuna.Study:
    spec = written(folder, kind, scheduler)
    done = CliRunner().invoke(
        command_line, ["run", str(spec), "--storage", str(folder / "s.journal")]
    )
    assert done.exit_code == 0, done.output
    return optuna.load_study(study_name="s", storage=open_storage(folder / "s.journal"))


@pytest.mark.parametrize("scheduler", sorted(OPTIONS))
@pytest.mark.parametrize("kind", KINDS)
def test_a_schedule_ends_whatever_is_reported(
    kind: str, scheduler: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "crosstune"):
        study = by_tune(tmp_path, kind, scheduler)
    begun = configurations(study.trials, maximize=False, max_epochs=MOST)
    assert len(begun) == 7
    assert {c.state for c in begun} <= {FINISHED, PAUSED}
    assert study.best_trial.state == TrialState.COMPLETE
    complete = [trial.number for trial in study.trials if trial.state == TrialState.COMPLETE]
    assert complete == sorted(c.last for c in begun if c.state == FINISHED)
    for configuration in begun:
        epochs = list(configuration.curve)
        assert epochs == sorted(set(epochs))
        assert max(epochs, default=0) <= configuration.epochs <= MOST
        if configuration.state == PAUSED:
            assert epochs[-1] == configuration.epochs
        x = configuration.params["x"]
        if kind == "never":
            assert configuration.value == (x - 0.3) ** 2 + 1 / (configuration.epochs + 1)
        if kind == "nan":
            assert configuration.curve.get(2) in (None, (x - 0.3) ** 2 + 1 / 2)
    said = [record.getMessage() for record in caplog.records]
    again = Counter(text for text in said if "decides how far" not in text)
    continued = [trial.number for trial in study.trials if crosstune.budget(trial).initial_epoch]  # type: ignore[union-attr]
    if kind == "gone":
        assert len(again) == len(continued)
        assert set(again.values()) <= {1}
        parts = [crosstune.budget(trial) for trial in study.trials]
        assert epochs_trained(study) == sum(part.epochs for part in parts if part is not None)
    else:
        assert not again


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_line_has_the_same_trials(kind: str, tmp_path: Path) -> None:
    scheduler = sorted(OPTIONS)[KINDS.index(kind) % len(OPTIONS)]
    first, second = by_tune(tmp_path, kind, scheduler), by_run(tmp_path, kind, scheduler)

    def rows(study: optuna.Study) -> list[Any]:
        return [(t.params, t.state, t.values, repr(t.intermediate_values)) for t in study.trials]

    assert rows(first) == rows(second)
