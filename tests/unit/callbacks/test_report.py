"""What every pruning callback does with a metric, whatever trains."""

from __future__ import annotations

import doctest
import importlib
import logging
import math
import os
import subprocess
import sys
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.pruners import ThresholdPruner
from optuna.trial import FixedTrial, TrialState

from crosstune import tune
from crosstune.callbacks import PruningCallback, TrainingDiverged
from crosstune.engines.record_names import ERROR
from crosstune.errors import ObjectiveError, RequestError, UnknownName, Unsupported
from tests.support.slow import slow_but_first

ENGINES = ("optuna", "hyperopt", "keras_tuner")
SPEC: dict[str, Any] = {"space": {"x": {"type": "float", "low": 0, "high": 1}}, "seed": 0}


def trial(pruner: optuna.pruners.BasePruner | None = None) -> optuna.Trial:
    return optuna.create_study(pruner=pruner or ThresholdPruner(upper=1.0)).ask()


def reports(asked: optuna.Trial) -> dict[int, float]:
    return asked.study.trials[0].intermediate_values


def test_it_reports_until_the_pruner_gives_the_trial_up() -> None:
    asked = trial()
    prune = PruningCallback(asked, "loss")
    prune(0, loss=0.5)
    prune(1, {"loss": 0.75, "other": 9}, seconds=3)
    with pytest.raises(optuna.TrialPruned, match="pruned after step 2: loss = 1.5"):
        prune(2, loss=1.5)
    assert reports(asked) == {0: 0.5, 1: 0.75, 2: 1.5}


@pytest.mark.parametrize("value", [np.float32(0.5), np.array([[0.5]]), np.int64(0), True * 1, 10])
def test_any_one_number_is_a_metric(value: Any) -> None:
    asked = trial(optuna.pruners.NopPruner())
    PruningCallback(asked, "loss")(np.int64(3), loss=value)
    assert reports(asked) == {3: float(np.asarray(value).item())}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0.5", "not str: '0.5'"),
        (None, "not NoneType: None"),
        (True, "not bool: True"),
        (1j, "not complex"),
        ([0.5], "not list"),
        (np.zeros(3), r"not ndarray of shape \(3,\)"),
        (np.array("a"), "not ndarray: array"),
    ],
)
def test_a_metric_that_is_no_number_is_an_error(value: Any, words: str) -> None:
    asked = trial()
    with pytest.raises(ObjectiveError, match=f"'loss' has to be one number, {words}"):
        PruningCallback(asked, "loss")(0, loss=value)
    assert reports(asked) == {}


def test_a_missing_metric_is_an_error_that_lists_those_there_are() -> None:
    prune = PruningCallback(trial(), "val_los")
    with pytest.raises(ObjectiveError) as caught:
        prune(0, {"val_loss": 1, "acc": 0})
    assert str(caught.value) == (
        "no reported metric 'val_los'. Known: acc, val_loss. Did you mean 'val_loss'?"
    )
    with pytest.raises(ObjectiveError, match="Known: none"):
        prune(0)


@pytest.mark.parametrize("step", [-1, 0.5, "1", None, True, np.float64(2)])
def test_a_step_that_is_no_whole_number_is_an_error(step: Any) -> None:
    with pytest.raises(ObjectiveError, match="whole number from 0 on"):
        PruningCallback(trial(), "loss")(step, loss=0)


def test_a_step_that_repeats_or_goes_back_is_neither_reported_nor_asked_about(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = trial(ThresholdPruner(upper=1.0, n_warmup_steps=2))
    prune = PruningCallback(asked, "loss")
    caplog.set_level(logging.WARNING)
    for step, loss in ((0, 5.0), (1, 5.0), (1, 7.0), (0, 7.0)):
        prune(step, loss=loss)
    assert reports(asked) == {0: 5.0, 1: 5.0}
    (warning,) = caplog.records
    assert "step 1 of loss came after step 1" in warning.getMessage()
    with pytest.raises(optuna.TrialPruned):
        prune(3, loss=7.0)  # the steps go on


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400])
def test_divergence_ends_a_trial_at_once_with_nan_as_its_last_report(value: float) -> None:
    for divergence, error in (("prune", optuna.TrialPruned), ("fail", TrainingDiverged)):
        asked = trial(optuna.pruners.NopPruner())
        prune = PruningCallback(asked, "loss", divergence=divergence)  # type: ignore[arg-type]
        prune(0, loss=0.5)
        with pytest.raises(error, match="diverged at step 1: loss = "):
            prune(1, loss=value)
        last = reports(asked)[1]
        assert last != last


def test_divergence_at_a_step_that_goes_back_ends_the_trial_too() -> None:
    asked = trial(optuna.pruners.NopPruner())
    prune = PruningCallback(asked, "loss")
    prune(4, loss=0.5)
    with pytest.raises(optuna.TrialPruned):
        prune(2, loss=math.nan)
    (first, last) = reports(asked).items()
    assert first == (4, 0.5)
    assert (last[0], math.isnan(last[1])) == (5, True)
    assert asked.study.tell(asked, state=TrialState.PRUNED).value is None


@pytest.mark.parametrize("backend", slow_but_first(ENGINES))
@pytest.mark.parametrize("divergence", ["prune", "fail"])
def test_a_diverged_trial_counts_as_was_chosen_on_every_engine(
    backend: str, divergence: Any
) -> None:
    def train(params: dict[str, float], trial: optuna.Trial) -> float:
        prune = PruningCallback(trial, "loss", divergence=divergence)
        for epoch in range(3):
            prune(epoch, loss=math.inf if params["x"] > 0.75 and epoch else params["x"])
        return params["x"]

    study = tune(SPEC, train, backend=backend, trials=15)
    states = {TrialState.PRUNED if divergence == "prune" else TrialState.FAIL, TrialState.COMPLETE}
    assert {trial.state for trial in study.trials} == states
    for ended in study.trials:
        assert (ended.state == TrialState.COMPLETE) == (ended.params["x"] <= 0.75)
        if ended.state == TrialState.FAIL:
            assert ended.user_attrs[ERROR] == "TrainingDiverged: diverged at step 1: loss = inf"


def test_a_plain_study_goes_on_where_failures_are_caught() -> None:
    def objective(trial: optuna.Trial) -> float:
        PruningCallback(trial, "loss", divergence="fail")(0, loss=math.nan)
        return 0.0

    study = optuna.create_study()
    study.optimize(objective, n_trials=2, catch=(TrainingDiverged,))
    assert [trial.state for trial in study.trials] == [TrialState.FAIL] * 2
    with pytest.raises(TrainingDiverged):
        study.optimize(objective, n_trials=1)


def test_an_infinite_report_is_kept_as_nan_and_is_no_value_of_the_trial() -> None:
    """An infinite report of a metric to maximize would be the best one."""
    asked = optuna.create_study(direction="maximize").ask()
    with pytest.raises(optuna.TrialPruned):
        PruningCallback(asked, "accuracy")(0, accuracy=math.inf)
    study = asked.study
    study.tell(asked, state=TrialState.PRUNED)
    assert study.trials[0].value is None
    assert math.isnan(study.trials[0].intermediate_values[0])


def test_a_missing_metric_ends_a_run_and_keeps_the_trial() -> None:
    def train(params: dict[str, float], trial: optuna.Trial) -> float:
        PruningCallback(trial, "val_loss")(0, loss=1.0)
        return 0.0

    study = optuna.create_study()
    with pytest.raises(ObjectiveError, match="no reported metric 'val_loss'. Known: loss"):
        tune(SPEC, train, trials=5)
    with pytest.raises(ObjectiveError):
        study.optimize(lambda trial: train({}, trial), n_trials=5)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL]


def test_a_study_of_several_objectives_is_refused() -> None:
    asked = optuna.create_study(directions=["minimize", "maximize"]).ask()
    with pytest.raises(Unsupported, match="2 objectives, and pruning needs one"):
        PruningCallback(asked, "loss")


def test_what_cannot_be_right_is_refused() -> None:
    with pytest.raises(RequestError, match=r"needs the optuna.Trial, not None"):
        PruningCallback(None, "loss")  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="name of a metric"):
        PruningCallback(trial(), "")
    with pytest.raises(UnknownName, match="no divergence 'failed'. Known: fail, prune"):
        PruningCallback(trial(), "loss", divergence="failed")  # type: ignore[arg-type]


def test_an_objective_can_be_run_by_hand_with_a_fixed_trial() -> None:
    PruningCallback(FixedTrial({}), "loss")(0, loss=5.0)


LIBRARIES = {"torch", "lightning", "keras", "keras_tuner", "sklearn", "hyperopt", "tensorboard"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "library"),
    [
        ("PruningCallback", "optuna"),
        ("TorchPruningCallback", "torch"),
        ("LightningPruningCallback", "lightning.pytorch"),
        ("KerasPruningCallback", "keras"),
        ("partial_fit_with_pruning", "sklearn"),
    ],
)
def test_a_callback_imports_its_own_library_alone(name: str, library: str) -> None:
    code = (
        f"import sys, {library}\nbefore = set(sys.modules)\n"
        f"from crosstune.callbacks import {name}\nprint(*set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "crosstune.callbacks.report" in done.stdout
    assert LIBRARIES & set(done.stdout.split()) == set()


@pytest.mark.parametrize("name", ["report", "torch", "sklearn", "keras", "lightning"])
def test_the_examples_in_the_docstrings_run(name: str) -> None:
    module = importlib.import_module(f"crosstune.callbacks.{name}")
    names = {"optuna": optuna, "torch": importlib.import_module("torch")}
    done = doctest.testmod(module, extraglobs=names)
    assert done.attempted >= 1
    assert done.failed == 0


def test_a_metric_without_its_name_is_one_line() -> None:
    prune = PruningCallback(optuna.create_study().ask(), "loss")
    with pytest.raises(ObjectiveError, match="by name, as in prune"):
        prune(0, 0.5)  # type: ignore[arg-type]
