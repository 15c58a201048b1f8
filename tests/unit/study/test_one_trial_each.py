"""The configurations of a scheduled study in tables and in TensorBoard: one row, and one curve."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import optuna
import pytest

import crosstune
from crosstune import Float
from crosstune.study.configurations import configurations_of
from crosstune.study.one_trial_each import one_trial_each

MOST = 9
SPEC: dict[str, Any] = {
    "space": {"x": Float(0.0, 1.0)},
    "metric": {"name": "score", "direction": "maximize"},
    "seed": 0,
    "trials": 5,
}


def train(params: dict[str, Any], trial: optuna.Trial) -> float:
    planned = crosstune.budget(trial)
    assert planned is not None
    score = 0.0
    for epoch in range(planned.initial_epoch, planned.epochs):
        score = params["x"] - 1 / (epoch + 1)
        trial.report(score, epoch)
    return score


@pytest.fixture(scope="module")
def study() -> optuna.Study:
    return crosstune.tune(
        SPEC, train, scheduler={"name": "i-epoch", "max_epochs": MOST, "first": 3}
    )


def test_the_parts_of_a_configuration_become_one_trial(study: optuna.Study) -> None:
    merged = one_trial_each(study.trials, maximize=True, max_epochs=MOST)
    assert [trial.number for trial in merged] == [0, 1, 2, 3, 4]
    assert [trial.state.name for trial in merged].count("COMPLETE") == 3
    for trial in merged:
        whole = trial.state.name == "COMPLETE"
        expected = {e: trial.params["x"] - 1 / e for e in range(1, (MOST if whole else 3) + 1)}
        assert trial.intermediate_values == pytest.approx(expected)
        assert trial.user_attrs["epochs"] == len(expected)
        assert trial.value == pytest.approx(expected[len(expected)])


def test_an_exported_table_has_one_row_for_each_configuration(
    study: optuna.Study, tmp_path: Path
) -> None:
    crosstune.export_study(study, tmp_path / "trials.csv", format="csv")
    with (tmp_path / "trials.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["number"] for row in table] == ["0", "1", "2", "3", "4"]
    assert sorted(row["user_attrs_epochs"] for row in table) == ["3", "3", "9", "9", "9"]
    curves = [json.loads(row["intermediate_values.json"]) for row in table]
    assert sorted(map(len, curves)) == [3, 3, 9, 9, 9]
    begun = configurations_of(study)
    assert begun is not None
    assert [json.loads(row["user_attrs_trials.json"])[0] for row in table] == [0, 1, 2, 3, 4]


def test_tensorboard_has_one_curve_for_each_configuration(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from crosstune.callbacks import TensorBoardCallback

    scheduler = {"name": "i-epoch", "max_epochs": MOST, "first": 3}
    with TensorBoardCallback(tmp_path) as log:
        crosstune.tune(SPEC, train, scheduler=scheduler, callbacks=[log])
    lengths = []
    for number in range(5):
        (folder,) = tmp_path.rglob(f"trial-{number:05d}")
        events = EventAccumulator(str(folder))
        events.Reload()
        lengths.append([event.step for event in events.Tensors("reports/score")])
    assert sorted(map(len, lengths)) == [3, 3, 9, 9, 9]
    assert all(steps == list(range(1, len(steps) + 1)) for steps in lengths)
    assert not list(tmp_path.rglob("trial-00005"))
