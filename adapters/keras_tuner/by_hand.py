"""Keras Tuner by hand: a tuner with `run_trial`, and its files in a temporary folder."""

from __future__ import annotations

import contextlib
import io
import tempfile
import warnings
from typing import Any

from crosstune.adapters.keras_tuner.compile import point_of
from crosstune.adapters.keras_tuner.library import keras_tuner
from crosstune.engines.registry import get
from crosstune.proofs.by_hand import Loss, Suggestion
from crosstune.space.space import Space

_TUNERS = {
    "bayesian": keras_tuner.BayesianOptimization,
    "random": keras_tuner.RandomSearch,
    "grid": keras_tuner.GridSearch,
    "hyperband": keras_tuner.Hyperband,
}


def search(algorithm: str, space: Space, *, seed: int, trials: int, loss: Loss) -> list[Suggestion]:
    """The suggestions of a Keras Tuner.

    Args:
        algorithm: "bayesian", "random", "grid" or "hyperband".
        space: to search.
        seed: above 0, which Keras Tuner reads as no seed.
        trials: how many; of Hyperband, which has no limit, the first of its schedule.
        loss: of a suggestion.
    """
    made: list[Suggestion] = []

    tuner: Any = _TUNERS[algorithm]

    class ByHand(tuner):  # type: ignore[misc]
        def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> float:
            values = trial.hyperparameters.values
            made.append(Suggestion(point_of(space, values), values.get("tuner/epochs")))
            return loss(made[-1])

    limit = {} if algorithm == "hyperband" else {"max_trials": trials}
    quiet = contextlib.redirect_stdout(io.StringIO())
    with tempfile.TemporaryDirectory() as folder, quiet, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ByHand(
            hyperparameters=get("keras_tuner").compile(space),
            seed=seed,
            directory=folder,
            project_name="by_hand",
            **limit,
        ).search(verbose=0)
    return made[:trials]
