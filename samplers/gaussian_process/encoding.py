"""A space as rows of numbers, which the search changes, and as points, which the kernel compares.

A row has one entry per searched parameter, active or not (see `dimensions.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from crosstune.samplers.gaussian_process.dimensions import Flags, Numbers, Real, dimension
from crosstune.space.space import Params, Space


@dataclass(frozen=True)
class Points:
    """Rows in the form that the kernel compares.

    Attributes:
        places: (m, c), columns whose squared differences add up to squared distances.
        codes: (m, q), one column per unordered choice; -1 if it is inactive.
    """

    places: Numbers
    codes: Numbers

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, chosen: NDArray[np.intp] | slice) -> Points:
        return Points(self.places[chosen], self.codes[chosen])


class Encoding:
    """A space as rows of numbers, and back.

    Attributes:
        dimensions: of the searched parameters, in the order of the space.
        column: the column of each in a row, by name.
    """

    def __init__(self, space: Space):
        self.space = space
        self.dimensions = [dimension(item) for item in space.searched.values()]
        self.column = {name: i for i, name in enumerate(space.searched)}
        self.d = len(self.dimensions)
        self._conditions = [
            (self.column[name], self._allowed(space.conditions[name]))
            for name in space.searched
            if space.conditions[name]
        ]
        conditional = {column for column, _ in self._conditions}
        self.ordered = [i for i, dim in enumerate(self.dimensions) if dim.ordered]
        self.unordered = [i for i, dim in enumerate(self.dimensions) if not dim.ordered]
        self.reals = np.array(
            [isinstance(dim, Real) and dim.n == math.inf for dim in self.dimensions], bool
        )
        self._arcs = [i for i in self.ordered if i in conditional]
        self._lines = [i for i in self.ordered if i not in conditional]
        self.arcs = len(self._arcs)
        """Number of ordered parameters with a condition; the last columns of places are their
        sines, then their cosines."""
        self.scale_of_place = np.array(self._lines + self._arcs + self._arcs, int)
        """The dimension of each column of `Points.places`."""

    def _allowed(self, condition: Mapping[str, frozenset[float]]) -> list[tuple[int, Numbers]]:
        return [
            (self.column[parent], np.array(sorted(self._entries(parent, raws))))
            for parent, raws in condition.items()
        ]

    def _entries(self, parent: str, raws: frozenset[float]) -> list[float]:
        item = self.space[parent]
        dim = self.dimensions[self.column[parent]]
        return [dim.entry(item.decode(raw)) for raw in raws]

    @property
    def conditional(self) -> bool:
        """Whether a parameter has a condition."""
        return bool(self._conditions)

    @cached_property
    def size(self) -> float:
        """The number of distinct rows; there may be fewer distinct points."""
        return math.prod(dim.n for dim in self.dimensions)

    @cached_property
    def fewest(self) -> float:
        """A lower bound of the number of distinct points, from unconditional parameters alone."""
        conditional = {column for column, _ in self._conditions}
        return math.prod(dim.n for i, dim in enumerate(self.dimensions) if i not in conditional)

    def draw(self, rng: np.random.Generator, m: int) -> Numbers:
        """(m, d) rows from the prior."""
        return self.rows(rng.random((m, self.d)))

    def rows(self, u: Numbers) -> Numbers:
        """(m, d) rows from uniform numbers of that shape."""
        rows = np.empty_like(u)
        for i, dim in enumerate(self.dimensions):
            rows[:, i] = dim.drawn(u[:, i])
        return rows

    def active(self, rows: Numbers) -> Flags:
        """(m, d): which entries are active. Conditions are complete, so one pass is enough."""
        active = np.ones(rows.shape, bool)
        for column, parents in self._conditions:
            for parent, allowed in parents:
                active[:, column] &= np.isin(rows[:, parent], allowed)
        return active

    def snapped(self, rows: Numbers) -> Numbers:
        """Rows with one canonical entry for each value."""
        for i, dim in enumerate(self.dimensions):
            if isinstance(dim, Real) and dim.n < math.inf:
                rows[:, i] = dim.snapped(rows[:, i])
        return rows

    def keys(self, rows: Numbers) -> list[bytes]:
        """Unique keys of points: rows without their inactive entries."""
        masked = np.where(self.active(rows), rows, -1.0) + 0.0  # no negative zeros
        return [row.tobytes() for row in masked]

    def points(self, rows: Numbers) -> Points:
        """Rows in the form that the kernel compares.

        An ordered parameter with a condition is on an arc of one radian around the place of
        its absence (Swersky et al. 2013, eq. 4 with rho = 1 / pi): similar active values are
        near, and all are equally far from "inactive". Every squared distance is one between
        vectors, so a stationary kernel of it is positive semi-definite.
        """
        columns = [self.dimensions[i].place(rows[:, i]) for i in self._lines]
        if self._arcs:
            active = self.active(rows)
            angles = [self.dimensions[i].place(rows[:, i]) for i in self._arcs]
            columns += [np.sin(x) * active[:, i] for i, x in zip(self._arcs, angles, strict=True)]
            columns += [np.cos(x) * active[:, i] for i, x in zip(self._arcs, angles, strict=True)]
        places = np.stack(columns, axis=1) if columns else np.empty((len(rows), 0))
        codes: Numbers = rows[:, self.unordered]
        if self._conditions and self.unordered:
            codes = np.where(self.active(rows)[:, self.unordered], codes, -1.0)
        return Points(places, codes)

    def encode(self, params: Params, rng: np.random.Generator) -> Numbers:
        """(d,) the row of a point, with random inactive entries for a search that starts there."""
        row = self.draw(rng, 1).ravel()
        for name, i in self.column.items():
            if name in params:
                row[i] = self.dimensions[i].entry(params[name])
        return row

    def decode(self, row: Numbers) -> Params:
        """The point of a row: active parameters, including constants."""
        params: Params = {}
        for name, item in self.space.items():
            if self.space.is_active(name, params):
                i = self.column.get(name)
                params[name] = item.only if i is None else self.dimensions[i].value(float(row[i]))
        return params
