"""Keras Tuner's Bayesian oracle with a Gaussian process that predicts single points quickly.

The oracle asks its `GaussianProcessRegressor` for thousands of predictions per suggestion, and
scikit-learn spends most of the time on validating the input. This does the same arithmetic
(Rasmussen and Williams, algorithm 2.1, with the Matern kernel of nu = 5/2) without validation, by
the same functions of numpy and scipy in the same order. All other code is the library's own.

The first prediction after each fit is made both ways. If the two are not the same bit for bit,
scikit-learn's own is used until the next fit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from scipy.spatial.distance import cdist
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from crosstune.adapters.keras_tuner.library import oracles
from crosstune.adapters.keras_tuner.private import normalisation
from crosstune.engines.fast_path import say_once

PROVED = {"keras-tuner": ("1.4.8", "1.4.7"), "scikit-learn": ("1.9",)}
"""The versions on which identity is tested. Of scipy only public functions are used."""


class QuickRegressor(GaussianProcessRegressor):  # type: ignore[misc]  # untyped
    """scikit-learn's regressor, without validation of the input for predictions of one point.

    >>> import numpy as np
    >>> regressor = QuickRegressor(Matern(nu=2.5), normalize_y=True)
    >>> fitted = regressor.fit(np.array([[0.1], [0.7]]), np.array([1.0, 2.0]))
    >>> mean, deviation = fitted.predict(np.array([[0.7]]), return_std=True)
    >>> float(mean[0]).__round__(6)
    2.0
    """

    def fit(self, X: Any, y: Any) -> QuickRegressor:  # noqa: N803  # scikit-learn's name
        """scikit-learn's own fit."""
        super().fit(X, y)
        self._is_quick = (
            type(self.kernel_) is Matern
            and self.kernel_.nu == 2.5
            and not self.kernel_.anisotropic
            and self.normalize_y
            and self.y_train_.ndim == 1
        )
        self._is_compared = False
        if self._is_quick:
            self._scaled = self.X_train_ / self.kernel_.length_scale
        return self

    def predict(
        self,
        X: Any,  # noqa: N803
        return_std: bool = False,
        return_cov: bool = False,
    ) -> Any:
        """Mean and deviation, as scikit-learn's own.

        Args:
            X: points, shape (n, d).
            return_std, return_cov: as in `GaussianProcessRegressor`.

        Returns:
            Mean and deviation, shape (n,) each, if `return_std`; else as scikit-learn's own.
        """
        if not (return_std and not return_cov and self._answers(X)):
            return super().predict(X, return_std=return_std, return_cov=return_cov)
        quick = self._predicted(X)
        if self._is_compared and quick is not None:
            return quick
        slow = super().predict(X, return_std=True)
        if quick is not None:
            self._is_compared = True
            if any(a.tobytes() != b.tobytes() for a, b in zip(quick, slow, strict=True)):
                self._is_quick = False
                say_once(
                    "keras_tuner:bayesian runs without its fast path, with the same suggestions",
                    "a prediction differs from scikit-learn's on this machine",
                )
        return slow

    def _answers(self, points: Any) -> bool:
        """True for a single point, if the regressor is fitted as by the oracle."""
        return (
            getattr(self, "_is_quick", False)
            and isinstance(points, np.ndarray)
            and points.dtype == np.float64
            and points.shape == (1, self.X_train_.shape[1])
        )

    def _predicted(self, point: Any) -> tuple[Any, Any] | None:
        """The prediction; None if scikit-learn would raise, or warn of a negative variance."""
        distances = cdist(point / self.kernel_.length_scale, self._scaled) * math.sqrt(5)
        covariances = (1.0 + distances + distances**2 / 3.0) * np.exp(-distances)
        solved = solve_triangular(self.L_, covariances.T, lower=True, check_finite=False)
        variance = 1.0 - np.einsum("ij,ji->i", solved.T, solved)
        if not variance[0] >= 0:  # not a number for a point that is not finite
            return None
        scale, shift = normalisation(self)
        return scale * (covariances @ self.alpha_) + shift, np.sqrt(variance * scale**2)


class QuickBayesianOracle(oracles.BayesianOptimizationOracle):  # type: ignore[misc]  # untyped
    """Keras Tuner's Bayesian oracle on the quick regressor."""

    def _make_gpr(self) -> QuickRegressor:
        return QuickRegressor(**super()._make_gpr().get_params(deep=False))
