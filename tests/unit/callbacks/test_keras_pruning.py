"""`KerasPruningCallback` in `model.fit`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.pruners import NopPruner, ThresholdPruner
from optuna.trial import TrialState

from crosstune import tune
from crosstune.errors import ObjectiveError, RequestError, Unsupported

pytest.importorskip("keras_tuner")

from crosstune.adapters.keras_tuner.library import keras_tuner
from crosstune.callbacks import KerasPruningCallback, TrainingDiverged
from tests.support.slow import slow_but_first
from tests.unit.callbacks.scripted import DATA, Scripted, model


def fit(callback: Any, values: Any, epochs: int = 3, **more: Any) -> None:
    model().fit(*DATA, epochs=epochs, verbose=0, callbacks=[Scripted(values), callback], **more)


def asked(pruner: optuna.pruners.BasePruner | None = None, **more: Any) -> optuna.Trial:
    return optuna.create_study(pruner=pruner or NopPruner(), **more).ask()


def reports(trial: optuna.Trial) -> dict[int, float]:
    return trial.study.trials[0].intermediate_values


def test_each_epoch_is_reported_until_the_trial_is_pruned() -> None:
    trial = asked(ThresholdPruner(upper=1.0))
    with pytest.raises(optuna.TrialPruned, match="pruned after step 1: val_loss = 2"):
        fit(KerasPruningCallback(trial), {0: 0.5, 1: 2.0, 2: 0.5})
    assert reports(trial) == {0: 0.5, 1: 2.0}


def test_a_fit_that_goes_on_at_a_later_epoch_is_reported_and_a_second_one_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    trial = asked(ThresholdPruner(upper=1.0))
    callback = KerasPruningCallback(trial)
    fit(callback, 0.5, epochs=2)
    fit(callback, 0.25, epochs=4, initial_epoch=2)
    assert not caplog.records
    fit(callback, 5.0, epochs=4)
    assert reports(trial) == {0: 0.5, 1: 0.5, 2: 0.25, 3: 0.25}
    assert len(caplog.records) == 1


@pytest.mark.parametrize("backend", slow_but_first(["optuna", "hyperopt", "keras_tuner"]))
def test_it_prunes_on_every_engine(backend: str) -> None:
    def train(params: dict[str, float], trial: optuna.Trial) -> float:
        fit(KerasPruningCallback(trial), params["x"], epochs=2)
        return params["x"]

    spec: dict[str, Any] = {"space": {"x": {"type": "float", "low": 0, "high": 1}}, "seed": 0}
    pruner = {"name": "threshold", "upper": 0.75}
    study = tune({**spec, "pruner": pruner}, train, backend=backend, trials=8)
    for trial in study.trials:
        assert (trial.state == TrialState.PRUNED) == (trial.params["x"] > 0.75)
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE, TrialState.PRUNED}


def test_a_missing_metric_lists_what_keras_logs() -> None:
    with pytest.raises(ObjectiveError, match="no reported metric 'val_acc'. Known: loss, val_loss"):
        fit(KerasPruningCallback(asked(), "val_acc"), 1.0)


def test_divergence_is_pruned_or_failed() -> None:
    for divergence, error in (("prune", optuna.TrialPruned), ("fail", TrainingDiverged)):
        callback = KerasPruningCallback(asked(), divergence=divergence)  # type: ignore[arg-type]
        with pytest.raises(error, match="diverged at step 1: val_loss = inf"):
            fit(callback, {0: 1.0, 1: math.inf})


def test_bad_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="2 objectives"):
        KerasPruningCallback(asked(directions=["minimize"] * 2))
    with pytest.raises(RequestError, match=r"use KerasTunerPruningCallback\(tuner\)"):
        KerasPruningCallback(
            keras_tuner.RandomSearch(lambda hp: model(), "val_loss", directory=tmp_path)
        )
    with pytest.raises(RequestError, match=r"use KerasTunerPruningCallback\(tuner\)"):
        KerasPruningCallback(keras_tuner.engine.trial.Trial(keras_tuner.HyperParameters()))
