"""What tells the copies of a sampler apart, so that none proposes the points of another.

A sampler is copied by pickling it, and by a process that forks. A copy leaves the native object
behind and builds a new engine from the ledger. Its seed is shifted by the number of proposals that
the first sampler had made, and by the first trial that the copy proposes for. So several workers
that each got a copy begin at different trials and propose different points. A copy of a sampler
that has proposed nothing is like the sampler from the first trial on.
"""

from __future__ import annotations

import os
import secrets
from typing import Any
from weakref import WeakSet

from optuna.samplers import BaseSampler

from crosstune.engines.seeds import derived_seed


class Lineage:
    """Of what a sampler is a copy.

    Attributes:
        asked: how many proposals the sampler had made of which this one is a copy.
        is_copy: whether it is one.
        first: the first trial that a copy proposes for; None before.
        reseeded: what `reseed_rng` drew; None where it was not called.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.is_copy = False
        self.first: int | None = None
        self.reseeded: int | None = None

    def become_copy(self, asked: int) -> None:
        """Be a copy of a sampler that had made so many proposals."""
        self.asked = asked
        self.is_copy = True
        self.first = None

    def reseed(self) -> None:
        """Be different from every other copy."""
        self.reseeded = secrets.randbits(32)

    def note(self, trial: int) -> None:
        """Know a trial that is proposed for."""
        if self.is_copy and self.first is None:
            self.first = trial

    def seed(self, seed: int | None) -> int | None:
        """The seed of a new engine, or of a single draw."""
        shift: tuple[int, ...] = (self.asked, self.first or 0)
        if self.reseeded is not None:
            shift = (*shift, self.reseeded)
        if seed is None or shift == (0, 0):
            return seed
        return derived_seed(seed, *shift)

    def freeze(self) -> tuple[Any, ...]:
        """For `thaw`."""
        return self.asked, self.is_copy, self.first, self.reseeded

    def thaw(self, frozen: tuple[Any, ...]) -> None:
        """Be as the one that was frozen; an older snapshot has no `reseeded`."""
        self.asked, self.is_copy, self.first, self.reseeded = (*frozen, None)[:4]


_MARK = "crosstune_copies_differ"
"""An attribute of Optuna's own samplers, which is pickled with them."""

_forking: WeakSet[Any] = WeakSet()
"""Engines' samplers, each with a method `forked`."""

_reseeding: WeakSet[BaseSampler] = WeakSet()
"""Optuna's own samplers whose copies differ."""


def differ_after_fork(sampler: Any) -> None:
    """Call `sampler.forked()` in each process that is forked from this one."""
    _forking.add(sampler)


def let_copies_differ(sampler: BaseSampler) -> None:
    """Give each copy of a sampler random points of its own from here on.

    A sampler that nobody seeds takes its random state in the process that uses it. Where one with
    a seed that was drawn stands in its place, so that the run can be repeated, its copies would all
    propose the same.
    """
    if hasattr(sampler, "copies_differ"):
        sampler.copies_differ = True
    else:
        setattr(sampler, _MARK, True)
        _reseeding.add(sampler)


def reseed_copy(sampler: BaseSampler) -> None:
    """Reseed a sampler of Optuna's own that was unpickled, if its copies are to differ."""
    if getattr(sampler, _MARK, False):
        _reseeding.add(sampler)
        sampler.reseed_rng()


def _in_child() -> None:
    for sampler in list(_forking):
        sampler.forked()
    for sampler in list(_reseeding):
        sampler.reseed_rng()


if hasattr(os, "register_at_fork"):  # Windows does not fork.
    os.register_at_fork(after_in_child=_in_child)
