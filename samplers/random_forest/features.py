"""Rows as trees and lines see them: columns that a threshold splits, or that have a slope."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from crosstune.samplers.gaussian_process.dimensions import Flags, Numbers
from crosstune.samplers.gaussian_process.encoding import Encoding

Columns: TypeAlias = NDArray[np.float32]

MANY = 12
"""A choice of more options is one column, in the order of what they were worth."""


class Features:
    """From the rows of an encoding to columns.

    An ordered parameter is its place in [0, 1]. A choice is a column of 0 and 1 an option. A choice
    of many options is one column: the mean target of the trials that had the option, and of one
    more that was as good as all on average (Micci-Barreca 2001), since a tree that has to look at
    each option alone learns nothing of hundreds.
    """

    def __init__(self, encoding: Encoding):
        self._encoding = encoding
        self._conditional = [bool(encoding.space.conditions[name]) for name in encoding.column]
        self._worth: dict[int, Numbers] = {
            i: np.zeros(int(encoding.dimensions[i].n))
            for i in encoding.unordered
            if encoding.dimensions[i].n > MANY
        }

    @property
    def learnt(self) -> bool:
        """Whether columns change with what is learnt."""
        return bool(self._worth)

    def learn(self, rows: Numbers, targets: Numbers) -> None:
        """Set what the options of large choices were worth, from (n, d) rows and (n,) targets."""
        if not self._worth:
            return
        active = self._encoding.active(rows)
        middle = float(targets.mean())
        for i, worth in self._worth.items():
            held = active[:, i]
            options = rows[held, i].astype(int)
            count = np.bincount(options, minlength=len(worth))
            total = np.bincount(options, targets[held] - middle, minlength=len(worth))
            self._worth[i] = total / (count + 1.0)

    def steps(self, rows: Numbers) -> Columns:
        """(m, c) columns for trees of (m, d) rows. What is inactive has a value of its own."""
        active = self._encoding.active(rows)
        columns: list[Numbers] = []
        for i, each in enumerate(self._encoding.dimensions):
            entries, here = rows[:, i], active[:, i]
            if each.ordered:
                columns.append(np.where(here, each.place(entries), -1.0)[:, None])
            elif i in self._worth:
                worth = self._worth[i]
                held = np.where(here, worth[entries.astype(int)], worth.min() - 1.0)
                columns.append(held[:, None])
            else:
                columns.append(_marks(entries, int(each.n), here))
        return np.concatenate(columns, axis=1).astype(np.float32)

    def slopes(self, rows: Numbers) -> Numbers:
        """(m, l) columns for lines: 1, and of an ordered parameter a slope and a bend.

        They are the first Legendre polynomials on the range of the places, nearly independent of
        each other. What is inactive is 0; whether a parameter is active is a column too.
        """
        active = self._encoding.active(rows)
        columns: list[Numbers] = [np.ones((len(rows), 1))]
        for i, each in enumerate(self._encoding.dimensions):
            entries, here = rows[:, i], active[:, i]
            if each.ordered:
                x = 2.0 * each.place(entries) - 1.0
                held = np.stack([x, x * x - 1.0 / 3.0], axis=1)
                columns.append(np.where(here[:, None], held, 0.0))
                if self._conditional[i]:
                    columns.append(here[:, None].astype(float))
            elif i in self._worth:
                columns.append(np.where(here, self._worth[i][entries.astype(int)], 0.0)[:, None])
            else:
                columns.append(_marks(entries, int(each.n), here))
        return np.concatenate(columns, axis=1)


def _marks(entries: Numbers, options: int, here: Flags) -> Numbers:
    """(m, options): 1 for the option that a row has, where it is active."""
    return np.asarray((entries[:, None] == np.arange(options)) & here[:, None], float)
