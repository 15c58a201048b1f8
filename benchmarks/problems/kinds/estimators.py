"""Small estimators with one parameter per column, in the manner of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from crosstune.benchmarks.problems.training.data import Array


def bells(width: float) -> Callable[[Array], Array]:
    """Weights of neighbours that fall with the distance like a bell curve, but never to 0."""
    return lambda distances: np.asarray(np.exp(-0.5 * (distances / width) ** 2) + 1e-9)


@dataclass
class KernelSmoother:
    """The mean of the targets of the training rows, weighted by a bell curve of the distance.

    Attributes:
        weights: by which each column is multiplied before distances are taken, shape (columns,).
    """

    weights: Array

    def fit(self, x: Array, y: NDArray[Any]) -> Self:
        """Store the rows."""
        self.x_, self.y_ = x * self.weights, y
        return self

    def predict(self, x: Array) -> Array:
        """The weighted means, shape (rows,)."""
        result: Array = self._nearness(x) @ self.y_
        return result

    def predict_proba(self, x: Array) -> Array:
        """The weighted shares of the classes, shape (rows, classes)."""
        result: Array = self._nearness(x) @ np.eye(int(self.y_.max()) + 1)[self.y_]
        return result

    def _nearness(self, x: Array) -> Array:
        squares = cdist(x * self.weights, self.x_, "sqeuclidean")
        bells = np.exp(-0.5 * (squares - squares.min(1, keepdims=True)))
        return np.asarray(bells / bells.sum(1, keepdims=True))


@dataclass
class ColumnRidge:
    """Least squares with a penalty of its own for each column, for a number or for classes.

    Attributes:
        penalties: shape (columns,), each 0 or more.
        classes: the number of classes; 0 for a target that is a number.
    """

    penalties: Array
    classes: int = 0

    def fit(self, x: Array, y: NDArray[Any]) -> Self:
        """Solve the normal equations; the intercept has no penalty."""
        target = np.eye(self.classes)[y] if self.classes else np.asarray(y, float)
        self.center_, self.mean_ = x.mean(0), target.mean(0)
        centered = x - self.center_
        gram = centered.T @ centered + np.diag(self.penalties + 1e-8)
        self.coefficients_ = np.linalg.solve(gram, centered.T @ (target - self.mean_))
        return self

    def predict_proba(self, x: Array) -> Array:
        """The fitted shares of the classes, which may lie outside [0, 1], (rows, classes)."""
        return np.asarray((x - self.center_) @ self.coefficients_ + self.mean_)

    def predict(self, x: Array) -> NDArray[Any]:
        """The classes or the numbers, shape (rows,)."""
        values = self.predict_proba(x)
        return values.argmax(1) if self.classes else values


@dataclass
class KernelClassifier:
    """A ridge regression of the classes with a Gaussian kernel.

    Attributes:
        scales: by which each column is multiplied, shape (columns,).
        gamma: the kernel is exp(-gamma * squared distance).
        alpha: the penalty, above 0.
    """

    scales: Array
    gamma: float
    alpha: float

    def fit(self, x: Array, y: NDArray[Any]) -> Self:
        """Solve for the coefficients of the training rows."""
        self.x_ = x * self.scales
        kernel = np.exp(-self.gamma * cdist(self.x_, self.x_, "sqeuclidean"))
        target = np.eye(int(y.max()) + 1)[y]
        self.coefficients_ = np.linalg.solve(kernel + self.alpha * np.eye(len(y)), target)
        return self

    def predict_proba(self, x: Array) -> Array:
        """The fitted shares of the classes, which may lie outside [0, 1], (rows, classes)."""
        squares = cdist(x * self.scales, self.x_, "sqeuclidean")
        return np.asarray(np.exp(-self.gamma * squares) @ self.coefficients_)
