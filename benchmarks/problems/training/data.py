"""scikit-learn's bundled data in three parts: for training, for validation and for the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray
from optuna.trial import Trial
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from crosstune.study.trials import trial_seed

Args = ParamSpec("Args")
Result = TypeVar("Result")
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """A part of a data set.

    Attributes:
        rows: indices of its rows in scikit-learn's data, shape (n,).
        x: shape (n, features), each feature with mean 0 and variance 1 over the training part;
            `digits` is not scaled so.
        y: classes from 0, or the target, shape (n,).
    """

    rows: NDArray[np.int64]
    x: Array
    y: NDArray[Any]


@dataclass(frozen=True)
class Parts:
    """The three disjoint parts of a data set."""

    train: Part
    valid: Part
    test: Part


@cache
def digits() -> Parts:
    """Images of 8 x 8 grey values, here 0 to 1, and their digits: 1,078 + 359 + 360 rows."""
    x, y = load_digits(return_X_y=True)
    return in_parts(x / 16, y, stratify=True, standard=False)


@cache
def cancer() -> Parts:
    """30 measures of a tumour, and whether it is benign (1): 227 + 171 + 171 rows."""
    x, y = load_breast_cancer(return_X_y=True)
    return in_parts(x, y, stratify=True, held_out=0.6)


@cache
def diabetes() -> Parts:
    """10 measures of a patient, and the progress of the disease: 176 + 133 + 133 rows."""
    x, y = load_diabetes(return_X_y=True)
    return in_parts(x, y, stratify=False, held_out=0.6)


def seed(trial: Trial | None) -> int:
    """The seed of a trial; 0 without a trial."""
    return 0 if trial is None else trial_seed(trial)


def on_one_thread(function: Callable[Args, Result]) -> Callable[Args, Result]:
    """Limit BLAS and OpenMP to one thread during a function.

    The order of sums, and so the result, then does not depend on the number of cores.
    """

    @wraps(function)
    def limited(*args: Args.args, **kwargs: Args.kwargs) -> Result:
        with threadpool_limits(limits=1):
            return function(*args, **kwargs)

    return limited


def in_parts(
    x: Array, y: NDArray[Any], *, stratify: bool, held_out: float = 0.4, standard: bool = True
) -> Parts:
    """Data split into its three parts, always in the same way.

    Args:
        x: shape (n, features).
        y: shape (n,).
        stratify: keep the shares of the classes.
        held_out: the share of rows for validation and the test, half each, in (0, 1).
        standard: scale each feature to mean 0 and variance 1 over the training part.
    """
    every = np.arange(len(y))
    train, rest = train_test_split(
        every, test_size=held_out, stratify=y if stratify else None, random_state=0
    )
    valid, test = train_test_split(
        rest, test_size=0.5, stratify=y[rest] if stratify else None, random_state=0
    )
    if standard:
        x = (x - x[train].mean(0)) / x[train].std(0)
    return Parts(*(Part(rows, x[rows], y[rows]) for rows in (train, valid, test)))
