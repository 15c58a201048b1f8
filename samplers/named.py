"""A sampler by the name of its engine, for a study without a declared space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optuna.samplers import BaseSampler

from crosstune.engines import registry as adapters
from crosstune.engines import user_samplers
from crosstune.engines.base import Adapter
from crosstune.errors import Unsupported
from crosstune.samplers.engine import EngineSampler
from crosstune.samplers.scalarisation import SCALARISE


def named_sampler(
    name: str, seed: int | None = None, options: Mapping[str, Any] | None = None
) -> BaseSampler:
    """The sampler named ``backend``, ``backend:algorithm``, or by an algorithm of Optuna.

    Optuna's own samplers are returned as they are; any other engine learns the space from the
    trials.

    Args:
        name: its algorithm is a role (random, bayesian) or a native name; a backend alone stands
            for its bayesian algorithm.
        seed: any integer; None for a random one.
        options: keyword arguments of the algorithm.

    Raises:
        RequestError: it does not exist, has no such option, or see `check_learns`.

    >>> named_sampler("optuna:random", seed=0)
    <optuna.samplers._random.RandomSampler object at ...>
    >>> named_sampler("hyperopt").label
    'hyperopt:tpe'
    """
    adapter, algorithm = named_algorithm(name)
    check_learns(adapter, algorithm)
    options = dict(options or {})
    direct = None
    if SCALARISE not in options:
        direct = adapter.sampler(algorithm, None, seed=seed, options=options)
    return direct or EngineSampler(adapter, algorithm, seed=seed, options=options)


def named_algorithm(name: str) -> tuple[Adapter, str]:
    """The backend and native name for ``backend``, ``backend:algorithm`` or an algorithm.

    A user's own sampler is ``module:Class``, of the backend "optuna".

    Raises:
        RequestError: it does not exist, or its library is missing.
    """
    backend, colon, algorithm = name.partition(":")
    if not colon and backend.replace("-", "_") not in adapters.names():
        backend, algorithm = adapters.HOST, backend
    is_backend = backend.replace("-", "_") in adapters.names() or backend in adapters.unlisted()
    if colon and not is_backend and user_samplers.has_module(name):
        backend, algorithm = adapters.HOST, name  # module:Class
    adapter = adapters.get(backend.replace("-", "_"))
    return adapter, adapter.algorithm(algorithm or "bayesian")


def check_learns(adapter: Adapter, algorithm: str) -> None:
    """Raise Unsupported for an algorithm that has to know the space before the first trial."""
    declared = adapter.algorithms[algorithm]
    if declared.exhaustive or declared.scheduler:
        what = "a scheduler" if declared.scheduler else "a walk through a space"
        raise Unsupported(
            f"{adapter.name}:{algorithm} is {what}, and has to know the space before the first "
            "trial. Declare one in a spec, or choose another sampler"
        )
