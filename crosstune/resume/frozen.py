"""A sampler and a pruner as bytes, with all that has become of them, and back."""

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
    """What a run has become after a number of trials.

    Attributes:
        search: of an engine's sampler, what became of its search; else the sampler itself.
        pruner: as it was.
        system_attrs: what samplers remember of the study.
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
    """What `freeze` has kept. Reading it runs what it says: it has to be one's own.

    Raises:
        Exception: a class in it is not what it was.
    """
    frozen = pickle.loads(content)
    if not isinstance(frozen, Frozen):
        raise TypeError("it holds something else")
    return frozen


def install(study: Study, frozen: Frozen, fresh: BaseSampler) -> None:
    """Give a study its frozen sampler and pruner.

    Args:
        fresh: a sampler of the same engine that was never asked.
    """
    if isinstance(fresh, EngineSampler):
        fresh.thaw(study, frozen.search)
        study.sampler = fresh
    else:
        study.sampler = frozen.search
    study.pruner = frozen.pruner


def _dumps() -> Callable[[Any], bytes]:
    """Keras Tuner's oracles hold lambdas, for which it takes cloudpickle."""
    try:
        import cloudpickle  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        return pickle.dumps
    return cloudpickle.dumps  # type: ignore[no-any-return, unused-ignore]
