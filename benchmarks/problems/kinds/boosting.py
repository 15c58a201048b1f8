"""Gradient boosting of small trees for the squared error, with dropout of earlier trees (DART)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from sklearn.tree import DecisionTreeRegressor

from crosstune.benchmarks.problems.training.data import Array


@dataclass
class SmallBooster:
    """Rashmi and Gilad-Bachrach (2015); without dropout this is plain gradient boosting.

    Attributes:
        rounds: the number of trees.
        rate: by which a tree's predictions are multiplied.
        tree: arguments of each tree.
        subsample: the share of rows that a tree is fitted on, in (0, 1].
        rate_drop: the probability of an earlier tree to be left out of a round, in [0, 1).
        skip_drop: the probability of a round to leave out none, in [0, 1].
        patience: stop after so many rounds without progress on the rows that were set apart;
            None to train all rounds on all rows.
        share: of the rows to set apart, in (0, 1).
        seed: of the dropout, the subsample and the rows to set apart.
    """

    rounds: int
    rate: float
    tree: dict[str, Any] = field(default_factory=dict)
    subsample: float = 1.0
    rate_drop: float = 0.0
    skip_drop: float = 0.0
    patience: int | None = None
    share: float = 0.1
    seed: int = 0

    def fit(self, x: Array, y: Array) -> Self:
        """Train all rounds, or until there was no progress for long enough."""
        rng = np.random.default_rng(self.seed)
        order = rng.permutation(len(y))
        apart = order[: round(self.share * len(y))] if self.patience is not None else order[:0]
        rest = order[len(apart) :]
        self.mean_ = float(y[rest].mean())
        self.trees_: list[Any] = []
        self.weights_: list[float] = []
        outputs = np.zeros((0, len(y)))
        best, best_round = np.inf, 0
        for number in range(self.rounds):
            dropped = rng.random(number) < self.rate_drop
            if rng.random() < self.skip_drop:
                dropped[:] = False
            weights = np.where(dropped, 0.0, self.weights_)
            residuals = y - self.mean_ - weights @ outputs
            rows = rest[rng.random(len(rest)) < self.subsample]
            rows = rows if len(rows) > 1 else rest
            tree = DecisionTreeRegressor(**self.tree, random_state=number)
            tree.fit(x[rows], residuals[rows])
            count = int(dropped.sum())
            self.weights_ = [
                w * (count / (count + self.rate) if gone else 1.0)
                for w, gone in zip(self.weights_, dropped, strict=True)
            ]
            self.weights_.append(self.rate / (count + self.rate) if count else self.rate)
            self.trees_.append(tree)
            outputs = np.vstack([outputs, tree.predict(x)])
            if self.patience is not None:
                errors = y[apart] - self.mean_ - np.array(self.weights_) @ outputs[:, apart]
                loss = float((errors**2).mean())
                if loss < best:
                    best, best_round = loss, number
                elif number - best_round >= self.patience:
                    break
        return self

    def predict(self, x: Array) -> Array:
        """The sum of all trees."""
        parts = [w * tree.predict(x) for w, tree in zip(self.weights_, self.trees_, strict=True)]
        result: Array = self.mean_ + np.sum(parts, axis=0)
        return result
