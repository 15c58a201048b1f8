"""The data of the trainings, each in three parts as in the suite of training problems."""

from __future__ import annotations

from functools import cache

import numpy as np
from sklearn.datasets import (
    load_digits,
    load_iris,
    load_wine,
    make_classification,
    make_friedman1,
)

from crosstune.benchmarks.problems.training.data import Parts, in_parts


@cache
def blurred_iris() -> Parts:
    """4 measures of a flower with errors, and its species: 75 + 37 + 38 rows."""
    x, y = load_iris(return_X_y=True)
    x = x + np.random.default_rng(17).normal(size=x.shape) * x.std(0) * [0.3, 1.5, 0.3, 0.6]
    return in_parts(x, y, stratify=True, held_out=0.5)


@cache
def wine() -> Parts:
    """13 measures of a wine, and its grower: 71 + 53 + 54 rows."""
    x, y = load_wine(return_X_y=True)
    return in_parts(x, y, stratify=True, held_out=0.6)


@cache
def few_digits() -> Parts:
    """The first 500 images of scikit-learn's digits, grey values 0 to 1: 200 + 150 + 150 rows."""
    x, y = load_digits(return_X_y=True)
    return in_parts(x[:500] / 16, y[:500], stratify=True, held_out=0.6, standard=False)


@cache
def classes() -> Parts:
    """Two drawn classes, 5 of 16 features matter, 8 % wrong labels: 200 + 150 + 150 rows."""
    x, y = make_classification(
        *(500, 16), n_informative=5, n_clusters_per_class=3, flip_y=0.08, random_state=7
    )
    return in_parts(x, y, stratify=True, held_out=0.6)


@cache
def friedman() -> Parts:
    """Friedman's first function: 5 of 10 features matter: 160 + 120 + 120 rows."""
    x, y = make_friedman1(400, 10, noise=1.0, random_state=3)
    return in_parts(x, np.asarray(y), stratify=False, held_out=0.6)


@cache
def wide_friedman() -> Parts:
    """Friedman's first function with 25 columns that do not matter: 160 + 120 + 120 rows.

    The last 25 columns vary a fifth as much as the others.
    """
    x, y = make_friedman1(400, 30, noise=1.0, random_state=11)
    x = (x - x.mean(0)) / x.std(0)
    x[:, 5:] /= 5
    return in_parts(x, np.asarray(y), stratify=False, held_out=0.6, standard=False)


@cache
def powers() -> Parts:
    """Two classes by powers of 6 of 24 columns, 5 % wrong labels: 240 + 180 + 180 rows."""
    rng = np.random.default_rng(21)
    x = rng.normal(size=(600, 24))
    exponents, factors = np.array([3, 2.5, 2, 0.4, 0.3, 2]), np.array([0.5, -0.6, 0.8, 3, -3, -0.7])
    margin = (np.sign(x[:, :6]) * np.abs(x[:, :6]) ** exponents) @ factors
    y = ((margin > 0) ^ (rng.random(600) < 0.05)).astype(np.int64)
    return in_parts(x, y, stratify=True, held_out=0.6)


@cache
def many_classes() -> Parts:
    """Three drawn classes, 6 of 24 features matter and 8 repeat those: 200 + 150 + 150 rows."""
    x, y = make_classification(
        *(500, 24), n_informative=6, n_redundant=8, n_classes=3, class_sep=1.2, random_state=13
    )
    return in_parts(x, y, stratify=True, held_out=0.6)
