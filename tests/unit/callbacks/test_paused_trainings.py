"""Trainings that a scheduler pauses, with a callback alone: as if they had not been paused."""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

import crosstune
from crosstune import Float, checkpoints
from crosstune.callbacks.pausable import PausableTraining
from crosstune.samplers.scheduled.configurations import FINISHED, Configuration
from crosstune.study.configurations import configurations_of
from crosstune.study.trials import epochs_trained
from tests.support.slow import slow_but
from tests.unit.callbacks.trainings import MOST, TRAININGS, Weights, files, here

pytestmark = pytest.mark.filterwarnings("ignore")
FIRST = 2


@pytest.fixture(params=slow_but(TRAININGS, ["torch", "sklearn"]))
def library(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if not here(name):
        pytest.skip(f"{name} is not installed")
    return name


def spec(library: str, **more: Any) -> dict[str, Any]:
    direction = "maximize" if library == "sklearn" else "minimize"
    return {
        "name": "s",
        "space": {"lr": Float(1e-3, 0.3, log=True)},
        "metric": {"name": "value", "direction": direction},
        "seed": 0,
        "trials": 4,
        **more,
    }


def scheduled(library: str, train: Any, folder: Path, **more: Any) -> optuna.Study:
    return crosstune.tune(
        spec(library),
        train,
        scheduler={"name": "i-epoch", "max_epochs": MOST, "first": FIRST, "finalists": 2},
        storage=folder / "s.journal",
        **more,
    )


def finished(study: optuna.Study) -> list[Configuration]:
    return [c for c in configurations_of(study) or [] if c.state == FINISHED]


def alone(library: str, params: Mapping[str, Any]) -> tuple[list[float], Weights]:
    """The curve and the weights of an uninterrupted training."""
    direction = "maximize" if library == "sklearn" else "minimize"
    trial = optuna.create_study(direction=direction).ask()
    _, weights = TRAININGS[library](params, trial)
    return list(trial.study.trials[0].intermediate_values.values()), weights


def test_a_paused_training_continues_bit_for_bit(library: str, tmp_path: Path) -> None:
    weights: dict[float, Weights] = {}

    def train(params: Mapping[str, Any], trial: optuna.Trial) -> float:
        np.random.seed(trial.number)  # another process has other numbers
        value, weights[params["lr"]] = TRAININGS[library](params, trial)
        return value

    study = scheduled(library, train, tmp_path)
    assert len(finished(study)) == 2
    assert epochs_trained(study) == 4 * FIRST + 2 * (MOST - FIRST)
    sign = -1 if library == "sklearn" else 1
    for configuration in finished(study):
        assert sorted(configuration.parts[-1].intermediate_values) == list(range(FIRST, MOST))
        curve, last = alone(library, configuration.params)
        assert [sign * value for value in configuration.curve.values()] == curve
        for mine, its in zip(weights[configuration.params["lr"]], last, strict=True):
            np.testing.assert_array_equal(mine, its)


def test_a_training_whose_checkpoint_is_gone_begins_again_and_says_so_once(
    library: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def lose(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        for path in files(tmp_path):
            path.unlink()

    def train(params: Mapping[str, Any], trial: optuna.Trial) -> float:
        return TRAININGS[library](params, trial)[0]

    with caplog.at_level(logging.WARNING, "crosstune"):
        study = scheduled(library, train, tmp_path, callbacks=[lose])
    said = [record.getMessage() for record in caplog.records if "checkpoint" in record.getMessage()]
    continued = [c.parts[-1].number for c in finished(study)]
    assert [f"trial {number} continues from the beginning" in " ".join(said)
            for number in continued] == [True, True]  # fmt: skip
    assert len(said) == 2
    assert epochs_trained(study) == 4 * FIRST + 2 * MOST
    for configuration in finished(study):
        assert len(configuration.curve) == MOST


class Payload:
    """What creates a file when it is unpickled."""

    def __init__(self, target: Path):
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.target),)


def test_a_strangers_checkpoint_runs_no_code(
    library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ran = tmp_path / "ran"
    keep = PausableTraining.keep

    def forge(path: str | Path) -> None:
        if library in ("torch", "lightning"):
            import torch

            torch.save({"state": Payload(ran), "state_dict": {}}, path)
        else:
            Path(path).write_bytes(pickle.dumps(Payload(ran)))

    monkeypatch.setattr(
        PausableTraining, "keep", lambda self, content, epochs: keep(self, forge, epochs)
    )

    def train(params: Mapping[str, Any], trial: optuna.Trial) -> float:
        return TRAININGS[library](params, trial)[0]

    with caplog.at_level(logging.WARNING, "crosstune"):
        study = scheduled(library, train, tmp_path)
    said = " ".join(record.getMessage() for record in caplog.records)
    assert said.count("trained from the beginning, since its checkpoint cannot be read") == 2
    assert not ran.exists()
    assert all(len(configuration.curve) == MOST for configuration in finished(study))


@pytest.mark.parametrize("name", ["torch", "lightning"])
def test_a_checkpoint_of_a_machine_with_a_gpu_continues_without_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if not here(name):
        pytest.skip(f"{name} is not installed")
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    save = torch.save

    def from_gpu(*args: Any, **kwargs: Any) -> None:
        with monkeypatch.context() as saving:
            saving.setattr("torch.serialization.location_tag", lambda storage: "cuda:0")
            save(*args, **kwargs)

    monkeypatch.setattr("torch.save", from_gpu)

    def train(params: Mapping[str, Any], trial: optuna.Trial) -> float:
        return TRAININGS[name](params, trial)[0]

    with caplog.at_level(logging.WARNING, "crosstune"):
        study = scheduled(name, train, tmp_path)
    assert "checkpoint" not in caplog.text
    assert epochs_trained(study) == 4 * FIRST + 2 * (MOST - FIRST)


def test_the_rungs_of_keras_tuners_hyperband_continue_too(library: str, tmp_path: Path) -> None:
    pytest.importorskip("keras_tuner")

    def train(params: Mapping[str, Any], trial: optuna.Trial) -> float:
        return TRAININGS[library](params, trial)[0]

    study = crosstune.tune(
        spec(library, trials=None),
        train,
        backend="keras_tuner",
        sampler={"name": "hyperband", "max_epochs": MOST, "factor": 3},
        storage=tmp_path / "s.journal",
    )
    for trial in study.trials:
        planned = crosstune.budget(trial)
        assert planned is not None
        epochs = list(range(planned.initial_epoch, planned.epochs))
        assert sorted(trial.intermediate_values) == epochs
    assert any(crosstune.budget(trial).initial_epoch for trial in study.trials)  # type: ignore[union-attr]


def test_an_objectives_own_checkpoints_are_left_alone(library: str, tmp_path: Path) -> None:
    seen = []

    def train(params: Mapping[str, Any], trial: optuna.Trial) -> float:
        saved = checkpoints.find(trial)
        seen.append(None if saved is None else saved.path.read_bytes())
        checkpoints.save(trial, b"mine", step=FIRST, name="mine")
        return TRAININGS[library](params, trial)[0]

    study = scheduled(library, train, tmp_path)
    assert seen == [None] * 4 + [b"mine"] * 2
    assert epochs_trained(study) == 4 * FIRST + 2 * MOST


def test_nothing_is_kept_without_a_scheduler(library: str, tmp_path: Path) -> None:
    def train(params: Mapping[str, Any], trial: optuna.Trial) -> float:
        return TRAININGS[library](params, trial)[0]

    crosstune.tune(spec(library), train, trials=1, storage=tmp_path / "s.journal")
    assert not files(tmp_path)


def test_a_state_that_cannot_be_kept_is_refused() -> None:
    pytest.importorskip("torch")
    from crosstune.callbacks import TorchPruningCallback
    from crosstune.errors import RequestError

    for state, more in (([object()], {}), ("net", {})):
        with pytest.raises(RequestError, match="state_dict"):
            TorchPruningCallback(
                optuna.create_study().ask(),
                state=state,
                **more,  # type: ignore[arg-type]
            )
