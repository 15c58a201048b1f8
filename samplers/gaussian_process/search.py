"""The search for the untried row of the highest acquisition.

Random, mutated and neighbouring rows are scored, the best of them climb by neighbours, and the
continuous part of the best is polished along the gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from scipy.optimize import minimize

from crosstune.samplers.gaussian_process.acquisition import log_expected_improvement, slopes
from crosstune.samplers.gaussian_process.belief import Beliefs
from crosstune.samplers.gaussian_process.curve_process import CurveProcess
from crosstune.samplers.gaussian_process.dimensions import Flags, Numbers
from crosstune.samplers.gaussian_process.edges import depth, depth_slope
from crosstune.samplers.gaussian_process.encoding import Encoding
from crosstune.samplers.gaussian_process.model import Model
from crosstune.samplers.gaussian_process.moves import mutations, neighbours

DRAWN = 160
"""Number of rows of the prior that are scored."""
PARENTS, CHILDREN = 5, 24
"""Number of best rows that are mutated, and of mutations of each."""
CLIMBERS = 3
ROUNDS = 8
STEPS = 25

IsNew: TypeAlias = Callable[[Numbers], Flags]
"""Tells which rows were not tried: (m,) booleans."""


class Search:
    """One maximisation of the acquisition.

    Args:
        encoding: of the rows.
        model: given the data.
        is_new: tells which rows may be proposed.
        rng: draws rows.
        beliefs: of the user about the best point; None for none.
        power: the exponent of the beliefs.
        edges: whether the ends of ranges have a penalty.
    """

    def __init__(
        self,
        encoding: Encoding,
        model: Model | CurveProcess,
        is_new: IsNew,
        rng: np.random.Generator,
        beliefs: Beliefs | None = None,
        power: float = 0.0,
        edges: bool = True,
    ):
        self._encoding, self._model, self._is_new, self._rng = encoding, model, is_new, rng
        self._beliefs, self._power, self._edges = beliefs, power, edges

    def score(self, rows: Numbers) -> Numbers:
        """(m,) the acquisition."""
        mean, deviation = self._model.predict(self._encoding.points(rows))
        scores = log_expected_improvement(mean, deviation, self._model.smallest)
        if self._edges:
            scores -= depth(self._encoding, rows)
        return scores if self._beliefs is None else scores + self._power * self._beliefs.logs(rows)

    def of(self, rows: Numbers) -> Numbers | None:
        """The best new row among `rows`; None if none is new."""
        rows = rows[self._is_new(rows)]
        return rows[int(np.argmax(self.score(rows)))] if len(rows) else None

    def near(self, best: Numbers) -> Numbers | None:
        """The best new row that random and local search find; None if they find no new one.

        Args:
            best: (k, d) the rows of the best values, the best first.
        """
        encoding, rng = self._encoding, self._rng
        parents = best[:PARENTS]
        bred = mutations(encoding, np.repeat(parents, CHILDREN, axis=0), rng)
        rows = [encoding.draw(rng, DRAWN), encoding.snapped(bred)]
        if self._beliefs is not None:
            rows.append(self._beliefs.rows(rng.random((DRAWN, encoding.d))))
        rows += [encoding.snapped(neighbours(encoding, row, 0.1, rng)) for row in parents[:2]]
        pool = np.concatenate(rows)
        pool = pool[self._is_new(pool)]
        if not len(pool):
            return None
        scores = self.score(pool)
        order = np.argsort(-scores, kind="stable")[:CLIMBERS]
        tops, heights = self._climb(pool[order], scores[order])
        first = int(np.argmax(heights))
        return self._polish(tops[first], float(heights[first]))

    def _climb(self, rows: Numbers, scores: Numbers) -> tuple[Numbers, Numbers]:
        """Move each row to its best neighbour until none is better or the rounds are over."""
        rows, scores = rows.copy(), scores.copy()
        climbing = list(range(len(rows)))
        length = 0.1
        for _ in range(ROUNDS):
            near = [neighbours(self._encoding, rows[i], length, self._rng) for i in climbing]
            owner = np.repeat(climbing, [len(group) for group in near])
            pool = self._encoding.snapped(np.concatenate(near))
            new = self._is_new(pool)
            pool, owner = pool[new], owner[new]
            if not len(pool):
                break
            pool_scores = self.score(pool)
            still = []
            for i in climbing:
                mine = np.flatnonzero(owner == i)
                if len(mine):
                    top = mine[int(np.argmax(pool_scores[mine]))]
                    if pool_scores[top] > scores[i] + 1e-6:
                        rows[i], scores[i] = pool[top], pool_scores[top]
                        still.append(i)
            length *= 0.6
            if not still:
                break
            climbing = still
        return rows, scores

    def _polish(self, row: Numbers, score: float) -> Numbers:
        """The row with its active continuous entries moved along the gradient."""
        free = np.flatnonzero(self._encoding.reals & self._encoding.active(row[None])[0])
        if not len(free):
            return row
        moved = row.copy()

        def loss(x: Numbers) -> tuple[float, Numbers]:
            moved[free] = x
            value, gradient = self.slope(moved)
            return -value, -gradient[free]

        result = minimize(
            loss,
            row[free],
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, 1.0)] * len(free),
            options={"maxiter": STEPS},
        )
        moved[free] = np.clip(result.x, 0.0, 1.0)
        if -float(result.fun) > score and self._is_new(moved[None])[0]:
            return moved
        return row

    def slope(self, row: Numbers) -> tuple[float, Numbers]:
        """The acquisition at a row, and its gradient by the places of ordered parameters, (d,)."""
        encoding, best = self._encoding, self._model.smallest
        points = encoding.points(row[None])
        owners, arcs = encoding.scale_of_place, encoding.arcs
        lines = len(owners) - 2 * arcs
        sines, cosines = points.places[0, lines : lines + arcs], points.places[0, lines + arcs :]
        turn = np.concatenate([np.ones(lines), cosines, -sines])  # of each column by its place
        mean, deviation, by_mean, by_deviation = self._model.slopes(points, turn)
        outer_mean, outer_deviation = slopes(mean, deviation, best)
        gradient = np.zeros(encoding.d)
        np.add.at(gradient, owners, outer_mean * by_mean + outer_deviation * by_deviation)
        value = float(log_expected_improvement(np.array([mean]), np.array([deviation]), best)[0])
        if self._edges:
            value -= float(depth(encoding, row[None])[0])
            gradient -= depth_slope(encoding, row)
        if self._beliefs is not None:
            value += self._power * float(self._beliefs.logs(row[None])[0])
            gradient += self._power * self._beliefs.slope(row)
        return value, gradient
