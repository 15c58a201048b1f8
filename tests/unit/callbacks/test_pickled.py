"""`partial_fit` under a scheduler: paused and continued as if it had not been."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import optuna
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import SGDClassifier

import crosstune
from crosstune import Float
from crosstune.callbacks import partial_fit_with_pruning
from crosstune.samplers.scheduled.configurations import FINISHED
from crosstune.study.configurations import configurations_of
from crosstune.study.trials import epochs_trained

X, Y = load_iris(return_X_y=True)
MOST = 12
SPEC: dict[str, Any] = {
    "space": {"alpha": Float(1e-5, 1.0, log=True)},
    "metric": {"name": "score", "direction": "maximize"},
    "seed": 0,
    "trials": 5,
}


def train(params: dict[str, Any], trial: optuna.Trial) -> float:
    model = SGDClassifier(alpha=params["alpha"], random_state=0)
    return partial_fit_with_pruning(
        model, X, Y, X, Y, trial=trial, epochs=MOST, batch_size=20, seed=1
    )


def tune(**more: Any) -> optuna.Study:
    scheduler = {"name": "i-epoch", "max_epochs": MOST, "first": 4}
    return crosstune.tune(SPEC, train, scheduler=scheduler, **more)


def test_a_paused_estimator_continues_where_it_was() -> None:
    study = tune()
    begun = configurations_of(study)
    assert begun is not None
    finished = [configuration for configuration in begun if configuration.state == FINISHED]
    assert len(finished) == 3
    assert epochs_trained(study) == 5 * 4 + 3 * 8
    for configuration in finished:
        alone = optuna.create_study(direction="maximize").ask()
        train(dict(configuration.params), alone)
        reports = alone.study.trials[0].intermediate_values
        assert list(configuration.curve.values()) == [-reports[epoch] for epoch in range(MOST)]


def test_an_estimator_that_another_user_wrote_is_not_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    homes = iter(range(1_000))

    def elsewhere(params: dict[str, Any], trial: optuna.Trial) -> float:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / str(next(homes))))
        return train(params, trial)

    with caplog.at_level(logging.WARNING, "crosstune"):
        scheduler = {"name": "i-epoch", "max_epochs": MOST, "first": 4}
        study = crosstune.tune(SPEC, elsewhere, scheduler=scheduler)
    assert "trained from the beginning" in caplog.text
    assert epochs_trained(study) == 5 * 4 + 3 * 12
