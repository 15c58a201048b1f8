"""Rows near other rows: random mutations, and the neighbours that a local search tries."""

from __future__ import annotations

import numpy as np

from crosstune.samplers.gaussian_process.dimensions import Numbers, Options, Real
from crosstune.samplers.gaussian_process.encoding import Encoding

MANY = 12
"""Maximum number of options of a choice that are tried as neighbours; random if it has more."""


def mutations(encoding: Encoding, rows: Numbers, rng: np.random.Generator) -> Numbers:
    """Rows of the same shape with one or a few entries changed.

    Half of the changes are steps, of a random length per row, half are new draws of the prior.

    Args:
        encoding: of the rows.
        rows: (m, d).
        rng: draws the changes.
    """
    m, d = rows.shape
    changed = rng.random((m, d)) < min(1.0, 2.0 / d)
    changed[np.arange(m), rng.integers(d, size=m)] = True
    length = 10.0 ** rng.uniform(-2.5, -0.5, size=m)
    new = encoding.draw(rng, m)
    stepped = rng.random((m, d)) < 0.5
    shift = rng.standard_normal((m, d)) * length[:, None]
    for i, dim in enumerate(encoding.dimensions):
        if dim.ordered:
            near = _shifted(dim, rows[:, i], shift[:, i])
            new[:, i] = np.where(stepped[:, i], near, new[:, i])
    return np.where(changed, new, rows)


def neighbours(
    encoding: Encoding, row: Numbers, length: float, rng: np.random.Generator
) -> Numbers:
    """(m, d) rows that differ from a row in one active entry.

    A continuous parameter has two neighbours, about `length` away on either side. A stepped one has
    the next steps too, and a choice has its other options.

    Args:
        encoding: of the row.
        row: (d,).
        length: of a step, as a share of the range.
        rng: draws the steps.
    """
    active = encoding.active(row[None])[0]
    entries: list[Numbers] = []
    columns: list[int] = []
    for i, dim in enumerate(encoding.dimensions):
        if not active[i]:
            continue
        here = row[i]
        if isinstance(dim, Options):
            n = int(dim.n)
            if n <= MANY:
                tried = np.delete(np.arange(n, dtype=float), int(here))
            else:
                tried = rng.integers(n, size=MANY).astype(float)
        else:
            shift = np.array([-1.0, 1.0]) * length * rng.uniform(0.3, 1.5, size=2)
            tried = _shifted(dim, np.repeat(here, 2), shift)
            if not isinstance(dim, Real):
                tried = np.concatenate([tried, np.clip([here - 1, here + 1], 0, dim.n - 1)])
        tried = tried[tried != here]
        entries.append(tried)
        columns += [i] * len(tried)
    rows = np.repeat(row[None], len(columns), axis=0)
    if columns:
        rows[np.arange(len(columns)), columns] = np.concatenate(entries)
    return rows


def _shifted(dim: object, entries: Numbers, shift: Numbers) -> Numbers:
    """Entries of an ordered parameter moved by shares of its range."""
    if isinstance(dim, Real):
        moved = np.abs(entries + shift)
        return np.clip(np.where(moved > 1.0, 2.0 - moved, moved), 0.0, 1.0)
    n = float(dim.n)  # type: ignore[attr-defined]
    steps = np.sign(shift) * np.maximum(np.rint(np.abs(shift) * (n - 1)), 1.0)
    return np.asarray(np.clip(entries + steps, 0.0, n - 1))
