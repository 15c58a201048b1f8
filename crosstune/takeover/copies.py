"""Copies of a study that the script does not seed: each proposes points of its own.

A sampler without a seed, which Optuna gives such a study, takes its random state in the process
that uses it. The one in its place has a seed, so that the run can be repeated. Therefore it is
reseeded in each process that forks, and in each study that is unpickled.
"""

from __future__ import annotations

import os
from weakref import WeakSet

from optuna.samplers import BaseSampler

from crosstune.samplers.engine import EngineSampler

_MARK = "crosstune_copies_differ"
"""An attribute of Optuna's own samplers, which is pickled with them."""

_alive: WeakSet[BaseSampler] = WeakSet()


def let_copies_differ(sampler: BaseSampler) -> None:
    """Give each copy of a sampler random points of its own from here on."""
    if isinstance(sampler, EngineSampler):
        sampler.copies_differ = True
    else:
        setattr(sampler, _MARK, True)
        _alive.add(sampler)


def reseed_copy(sampler: BaseSampler) -> None:
    """Reseed a sampler that was unpickled, if its copies are to differ."""
    if getattr(sampler, _MARK, False):
        _alive.add(sampler)
        sampler.reseed_rng()


def _in_child() -> None:
    for sampler in list(_alive):
        sampler.reseed_rng()


if hasattr(os, "register_at_fork"):  # Windows does not fork.
    os.register_at_fork(after_in_child=_in_child)
