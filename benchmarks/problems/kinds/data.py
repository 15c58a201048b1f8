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
def iris() -> Parts:
    """4 measures of a flower, and its species: 75 + 37 + 38 rows."""
    x, y = load_iris(return_X_y=True)
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
