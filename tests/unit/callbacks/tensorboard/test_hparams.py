"""The columns of the HParams tab."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import optuna
import pytest
from tensorboard.plugins.hparams import api_pb2

import crosstune
from crosstune.callbacks import TensorBoardCallback
from crosstune.callbacks.tensorboard import hparams
from crosstune.testing.space import KINDS
from tests.support.tensorboard_reader import domain, experiment, runs, session
from tests.support.tensorboard_studies import (
    assert_holds,
)


def test_every_type_of_parameter_has_its_declared_domain_before_it_is_drawn(
    tmp_path: Path,
) -> None:
    space = {f"p{number}": item.to_dict() for number, item in enumerate(KINDS.values())}
    space["fixed"] = {"type": "constant", "value": 3}
    space["on"] = {"type": "choice", "values": ["yes", "no"]}
    space["only"] = {"type": "float", "low": 2, "high": 3, "when": {"on": "yes"}}
    spec = {"name": "n", "space": space, "start": [{"on": "no"}], "seed": 0}
    study = crosstune.tune(
        spec, lambda params: 0.0, trials=1, callbacks=[TensorBoardCallback(tmp_path)]
    )
    infos = {info.name: info for info in experiment(tmp_path).hparam_infos}
    assert infos.keys() == space.keys()
    assert "only" not in study.trials[0].params
    assert domain(infos["only"]) == (2, 3)
    assert json.loads(infos["only"].description)["when"] == {"on": "yes"}
    for name, held in study.trials[0].params.items():
        distribution = study.trials[0].distributions[name]
        shown = hparams.value(distribution, held)
        assert infos[name].differs == (not distribution.single())
        match domain(infos[name]):
            case tuple((low, high)):
                assert (low, high) == (distribution.low, distribution.high)
            case values:
                assert shown in values
                assert len(values) == len(distribution.choices)
    assert session(runs(tmp_path)["n/optuna-tpe/trial-00000"])[0].keys() == (
        study.trials[0].params.keys()
    )


@pytest.mark.parametrize(
    ("choices", "shown"),
    [
        ([16, 32], [16.0, 32.0]),
        ([1, 0.5], [0.5, 1.0]),
        ([True, False], [False, True]),
        (["b", "a"], ["a", "b"]),
        (["a", None], ["None", "a"]),
        (["None", None], ["'None'", "None"]),
        ([1, "1", True], ["'1'", "1", "True"]),
        ([math.inf, 1.0], ["1.0", "inf"]),
        ([10**400, 1], sorted([str(10**400), "1"])),
    ],
)
def test_choices_keep_their_type_or_are_text(choices: list[Any], shown: list[Any]) -> None:
    distribution = optuna.distributions.CategoricalDistribution(choices)
    column = hparams.column("p", distribution)
    assert domain(column) == shown
    values = [hparams.value(distribution, choice) for choice in choices]
    assert sorted(values, key=str) == sorted(shown, key=str)


def test_studies_in_one_directory_share_the_columns_and_keep_their_runs(tmp_path: Path) -> None:
    callback = TensorBoardCallback(tmp_path)
    studies = [optuna.create_study(study_name="s") for _ in range(3)]  # three of one name
    distributions = optuna.distributions
    for number, study in enumerate(studies):
        held: dict[str, distributions.BaseDistribution] = {
            "x": distributions.FloatDistribution(-number, number + 1),
            f"only{number}": distributions.IntDistribution(1, 2),
            "mixed": distributions.CategoricalDistribution(["a"])
            if number
            else distributions.FloatDistribution(0, 1),
        }
        for _ in range(2):
            study.add_trial(
                optuna.trial.create_trial(
                    value=1.0,
                    params={"x": 0.0, f"only{number}": 1, "mixed": "a" if number else 0.5},
                    distributions=held,
                )
            )
            callback(study, study.trials[-1])
    callback.close()
    for name, study in zip(("s", "s-2", "s-3"), studies, strict=True):
        assert_holds(tmp_path, name, study)
    infos = {info.name: info for info in experiment(tmp_path).hparam_infos}
    assert sorted(infos) == ["mixed", "only0", "only1", "only2", "x"]
    assert domain(infos["x"]) == (-2, 3)
    assert infos["mixed"].type == api_pb2.DATA_TYPE_STRING


def test_a_parameter_that_comes_after_a_report_is_logged(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    callback = TensorBoardCallback(tmp_path, study, every=1000)
    trial = study.ask()
    x = trial.suggest_float("x", 0, 1)
    trial.report(1.0, 0)
    callback.attach(study)
    late = trial.suggest_categorical("late", [1, 2])
    trial.report(2.0, 1)
    study.tell(trial, 1.0)
    callback.close()
    assert session(runs(tmp_path)["s/trial-00000"])[0] == {"x": x, "late": late}
    assert_holds(tmp_path, "s", study)
    assert [info.name for info in experiment(tmp_path).hparam_infos] == ["x", "late"]
