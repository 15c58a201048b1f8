"""scikit-learn's bundled data in three parts: to train on, to choose by, and to test on."""

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
        rows: which rows of scikit-learn's data these are, shape (n,).
        x: shape (n, features), each feature of mean 0 and variance 1 over the training part, or
            as it is where the data set says so.
        y: classes from 0, or what is predicted, shape (n,).
    """

    rows: NDArray[np.int64]
    x: Array
    y: NDArray[Any]


@dataclass(frozen=True)
class Parts:
    """The three parts of a data set, none of which shares a row with another."""

    train: Part
    valid: Part
    test: Part


@cache
def digits() -> Parts:
    """Images of 8 x 8 grey values, here 0 to 1, and their digits: 1,078 + 359 + 360 rows."""
    x, y = load_digits(return_X_y=True)
    return _parts(x / 16, y, stratify=True, standard=False)


@cache
def cancer() -> Parts:
    """30 measures of a tumour, and whether it is benign (1): 227 + 171 + 171 rows."""
    x, y = load_breast_cancer(return_X_y=True)
    return _parts(x, y, stratify=True, held_out=0.6)


@cache
def diabetes() -> Parts:
    """10 measures of a patient, and how far the disease came in a year: 176 + 133 + 133 rows."""
    x, y = load_diabetes(return_X_y=True)
    return _parts(x, y, stratify=False, held_out=0.6)


def seed(trial: Trial | None) -> int:
    """The seed of a trial; 0 where a point is evaluated without one."""
    return 0 if trial is None else trial_seed(trial)


def on_one_thread(function: Callable[Args, Result]) -> Callable[Args, Result]:
    """The function with the thread pools of BLAS and OpenMP at one thread while it runs.

    Sums are then added in one order, so that a result does not depend on the number of cores.
    """

    @wraps(function)
    def limited(*args: Args.args, **kwargs: Args.kwargs) -> Result:
        with threadpool_limits(limits=1):
            return function(*args, **kwargs)

    return limited


def _parts(
    x: Array, y: NDArray[Any], *, stratify: bool, held_out: float = 0.4, standard: bool = True
) -> Parts:
    """Half of the `held_out` share is there to choose by, the other half to test on."""
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
