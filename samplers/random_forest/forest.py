"""A forest over lines, renewed part by part, with mean and deviation.

Each member is a line that is drawn from the distribution of lines, and a tree grown on what the
line leaves: what parameters do by themselves is a matter of lines, what they do together one of
trees (Zhang, Nettleton and Zhu 2019, "Regression-enhanced random forests"). Where there are data
the members agree; away from them they differ as lines do (Osband, Aslanides and Cassirer 2018,
"Randomized prior functions for deep reinforcement learning").

The trees are extremely randomised (Geurts, Ernst and Wehenkel 2006): each sees all rows, and splits
at thresholds drawn at random.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import ExtraTreeRegressor

from crosstune.samplers.gaussian_process.dimensions import Numbers
from crosstune.samplers.gaussian_process.encoding import Encoding
from crosstune.samplers.gaussian_process.targets import Targets
from crosstune.samplers.random_forest.features import Columns, Features
from crosstune.samplers.random_forest.lines import Lines

TREES = 32
IN_TREE = 1000
"""How many rows a tree and the lines rest on at most: the best half of them, the others drawn."""
RENEWED, FEWEST = 8, 2
"""How many members are renewed at a time where that is cheap, and where it is dear."""
WORK = 400_000
"""Rows times columns times trees that are worked through at a time, about."""
FRESH = 10.0
"""While the rows are fewer than this many times the trees, more of them are renewed."""
GROWN = 1.05
"""By what factor the data grow until the lines are drawn from a new distribution."""
NOISE = 1e-4
"""The least variance of a prediction; the targets have variance 1."""


@dataclass(frozen=True)
class Member:
    """A line and the tree on it.

    Attributes:
        slopes: (l,).
        nodes: scikit-learn's tree, which tells in which node a row falls.
        means, variances: of each node, (k,).
    """

    slopes: Numbers
    nodes: Any
    means: Numbers
    variances: Numbers


class Forest:
    """Mean and deviation at rows.

    Attributes:
        smallest: the least target; what has to be improved on.
    """

    def __init__(self, encoding: Encoding):
        self._features = Features(encoding)
        self._members: list[Member] = []
        self._lines_at = 0
        self._pending: Columns | None = None
        self.smallest = math.inf

    def learn(
        self, rows: Numbers, targets: Targets, pending: Numbers, rng: np.random.Generator
    ) -> None:
        """Renew a part of the members.

        Args:
            rows: (n, d) that were evaluated.
            targets: n of them. What is noisy reaches every tree with noise of its own.
            pending: (p, d) rows that are being evaluated.
        """
        n = len(rows)
        self._features.learn(rows, targets.values)
        steps, slopes = self._features.steps(rows), self._features.slopes(rows)
        order = np.argsort(targets.values, kind="stable")
        if self._features.learnt or n >= GROWN * self._lines_at:
            held = _chosen(order, rng)
            self._lines = Lines(slopes[held], targets.values[held], targets.extra[held])
            self._lines_at = n
        count = TREES if self._features.learnt else _renewed(*steps.shape)
        kept = self._members[count:]
        self._members = kept + [
            self._member(steps, slopes, targets, _chosen(order, rng), rng)
            for _ in range(TREES - len(kept))
        ]
        self._pending = self._features.steps(pending) if len(pending) else None
        self.smallest = float(targets.values.min())

    def predict(self, rows: Numbers) -> tuple[Numbers, Numbers]:
        """Mean and deviation at m rows; (m,) each.

        The variance is that of the members' means, and the mean of the variances in their leaves:
        the law of total variance, as in SMAC (Hutter, Hoos and Leyton-Brown 2011, section 4.1).
        Pending rows take the share of it that is the share of the trees in which one of them falls
        into the same leaf (Breiman's proximity): as if they had been evaluated and had brought
        what the forest expects.
        """
        steps = self._features.steps(rows)
        slopes = np.stack([each.slopes for each in self._members])
        means = slopes @ self._features.slopes(rows).T
        within, taken = np.zeros(len(rows)), np.zeros(len(rows))
        for i, each in enumerate(self._members):
            leaves = each.nodes.apply(steps)
            means[i] += each.means[leaves]
            within += each.variances[leaves]
            if self._pending is not None:
                taken += np.isin(leaves, each.nodes.apply(self._pending))
        variance = (means.var(axis=0) + within / TREES + NOISE) * (1.0 - taken / TREES)
        return means.mean(axis=0), np.sqrt(np.maximum(variance, 1e-12))

    def _member(
        self,
        steps: Columns,
        slopes: Numbers,
        targets: Targets,
        chosen: NDArray[np.intp],
        rng: np.random.Generator,
    ) -> Member:
        line = self._lines.drawn(rng)
        noise = np.sqrt(targets.extra[chosen]) * rng.standard_normal(len(chosen))
        left = targets.values[chosen] + noise - slopes[chosen] @ line
        tree = ExtraTreeRegressor(max_features=None, random_state=int(rng.integers(2**31)))
        tree.fit(steps[chosen], left, check_input=False)
        nodes = tree.tree_
        return Member(line, nodes, nodes.value[:, 0, 0].copy(), nodes.impurity.copy())


def _renewed(rows: int, columns: int) -> int:
    """How many members are renewed. A row more changes much while there are few."""
    cheap = min(max(WORK // (min(rows, IN_TREE) * columns), FEWEST), RENEWED)
    return min(max(cheap, math.ceil(TREES * FRESH / rows)), TREES)


def _chosen(order: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
    """On which rows a tree rests, of all in the order of their targets."""
    if len(order) <= IN_TREE:
        return order
    best = IN_TREE // 2
    others = rng.choice(order[best:], IN_TREE - best, replace=False)
    return np.concatenate([order[:best], others])
