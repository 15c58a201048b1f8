"""Three real trainings that go an epoch at a time, and can be stored and continued.

All read the same digits: a torch network, scikit-learn's `MLPClassifier.partial_fit`, and XGBoost,
one round an epoch.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import torch
import xgboost
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from torch.nn import functional

from crosstune.benchmarks.research.curves import record


class ResumableTraining(Protocol):
    """A model that trains an epoch at a time, and can be stored and continued."""

    def epoch(self) -> float:
        """Train one epoch and return the validation error."""

    def dump(self) -> bytes:
        """Everything that training needs to continue."""

    def load(self, stored: bytes) -> None:
        """Continue from what `dump` gave."""


class TorchDigits:
    """The network of the recorded digits, with another start per seed."""

    def __init__(self, params: Mapping[str, Any], seed: int) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self._parts, self._batch = record.digits(), params["batch"]
        self._model, self._optimizer = record.classifier(params)

    def epoch(self) -> float:
        """Train one epoch and return the validation error."""
        x, x_valid, y, y_valid = self._parts
        self._model.train()
        for rows in torch.split(torch.randperm(len(x)), self._batch):
            self._optimizer.zero_grad()
            loss = functional.cross_entropy(self._model(x[rows]), y[rows])
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimizer.step()
        self._model.eval()
        with torch.no_grad():
            return record.mistakes(self._model(x_valid), y_valid)

    def dump(self) -> bytes:
        """Weights, optimizer and random state."""
        buffer = io.BytesIO()
        torch.save(
            [self._model.state_dict(), self._optimizer.state_dict(), torch.get_rng_state()], buffer
        )
        return buffer.getvalue()

    def load(self, stored: bytes) -> None:
        """Continue from what `dump` gave."""
        model, optimizer, random = torch.load(io.BytesIO(stored))
        self._model.load_state_dict(model)
        self._optimizer.load_state_dict(optimizer)
        torch.set_rng_state(random)


class PartialFitDigits:
    """`MLPClassifier.partial_fit`, in shuffled batches."""

    def __init__(self, params: Mapping[str, Any], seed: int) -> None:
        x, y = load_digits(return_X_y=True)
        self._data = train_test_split(x / 16, y, test_size=0.4, stratify=y, random_state=0)
        self._batch = params["batch"]
        self._model = MLPClassifier(
            (params["width"],),
            learning_rate_init=params["lr"],
            alpha=params["alpha"],
            random_state=seed,
        )
        self._random = np.random.default_rng(seed)

    def epoch(self) -> float:
        """Train one epoch and return the validation error."""
        x, x_valid, y, y_valid = self._data
        order = self._random.permutation(len(x))
        for first in range(0, len(x), self._batch):
            rows = order[first : first + self._batch]
            self._model.partial_fit(x[rows], y[rows], classes=np.arange(10))
        return float(1 - self._model.score(x_valid, y_valid))

    def dump(self) -> bytes:
        """The estimator and the order of the rows."""
        return pickle.dumps((self._model, self._random))

    def load(self, stored: bytes) -> None:
        """Continue from what `dump` gave."""
        self._model, self._random = pickle.loads(stored)


class BoostedDigits:
    """XGBoost, one round an epoch.

    A continued training draws other rows and columns than an uninterrupted one: XGBoost does not
    store the state of its random generator.
    """

    def __init__(self, params: Mapping[str, Any], seed: int) -> None:
        x, y = load_digits(return_X_y=True)
        x, x_valid, y, self._y_valid = train_test_split(
            x, y, test_size=0.6, stratify=y, random_state=1
        )
        self._training, self._validation = xgboost.DMatrix(x, y), xgboost.DMatrix(x_valid)
        options = {"objective": "multi:softmax", "num_class": 10, "nthread": 1, "seed": seed}
        self._booster = xgboost.Booster({**options, **params}, [self._training])

    def epoch(self) -> float:
        """Add one round and return the validation error."""
        self._booster.update(self._training, self._booster.num_boosted_rounds())
        return float(np.mean(self._booster.predict(self._validation) != self._y_valid))

    def dump(self) -> bytes:
        """The trees so far, and the options."""
        return pickle.dumps(self._booster)

    def load(self, stored: bytes) -> None:
        """Continue from what `dump` gave."""
        self._booster = pickle.loads(stored)


TRAININGS: dict[str, tuple[Callable[[Mapping[str, Any], int], ResumableTraining], Any]] = {
    "torch": (
        TorchDigits,
        {
            "optimizer": {"type": "choice", "values": ["sgd", "adam"]},
            "lr": {"type": "float", "low": 1e-4, "high": 0.3, "log": True},
            "width": {"type": "int", "low": 16, "high": 256, "log": True},
            "batch": {"type": "int", "low": 32, "high": 128, "log": True},
            "dropout": {"type": "float", "low": 0.0, "high": 0.5},
            "weight_decay": {"type": "float", "low": 1e-6, "high": 1e-2, "log": True},
        },
    ),
    "partial_fit": (
        PartialFitDigits,
        {
            "lr": {"type": "float", "low": 1e-4, "high": 0.1, "log": True},
            "width": {"type": "int", "low": 16, "high": 256, "log": True},
            "batch": {"type": "int", "low": 32, "high": 128, "log": True},
            "alpha": {"type": "float", "low": 1e-6, "high": 1.0, "log": True},
        },
    ),
    "xgboost": (
        BoostedDigits,
        {
            "eta": {"type": "float", "low": 0.01, "high": 1.0, "log": True},
            "max_depth": {"type": "int", "low": 1, "high": 8},
            "subsample": {"type": "float", "low": 0.3, "high": 1.0},
            "colsample_bytree": {"type": "float", "low": 0.2, "high": 1.0},
        },
    ),
}
