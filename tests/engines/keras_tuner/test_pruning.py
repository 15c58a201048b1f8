"""`KerasTunerPruningCallback` in the search of a plain Keras Tuner."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.pruners import MedianPruner, ThresholdPruner
from optuna.trial import TrialState

from crosstune import KerasTuner
from crosstune.errors import ObjectiveError, RequestError, UnknownName, Unsupported

pytest.importorskip("keras_tuner")

from crosstune.adapters.keras_tuner import Oracle
from crosstune.adapters.keras_tuner.library import keras_tuner
from crosstune.callbacks import KerasTunerPruningCallback
from tests.unit.callbacks.scripted import DATA, Scripted, model

COMPLETE, PRUNED, FAIL = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL


# Trial i of a grid search over `x` has the loss CURVES[i] after each epoch.
CURVES = {0: 0.5, 1: 0.4, 2: 5.0, 3: 5.0, 4: 5.0, 5: 5.0, 6: 0.3}


class Curves(keras_tuner.HyperModel):
    """Its trials have scripted losses; `ran` is the epochs of each training, in order."""

    def __init__(self, curves: Mapping[int, Any]):
        super().__init__()
        self.curves, self.begun, self.ran = curves, 0, []

    def build(self, hp: Any) -> Any:
        hp.Int("x", 0, len(self.curves) - 1)
        return model()

    def fit(self, hp: Any, model: Any, *args: Any, callbacks: list[Any], **kwargs: Any) -> Any:
        self.begun += 1
        scripted = Scripted(self.curves[hp.get("x")])
        history = model.fit(*args, callbacks=[scripted, *callbacks], **kwargs)
        self.ran.append(len(history.epoch))
        return history


def tuner(
    tmp_path: Path,
    curves: Mapping[int, Any] = CURVES,
    kind: Any = keras_tuner.GridSearch,
    **more: Any,
) -> Any:
    held = {"objective": "val_loss", "directory": tmp_path, "max_trials": len(curves), **more}
    return kind(Curves(curves), **held)


def search(made: Any, callback: Any, epochs: int = 6) -> None:
    made.search(*DATA, epochs=epochs, verbose=0, callbacks=[callback])


def test_a_plain_search_prunes_and_goes_on(tmp_path: Path) -> None:
    """Four pruned trials in a row: three that failed would end a search."""
    made = tuner(tmp_path)
    callback = KerasTunerPruningCallback(made, pruner=MedianPruner(2, n_warmup_steps=1))
    search(made, callback)
    assert made.hypermodel.ran == [6, 6, 2, 2, 2, 2, 6]
    states = [trial.state for trial in callback.study.trials]
    assert states == [COMPLETE, COMPLETE, PRUNED, PRUNED, PRUNED, PRUNED, COMPLETE]
    kept = [made.oracle.trials[key] for key in sorted(made.oracle.trials)]
    assert {trial.status for trial in kept} == {"COMPLETED"}
    assert [trial.score for trial in kept] == list(CURVES.values())
    assert kept[2].message == "pruned after step 1: val_loss = 5"
    assert kept[6].message is None
    assert made.get_best_hyperparameters()[0].values == {"x": 6}
    assert made.get_best_models()


def test_it_decides_what_the_pruner_decides_in_optuna(tmp_path: Path) -> None:
    """Successive halving, by a study in which nothing is Keras Tuner's."""
    values = np.random.default_rng(0).uniform(size=16)
    curves = {
        i: {step: float(value + 1 / (step + 1)) for step in range(9)}
        for i, value in enumerate(values)
    }
    made = tuner(tmp_path, curves)
    callback = KerasTunerPruningCallback(made, pruner=optuna.pruners.SuccessiveHalvingPruner())
    search(made, callback, epochs=9)
    study = optuna.create_study(pruner=optuna.pruners.SuccessiveHalvingPruner())

    def by_hand(trial: optuna.Trial) -> float:
        for step, loss in curves[trial.number].items():
            trial.report(loss, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return loss

    study.optimize(by_hand, n_trials=16)
    native = [(trial.state, trial.intermediate_values) for trial in study.trials]
    # Keras Tuner's grid goes from both ends of the range, so the trials are put by their values.
    assert [trial.params for trial in callback.study.trials] == [{}] * 16
    assert [(t.state, t.intermediate_values) for t in callback.study.trials] == native
    assert {state for state, _ in native} == {COMPLETE, PRUNED}


def test_only_the_first_execution_is_reported_and_the_next_of_a_pruned_one_is_short(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ended = []

    def stop_first(model: Any) -> float:
        if not ended:
            ended.append(True)
            model.stop_training = True
        return 0.4

    curves = {0: 0.5, 1: 5.0, 2: {0: 0.6, 1: stop_first, 2: 0.3}}
    made = tuner(tmp_path, curves, executions_per_trial=2)
    callback = KerasTunerPruningCallback(made, pruner=ThresholdPruner(upper=1.0))
    search(made, callback, epochs=3)
    assert made.hypermodel.ran == [3, 3, 1, 1, 2, 3]
    assert [trial.state for trial in callback.study.trials] == [COMPLETE, PRUNED, COMPLETE]
    assert [len(trial.intermediate_values) for trial in callback.study.trials] == [3, 1, 2]
    assert not caplog.records  # a later execution is no step that goes back


def test_a_trial_that_crashes_goes_on_when_it_is_retried(tmp_path: Path) -> None:
    left = [ValueError("a crash")]

    def crash_once(model: Any) -> float:
        if left:
            raise left.pop()
        return 0.6

    made = tuner(tmp_path, {0: 0.5, 1: {0: 0.7, 1: crash_once, 2: 0.6}}, max_retries_per_trial=1)
    callback = KerasTunerPruningCallback(made)
    search(made, callback, epochs=3)
    assert [trial.state for trial in callback.study.trials] == [COMPLETE, COMPLETE]
    assert callback.study.trials[1].intermediate_values == {0: 0.7, 1: 0.6, 2: 0.6}


def test_a_trial_that_crashes_fails_and_the_search_goes_on(tmp_path: Path) -> None:
    def crash(model: Any) -> float:
        raise ValueError("a crash")

    made = tuner(tmp_path, {0: 0.5, 1: {0: 0.7, 1: crash}, 2: 0.5})
    callback = KerasTunerPruningCallback(made)
    search(made, callback, epochs=3)
    assert [trial.state for trial in callback.study.trials] == [COMPLETE, FAIL, COMPLETE]


def test_divergence_in_a_search_is_pruned_or_failed(tmp_path: Path) -> None:
    curves = {0: 0.5, 1: {0: 1.0, 1: math.nan}, 2: 0.4}
    for divergence, state, status in (("prune", PRUNED, "COMPLETED"), ("fail", FAIL, "FAILED")):
        made = tuner(tmp_path, curves, project_name=divergence, max_retries_per_trial=3)
        callback = KerasTunerPruningCallback(made, divergence=divergence)  # type: ignore[arg-type]
        search(made, callback)
        assert made.hypermodel.begun == 3  # it is not tried again
        assert [trial.state for trial in callback.study.trials] == [COMPLETE, state, COMPLETE]
        (kept,) = [t for t in made.oracle.trials.values() if t.hyperparameters.values == {"x": 1}]
        assert kept.status == status
        assert "diverged at step 1: val_loss = nan" in kept.message


def test_a_metric_that_is_not_logged_ends_a_search_and_lists_what_is(tmp_path: Path) -> None:
    made = tuner(tmp_path)
    callback = KerasTunerPruningCallback(made, keras_tuner.Objective("val_acc", "max"))
    assert callback.study.direction.name == "MAXIMIZE"
    with pytest.raises(ObjectiveError, match="no reported metric 'val_acc'. Known: loss, val_loss"):
        search(made, callback)


@pytest.mark.parametrize("engine", ["optuna:tpe", "hyperopt:tpe", "keras_tuner:bayesian"])
def test_an_oracle_of_crosstune_has_its_trials_pruned_in_its_study(
    engine: str, tmp_path: Path
) -> None:
    """Such an oracle stands in a plain tuner under `crosstune exec`."""
    made = keras_tuner.Tuner(_oracle(engine, 8), Curves(CURVES), directory=tmp_path)
    callback = KerasTunerPruningCallback(made, pruner=ThresholdPruner(upper=1.0))
    search(made, callback, epochs=2)
    study = made.oracle.study
    assert callback.study is study
    for trial in study.trials:
        over = CURVES[trial.params["x"]] > 1
        assert trial.state == (PRUNED if over else COMPLETE)
        assert len(trial.intermediate_values) == (1 if over else 2)
    assert {trial.state for trial in study.trials} == {PRUNED, COMPLETE}
    statuses = {trial.status for trial in made.oracle.trials.values()}
    assert statuses == {"COMPLETED", "STOPPED"}


def _oracle(engine: str, trials: int) -> Any:
    space = keras_tuner.HyperParameters()
    space.Int("x", 0, 6)
    # As `crosstune exec` makes it; Keras Tuner's own oracles keep a study, too.
    from crosstune.adapters.keras_tuner.tuner.choose_oracle import choose_oracle

    backend, sampler = engine.split(":")
    return choose_oracle(
        None, backend=backend, sampler=sampler, objective="val_loss", max_trials=trials,
        pruner=None, seed=1, storage=None, study_name=None, new=True, hyperparameters=space,
        tune_new_entries=True,
    )  # fmt: skip


def test_divergence_is_pruned_in_the_study_of_an_oracle_of_crosstune(tmp_path: Path) -> None:
    curves = {0: {0: math.nan}, 1: {0: 1.0, 1: math.nan}}
    made = keras_tuner.Tuner(
        Oracle(optuna.samplers.GridSampler({"x": [0, 1]}), max_trials=2), Curves(curves),
        directory=tmp_path,
    )  # fmt: skip
    search(made, KerasTunerPruningCallback(made), epochs=3)
    trials = sorted(made.oracle.study.trials, key=lambda trial: trial.params["x"])
    assert [trial.state for trial in trials] == [PRUNED, PRUNED]
    assert [list(trial.intermediate_values) for trial in trials] == [[0], [0, 1]]
    assert all(math.isnan(trial.intermediate_values[trial.last_step or 0]) for trial in trials)
    assert [trial.value for trial in trials] == [None, None]
    assert {kept.score for kept in made.oracle.trials.values()} == {None}


def test_the_pruner_of_an_oracle_of_crosstune_holds(tmp_path: Path) -> None:
    own, other = MedianPruner(), ThresholdPruner(upper=0.0)
    made = keras_tuner.Tuner(Oracle(pruner=own), Curves(CURVES), directory=tmp_path)
    assert KerasTunerPruningCallback(made, pruner=other).study.pruner is own


def test_a_tuner_that_cannot_be_pruned_is_refused(tmp_path: Path) -> None:
    def refused(kind: Any, words: str, made: Any, *args: Any, **more: Any) -> None:
        with pytest.raises(kind, match=words):
            KerasTunerPruningCallback(made, *args, **more)

    made = tuner(tmp_path)
    refused(RequestError, r"needs a keras_tuner.Tuner, not <optuna", optuna.create_study().ask())
    refused(UnknownName, "no pruner 'medan'", made, pruner="medan")
    refused(UnknownName, "no divergence 'x'", made, divergence="x")
    refused(RequestError, "does not say its direction", made, "my_metric")
    hyperband = keras_tuner.Hyperband(model_of, "val_loss", directory=tmp_path, project_name="h")
    refused(Unsupported, "Hyperband ends trials by itself", hyperband)
    several = tuner(tmp_path, objective=["val_loss", "loss"], project_name="s")
    refused(Unsupported, "2 objectives", several)
    own = KerasTuner(model_of, objective="val_loss", directory=tmp_path, project_name="k")
    refused(RequestError, "give it pruner= instead", own)
    ledger = keras_tuner.Tuner(Oracle(), model_of, directory=tmp_path, project_name="l")
    refused(
        RequestError, "to maximize, and the tuner's study is to minimize", ledger, "val_accuracy"
    )


def model_of(hp: Any) -> Any:
    hp.Int("x", 0, 6)
    return model()
