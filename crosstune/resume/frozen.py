"""A sampler and a pruner with their state as bytes, and back."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.study import Study

from crosstune.samplers.engine import EngineSampler
from crosstune.samplers.timed import untimed


@dataclass(frozen=True)
class Frozen:
    """The state of a run after a number of trials.

    Attributes:
        search: of an engine's sampler, the state of its search; else the sampler itself.
        pruner: with its state.
        system_attrs: of the study, where samplers keep theirs.
    """

    search: Any
    pruner: BasePruner
    system_attrs: Mapping[str, Any]


def freeze(study: Study, system_attrs: Mapping[str, Any]) -> bytes:
    """A study's sampler and pruner as bytes.

    Raises:
        Exception: something in them cannot be pickled.
    """
    sampler = study.sampler
    search = sampler.freeze(study) if isinstance(sampler, EngineSampler) else untimed(sampler)
    return _dumps()(Frozen(search, study.pruner, dict(system_attrs)))


def thaw(content: bytes) -> Frozen:
    """The state that `freeze` wrote. Unpickling runs code, so the bytes have to be one's own.

    Raises:
        Exception: a class in it has changed.
    """
    frozen = pickle.loads(content)
    if not isinstance(frozen, Frozen):
        raise TypeError("it holds something else")
    return frozen


def install(study: Study, frozen: Frozen, fresh: BaseSampler) -> None:
    """Give a study its frozen sampler and pruner.

    Args:
        study: to be changed.
        frozen: from `thaw`.
        fresh: a sampler of the same engine that was never asked.
    """
    if isinstance(fresh, EngineSampler):
        fresh.thaw(study, frozen.search)
        study.sampler = fresh
    else:
        study.sampler = frozen.search
    study.pruner = frozen.pruner


def _dumps() -> Callable[[Any], bytes]:
    """cloudpickle if it is installed: the lambdas in Keras Tuner's oracles need it."""
    try:
        import cloudpickle  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        return pickle.dumps
    return cloudpickle.dumps  # type: ignore[no-any-return, unused-ignore]
