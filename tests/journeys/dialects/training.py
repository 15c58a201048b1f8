"""What every dialect trains: a linear model of the digits, for three epochs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

X, X_VALID, Y, Y_VALID = train_test_split(
    *load_digits(n_class=6, return_X_y=True), test_size=0.5, random_state=0
)
PRUNED_BELOW = 0.9


def accuracies(schedule: str, eta0: float | None, alpha: float) -> Iterator[float]:
    """The accuracy after each epoch; a rate of 0 raises in scikit-learn."""
    rate: dict[str, Any] = {} if eta0 is None else {"eta0": eta0}
    model = SGDClassifier(learning_rate=schedule, alpha=alpha, random_state=0, **rate)
    for _ in range(3):
        model.partial_fit(X / 16, Y, classes=range(6))
        yield float(model.score(X_VALID / 16, Y_VALID))


def load() -> tuple[Any, Any]:
    return X / 16, Y
