"""Rows near other rows: mutations drawn at random, and the neighbours that a local search tries."""

from __future__ import annotations

import numpy as np

from crosstune.samplers.gaussian_process.dimensions import Numbers, Options, Real
from crosstune.samplers.gaussian_process.encoding import Encoding

MANY = 12
"""Of a choice of more options so many are tried as neighbours, drawn at random."""


def mutations(encoding: Encoding, rows: Numbers, rng: np.random.Generator) -> Numbers:
    """Rows of the same shape with one or a few entries changed.

    Half the changes are steps, of a length drawn for each row, half are new draws of the prior.
    """
    m, d = rows.shape
    changed = rng.random((m, d)) < min(1.0, 2.0 / d)
    changed[np.arange(m), rng.integers(d, size=m)] = True
    length = 10.0 ** rng.uniform(-2.5, -0.5, size=m)
    new = encoding.draw(rng, m)
    stepped = rng.random((m, d)) < 0.5
    shift = rng.standard_normal((m, d)) * length[:, None]
    for i, each in enumerate(encoding.dimensions):
        if each.ordered:
            near = _shifted(each, rows[:, i], shift[:, i])
            new[:, i] = np.where(stepped[:, i], near, new[:, i])
    return np.where(changed, new, rows)


def neighbours(
    encoding: Encoding, row: Numbers, length: float, rng: np.random.Generator
) -> Numbers:
    """(m, d) rows that differ from a row in one active entry.

    Of a stepped parameter the next steps and one at about `length`, of a continuous one two
    places about `length` away on either side, of a choice the other options.
    """
    active = encoding.active(row[None])[0]
    entries: list[Numbers] = []
    columns: list[int] = []
    for i, each in enumerate(encoding.dimensions):
        if not active[i]:
            continue
        here = row[i]
        if isinstance(each, Options):
            n = int(each.n)
            if n <= MANY:
                tried = np.delete(np.arange(n, dtype=float), int(here))
            else:
                tried = rng.integers(n, size=MANY).astype(float)
        else:
            shift = np.array([-1.0, 1.0]) * length * rng.uniform(0.3, 1.5, size=2)
            tried = _shifted(each, np.repeat(here, 2), shift)
            if not isinstance(each, Real):
                tried = np.concatenate([tried, np.clip([here - 1, here + 1], 0, each.n - 1)])
        tried = tried[tried != here]
        entries.append(tried)
        columns += [i] * len(tried)
    found = np.repeat(row[None], len(columns), axis=0)
    if columns:
        found[np.arange(len(columns)), columns] = np.concatenate(entries)
    return found


def _shifted(each: object, entries: Numbers, shift: Numbers) -> Numbers:
    """Entries of an ordered parameter moved by shares of its range."""
    if isinstance(each, Real):
        moved = np.abs(entries + shift)
        return np.clip(np.where(moved > 1.0, 2.0 - moved, moved), 0.0, 1.0)
    n = float(each.n)  # type: ignore[attr-defined]
    steps = np.sign(shift) * np.maximum(np.rint(np.abs(shift) * (n - 1)), 1.0)
    return np.asarray(np.clip(entries + steps, 0.0, n - 1))
