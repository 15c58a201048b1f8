"""Seeds of copies of a sampler, so that no copy proposes the points of another.

A sampler is copied by pickling and by forking a process. A copy does not take the native object
along; it builds a new engine from the ledger. Its seed is shifted by the number of proposals that
the original had made, and by the number of the first trial that the copy proposes for. So several
workers with a copy each begin at different trials and propose different points. A copy of a
sampler that has proposed nothing behaves like the original.
"""

from __future__ import annotations

import os
import secrets
from typing import Any
from weakref import WeakSet

from optuna.samplers import BaseSampler

from crosstune.engines.seeds import derived_seed


class Lineage:
    """The history of a sampler that may be a copy.

    Attributes:
        asked: how many proposals the original had made when it was copied.
        is_copy: whether the sampler is a copy.
        first: the first trial that the copy proposes for; None before.
        reseeded: the number drawn by `reseed_rng`; None if it was not called.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.is_copy = False
        self.first: int | None = None
        self.reseeded: int | None = None

    def become_copy(self, proposals: int) -> None:
        """Become a copy of a sampler that had made some proposals."""
        self.asked = proposals
        self.is_copy = True
        self.first = None

    def reseed(self) -> None:
        """Draw a number that makes this copy different from every other one."""
        self.reseeded = secrets.randbits(32)

    def note(self, trial: int) -> None:
        """Note the number of a trial that the sampler proposes for."""
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
        """The state, for `thaw`."""
        return self.asked, self.is_copy, self.first, self.reseeded

    def thaw(self, frozen: tuple[Any, ...]) -> None:
        """Restore a frozen state; older snapshots have no `reseeded`."""
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
    """Give each copy of a sampler random points of its own from now on.

    A sampler without a seed draws its random state in the process that uses it. If it is replaced
    by one with a drawn seed, so that the run can be repeated, all copies would propose the same
    points.
    """
    if hasattr(sampler, "copies_differ"):
        sampler.copies_differ = True
    else:
        setattr(sampler, _MARK, True)
        _reseeding.add(sampler)


def reseed_copy(sampler: BaseSampler) -> None:
    """Reseed an unpickled sampler of Optuna, if its copies are to differ."""
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
