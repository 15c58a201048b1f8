"""Keras Tuner's list of objectives: natively its sum, and scalarised where that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crosstune.adapters.keras_tuner import Oracle
from crosstune.adapters.keras_tuner.library import keras_tuner
from crosstune.adapters.keras_tuner.tuner.choose_oracle import choose_oracle
from crosstune.engines.feasibility import front
from crosstune.engines.record import records
from crosstune.errors import RequestError
from tests.support.slow import slow_but

OBJECTIVES = [keras_tuner.Objective("good", "max"), keras_tuner.Objective("cost", "min")]
SCALARISED = {"name": "tpe", "scalarise": "chebyshev"}
ENGINES = ["optuna", "hyperopt", "crosstune"]


class Tuner(keras_tuner.Tuner):  # type: ignore[misc]
    """Keras Tuner on a function with two metrics, without a model."""

    def __init__(self, oracle: Any, folder: Path):
        oracle.verbose = 0
        super().__init__(oracle, directory=folder, project_name="project")

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
        x, y = trial.hyperparameters.Float("x", 0, 1), trial.hyperparameters.Float("y", 0, 1)
        metrics = {"good": x - y, "cost": x * x + y}
        # A dictionary has to have the sum, too; of a history Keras Tuner adds it itself.
        return {**metrics, "multi_objective": metrics["cost"] - metrics["good"]}


def oracle(sampler: Any, **options: Any) -> Any:
    """As `crosstune.KerasTuner` chooses it."""
    space = keras_tuner.HyperParameters()
    space.Float("x", 0, 1)
    space.Float("y", 0, 1)
    given: dict[str, Any] = {
        "objective": OBJECTIVES,
        "backend": "optuna",
        "max_trials": 14,
        "pruner": None,
        "seed": 0,
        "storage": None,
        "study_name": None,
        "new": False,
    }
    given |= options
    return choose_oracle(
        None, sampler=sampler, hyperparameters=space, tune_new_entries=False, **given
    )


def searched(folder: Path, sampler: Any, **options: Any) -> Any:
    made = oracle(sampler, **options)
    Tuner(made, folder).search()
    return made


def points(made: Any) -> list[Any]:
    return [trial.params for trial in made.study.trials]


def test_a_list_is_the_sum_by_itself(tmp_path: Path) -> None:
    made = searched(tmp_path, "tpe")
    assert [one.name for one in made.study.directions] == ["MINIMIZE"]
    for trial in made.study.trials:
        x, y = trial.params["x"], trial.params["y"]
        assert trial.value == pytest.approx((x * x + y) - (x - y))


@pytest.mark.parametrize("backend", slow_but([*ENGINES, "keras_tuner"], ENGINES))
def test_scalarised_by_name_each_objective_has_its_value(tmp_path: Path, backend: str) -> None:
    name = "gp" if backend == "crosstune" else "bayesian" if backend == "keras_tuner" else "tpe"
    made = searched(tmp_path, {**SCALARISED, "name": name}, backend=backend)
    study = made.study
    assert [one.name for one in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert study.metric_names == ["good", "cost"]
    for trial in study.trials:
        x, y = trial.params["x"], trial.params["y"]
        assert trial.values == pytest.approx([x - y, x * x + y])
    assert {trial.number for trial in front(study)} == {t.number for t in study.best_trials}
    (record,) = records(study)
    assert record["native"] is False
    assert record["options"]["scalarise"] == "chebyshev"
    best = made.get_best_trials(1)[0]  # of the project, which still sorts by the sum
    assert best.score == min(trial.score for trial in made.trials.values())


def test_weights_may_be_by_name_and_choose_the_point(tmp_path: Path) -> None:
    weighted = {"name": "tpe", "scalarise": "weighted"}
    runs = [
        points(searched(tmp_path / str(n), {**weighted, "weights": weights}))
        for n, weights in enumerate(({"cost": 1, "good": 3}, [3, 1], {"good": 1, "cost": 30}))
    ]
    assert runs[0] == runs[1] != runs[2]


def test_the_study_is_rebuilt_from_the_project(tmp_path: Path) -> None:
    made = searched(tmp_path, SCALARISED)
    again = oracle(SCALARISED, max_trials=16)
    tuner = Tuner(again, tmp_path)
    assert [trial.values for trial in again.study.trials] == [
        trial.values for trial in made.study.trials
    ]
    tuner.search()
    assert len(again.study.trials) == 16


@pytest.mark.parametrize(
    ("sampler", "options", "message"),
    [
        (SCALARISED, {"pruner": "median"}, "several objectives. Leave the pruner out"),
        ({"name": "random", "scalarise": "chebyshev"}, {}, "nothing to scalarise"),
        ({**SCALARISED, "weights": [1]}, {}, "1 weights, and the study has 2 objectives"),
        ({**SCALARISED, "weights": {"good": 1}}, {}, "none for the metric 'cost'"),
        ({**SCALARISED, "scalarise": "sum"}, {}, "no scalarisation 'sum'"),
    ],
)
def test_what_is_not_possible_is_refused(sampler: Any, options: Any, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        oracle(sampler, **options)


def test_a_study_with_other_directions_is_refused_with_both(tmp_path: Path) -> None:
    place = str(tmp_path / "a.journal")
    searched(tmp_path, "tpe", storage=place)
    with pytest.raises(RequestError, match="to minimize, and the objective says maximize, minim"):
        oracle(SCALARISED, storage=place)


def test_an_oracle_of_ones_own_tuner_takes_it_too(tmp_path: Path) -> None:
    made = Oracle("hyperopt:tpe", OBJECTIVES, 5, seed=0, options={"scalarise": "chebyshev"})
    Tuner(made, tmp_path).search()
    assert len(made.study.directions) == 2
    assert len(made.study.trials) == 5
