"""A sampler by the name of its engine, for a study whose space nobody has declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optuna.samplers import BaseSampler

from crosstune.engines import registry as adapters
from crosstune.engines.base import Adapter
from crosstune.errors import Unsupported
from crosstune.samplers.engine import EngineSampler


def named_sampler(
    name: str, seed: int | None = None, options: Mapping[str, Any] | None = None
) -> BaseSampler:
    """The sampler behind ``backend``, ``backend:algorithm``, or an algorithm of Optuna.

    Optuna's own come as they are; any other engine learns the space from the trials.

    Args:
        name: the algorithm in it is a role (random, bayesian) or a native name; a backend alone
            is its bayesian.
        seed: any integer; None for a random one.
        options: keyword arguments of the algorithm.

    Raises:
        RequestError: there is none, an option is not its own, or see `check_learns`.

    >>> named_sampler("optuna:random", seed=0)
    <optuna.samplers._random.RandomSampler object at ...>
    >>> named_sampler("hyperopt").label
    'hyperopt:tpe'
    """
    adapter, algorithm = named_algorithm(name)
    check_learns(adapter, algorithm)
    options = dict(options or {})
    direct = adapter.sampler(algorithm, None, seed=seed, options=options)
    return direct or EngineSampler(adapter, algorithm, seed=seed, options=options)


def named_algorithm(name: str) -> tuple[Adapter, str]:
    """The backend and the native name behind ``backend``, ``backend:algorithm`` or an algorithm.

    Raises:
        RequestError: there is none, or its library is missing.
    """
    backend, colon, algorithm = name.partition(":")
    if not colon and backend.replace("-", "_") not in adapters.names():
        backend, algorithm = adapters.HOST, backend
    adapter = adapters.get(backend.replace("-", "_"))
    return adapter, adapter.algorithm(algorithm or "bayesian")


def check_learns(adapter: Adapter, algorithm: str) -> None:
    """Raise Unsupported for an algorithm that has to know the space before the first trial."""
    known = adapter.algorithms[algorithm]
    if known.exhaustive or known.scheduler:
        what = "a scheduler" if known.scheduler else "a walk through a space"
        raise Unsupported(
            f"{adapter.name}:{algorithm} is {what}, and has to know the space before the first "
            "trial. Declare one in a spec, or choose another sampler"
        )
