"""One meaning of a step in cross-validation, for every pruning callback."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.pruners import BasePruner, NopPruner, ThresholdPruner
from optuna.trial import TrialState

import crosstune
from crosstune import checkpoints
from crosstune.callbacks import PruningCallback
from crosstune.errors import ObjectiveError, RequestError

pytestmark = pytest.mark.filterwarnings("ignore")
Losses = Sequence[float]
Trainer = Callable[..., None]


class Counting(BasePruner):
    """Never prunes, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        self.asked += 1
        return False


def plain(trial: optuna.Trial, losses: Losses, **fold: Any) -> None:
    if "fold" in fold:
        fold = {"epochs": len(losses), **fold}
    prune = PruningCallback(trial, **fold)
    for epoch, loss in enumerate(losses):
        prune(epoch, val_loss=loss)


def torch(trial: optuna.Trial, losses: Losses, **fold: Any) -> None:
    library = pytest.importorskip("torch")
    from crosstune.callbacks import TorchPruningCallback

    if "fold" in fold:
        fold = {"epochs": len(losses), **fold}
    prune = TorchPruningCallback(trial, **fold)
    for epoch, loss in enumerate(losses):
        prune(epoch, val_loss=library.tensor(loss))


def lightning(trial: optuna.Trial, losses: Losses, **fold: Any) -> None:
    library = pytest.importorskip("torch")
    pl = pytest.importorskip("lightning.pytorch")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    from crosstune.callbacks import LightningPruningCallback

    class Line(pl.LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.line = library.nn.Linear(1, 1)

        def training_step(self, batch: Any) -> Any:
            return self.line(batch[0]).mean()

        def validation_step(self, batch: Any) -> None:
            self.log("val_loss", library.tensor(losses[self.current_epoch]))

        def configure_optimizers(self) -> Any:
            return library.optim.SGD(self.parameters(), 1e-3)

    data = library.utils.data.TensorDataset(library.ones(2, 1))
    loader = library.utils.data.DataLoader(data, batch_size=2)
    pl.Trainer(
        max_epochs=len(losses), accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
        callbacks=[LightningPruningCallback(trial, **fold)],
    ).fit(Line(), loader, loader)  # fmt: skip


def keras(trial: optuna.Trial, losses: Losses, **fold: Any) -> None:
    pytest.importorskip("keras_tuner")
    from crosstune.callbacks import KerasPruningCallback

    callback = KerasPruningCallback(trial, **fold)
    callback.set_params({"epochs": len(losses)})  # as `model.fit` does
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})


def sklearn(trial: optuna.Trial, losses: Losses, **fold: Any) -> None:
    from sklearn.linear_model import SGDRegressor

    from crosstune.callbacks import partial_fit_with_pruning

    x = np.ones((2, 1))
    left = iter(losses)
    partial_fit_with_pruning(
        SGDRegressor(), x, x[:, 0], x, x[:, 0], trial=trial, epochs=len(losses),
        scoring=lambda *_: next(left), **fold,
    )  # fmt: skip


TRAINERS: dict[str, Trainer] = {
    each.__name__: each for each in (plain, torch, lightning, keras, sklearn)
}
trainers = pytest.mark.parametrize("trainer", TRAINERS.values(), ids=TRAINERS)


def study_of(trainer: Trainer, pruner: BasePruner) -> optuna.Study:
    direction = "maximize" if trainer is sklearn else "minimize"
    return optuna.create_study(pruner=pruner, direction=direction)


@trainers
def test_with_a_fold_every_epoch_of_every_fold_is_a_step_of_its_own(trainer: Trainer) -> None:
    pruner = Counting()
    study = study_of(trainer, pruner)
    trial = study.ask()
    for fold in range(3):
        trainer(trial, [0.5 + fold, 0.4 + fold], fold=fold)
    (reports,) = [list(each.intermediate_values.items()) for each in study.trials]
    assert [(step, pytest.approx(value)) for step, value in reports] == [
        (0, 0.5), (1, 0.4), (2, 1.5), (3, 1.4), (4, 2.5), (5, 2.4),
    ]  # fmt: skip
    assert pruner.asked == 6


@trainers
def test_a_second_fold_that_diverges_is_told_as_nan(trainer: Trainer) -> None:
    study = study_of(trainer, NopPruner())

    def objective(trial: optuna.Trial) -> float:
        trainer(trial, [0.5, 0.4], fold=0)
        trainer(trial, [math.nan, 0.4], fold=1)
        return 0.4

    study.optimize(objective, n_trials=1)
    (trial,) = study.trials
    assert (trial.state, trial.value, trial.last_step) == (TrialState.PRUNED, None, 2)
    assert math.isnan(trial.intermediate_values[2])


@trainers
def test_a_trial_that_is_pruned_in_a_later_fold_is_told_its_last_report(trainer: Trainer) -> None:
    study = study_of(trainer, ThresholdPruner(upper=1.0))

    def objective(trial: optuna.Trial) -> float:
        trainer(trial, [0.5, 0.4], fold=0)
        trainer(trial, [0.25, 3.0], fold=1)
        return 0.4

    study.optimize(objective, n_trials=1)
    assert [(t.state, t.value, t.last_step) for t in study.trials] == [(TrialState.PRUNED, 3.0, 3)]


@trainers
@pytest.mark.parametrize("second", [0.3, math.nan])
def test_a_second_callback_without_a_fold_is_an_error(trainer: Trainer, second: float) -> None:
    study = study_of(trainer, NopPruner())
    trial = study.ask()
    trainer(trial, [0.5, 0.4])
    with pytest.raises(ObjectiveError, match=r"step 0 .* reported already.*fold="):
        trainer(trial, [second, 0.4])
    assert len(study.trials[0].intermediate_values) == 2


@trainers
def test_a_fold_that_was_reported_already_is_an_error(trainer: Trainer) -> None:
    trial = study_of(trainer, NopPruner()).ask()
    trainer(trial, [0.5, 0.4], fold=1)
    for fold in (1, 0):
        with pytest.raises(ObjectiveError, match=f"fold {fold} .*reported already.*fold="):
            trainer(trial, [0.3, 0.2], fold=fold)


@trainers
def test_several_trials_and_a_later_phase_of_one_are_no_folds(trainer: Trainer) -> None:
    study = study_of(trainer, NopPruner())
    first, second = study.ask(), study.ask()
    trainer(first, [0.5, 0.4])
    trainer(second, [0.5, 0.4])
    later = PruningCallback(first, "val_loss")
    later(2, val_loss=0.3)
    assert [len(trial.intermediate_values) for trial in study.trials] == [3, 2]


def test_a_retry_that_continues_from_a_checkpoint_is_no_second_fold(tmp_path: Path) -> None:
    """The first attempt reported steps of the same trial, in this process."""
    attempts = 0
    spec = {"space": {"x": {"type": "float", "low": 0, "high": 1}}, "name": "s", "seed": 1}

    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        nonlocal attempts
        found = checkpoints.find(trial)
        prune = PruningCallback(trial, "val_loss")
        for epoch in range(0 if found is None else found.step, 6):
            prune(epoch, val_loss=1 / (epoch + 1))
            checkpoints.save(trial, b"weights", step=epoch + 1)
            if trial.number == 1 and epoch == 2 and attempts == 0:
                attempts += 1
                raise KeyboardInterrupt
        return params["x"]  # type: ignore[no-any-return]

    place = tmp_path / "s.journal"
    with pytest.raises(KeyboardInterrupt):
        crosstune.tune(spec, train, trials=2, storage=place)
    study = crosstune.tune(spec, train, trials=2, storage=place, resume=True)
    assert [list(trial.intermediate_values) for trial in study.trials] == [[*range(6)]] * 2


@given(
    folds=st.lists(
        st.lists(st.floats(-10, 10) | st.just(math.nan), min_size=3, max_size=3), max_size=4
    ),
    upper=st.floats(-10, 10),
)
@settings(max_examples=60)
def test_the_value_of_a_pruned_trial_is_its_last_report(
    folds: list[list[float]], upper: float
) -> None:
    study = optuna.create_study(pruner=ThresholdPruner(upper=upper))
    seen: list[tuple[int, float]] = []

    def objective(trial: optuna.Trial) -> float:
        for fold, losses in enumerate(folds):
            prune = PruningCallback(trial, "val_loss", fold=fold, epochs=3)
            for epoch, loss in enumerate(losses):
                seen.append((3 * fold + epoch, loss))
                prune(epoch, val_loss=loss)
        return 0.0

    study.optimize(objective, n_trials=1)
    (trial,) = study.trials
    assert list(map(repr, trial.intermediate_values.items())) == list(map(repr, seen))
    if trial.state == TrialState.PRUNED:
        last = seen[-1][1]
        assert trial.value == (None if math.isnan(last) else last)
        assert math.isnan(last) or last > upper
    else:
        assert all(loss <= upper for _, loss in seen)


# What cannot be right.


def test_a_fold_needs_the_epochs_of_one() -> None:
    trial = optuna.create_study().ask()
    with pytest.raises(RequestError, match=r"fold 1 .*epochs="):
        PruningCallback(trial, fold=1)
    for bad in ({"fold": -1}, {"fold": True}, {"fold": 1.5}):
        with pytest.raises(RequestError, match="fold is a whole number from 0 on"):
            PruningCallback(trial, epochs=3, **bad)  # type: ignore[arg-type]
    for epochs in (0, -1, 2.5, True):
        with pytest.raises(RequestError, match="epochs is a whole number above 0"):
            PruningCallback(trial, fold=0, epochs=epochs)  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="epochs .*without fold="):
        PruningCallback(trial, epochs=3)


def test_a_step_beyond_its_fold_is_an_error() -> None:
    prune = PruningCallback(optuna.create_study().ask(), fold=0, epochs=3)
    with pytest.raises(ObjectiveError, match="step 3 of fold 0: .* epochs=3"):
        prune(3, val_loss=1.0)


def test_a_trainer_without_a_number_of_epochs_needs_them() -> None:
    pl = pytest.importorskip("lightning.pytorch")
    from crosstune.callbacks import KerasPruningCallback, LightningPruningCallback

    trial = optuna.create_study().ask()
    callback = LightningPruningCallback(trial, fold=1)
    trainer = pl.Trainer(
        max_epochs=-1, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False,
    )  # fmt: skip
    with pytest.raises(RequestError, match="epochs="):
        callback.setup(trainer, pl.LightningModule(), "fit")
    with pytest.raises(RequestError, match="epochs="):
        KerasPruningCallback(trial, fold=1).on_epoch_end(0, {"val_loss": 1.0})


def test_a_number_of_numpy_is_a_fold() -> None:
    trial = optuna.create_study().ask()
    PruningCallback(trial, fold=np.int64(2), epochs=np.int32(3))(0, val_loss=1.0)
    assert list(trial.study.trials[0].intermediate_values) == [6]


# Keras Tuner, whose trial is trained several times by its hypermodel.


def test_the_folds_of_a_keras_tuner_are_told_apart(tmp_path: Path) -> None:
    keras_tuner = pytest.importorskip("keras_tuner")
    from crosstune.callbacks import KerasTunerPruningCallback
    from tests.unit.callbacks.scripted import DATA, Scripted, model

    curves = {0: [0.5, 0.4, 0.3], 1: [0.5, math.nan, 0.1], 2: [0.6, 0.5, 0.4]}

    class Folds(keras_tuner.HyperModel):  # type: ignore[misc]
        def build(self, hp: Any) -> Any:
            hp.Int("x", 0, 2)
            return model()

        def fit(self, hp: Any, built: Any, *args: Any, callbacks: list[Any], **kw: Any) -> float:
            for loss in curves[hp.get("x")]:
                model().fit(*args, callbacks=[Scripted(loss), *callbacks], **kw)
            return 0.3

    tuner = keras_tuner.GridSearch(Folds(), "val_loss", max_trials=3, directory=tmp_path)
    tuner.oracle.objective = keras_tuner.Objective("default_objective", "min")
    callback = KerasTunerPruningCallback(tuner, "val_loss", pruner="none", folds=3)  # type: ignore[arg-type]
    tuner.search(*DATA, epochs=2, verbose=0, callbacks=[callback])
    states = [trial.state for trial in callback.study.trials]
    assert states == [TrialState.COMPLETE, TrialState.PRUNED, TrialState.COMPLETE]
    first, second, _ = (trial.intermediate_values for trial in callback.study.trials)
    assert first == {0: 0.5, 1: 0.5, 2: 0.4, 3: 0.4, 4: 0.3, 5: 0.3}
    assert list(second) == [0, 1, 2]
    assert math.isnan(second[2])
