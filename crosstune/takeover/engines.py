"""The engines that `exec` can check before any library is imported.

A script may set variables that its libraries read when they are imported, such as
`OMP_NUM_THREADS` and `KERAS_BACKEND`, so nothing may be imported before its first line. Whatever
is not in this table (a wrong name, a library that is missing, a plug-in) is checked by importing
it, which gives the exact error.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

LEARN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "optuna": {
        "tpe": (),
        "tpe-v4": (),
        "gp": ("torch", "scipy"),
        "cmaes": ("cmaes",),
        "nsga2": (),
        "qmc": ("scipy",),
        "random": (),
        "bayesian": (),
    },
    "hyperopt": {"tpe": (), "rand": (), "anneal": (), "mix": (), "random": (), "bayesian": ()},
    "keras_tuner": {
        "random": (),
        "bayesian": ("sklearn", "scipy"),
    },
    "crosstune": {
        "random": (),
        "gp": ("scipy", "threadpoolctl"),
        "bayesian": ("scipy", "threadpoolctl"),
    },
}
"""The built-in samplers that need not be told the space, with the modules that each needs.

`tests/journeys/exec/test_world.py` compares it with what the adapters declare.
"""

_LIBRARIES = {"keras_tuner": ("keras_tuner", "keras", "six"), "hyperopt": ("hyperopt",)}


def is_ready(backend: str, sampler: str) -> bool:
    """True if a sampler of a built-in backend can learn the space, and its modules are installed.

    Nothing is imported. False says that only an import can tell.
    """
    needs = LEARN.get(backend, {}).get(sampler)
    if needs is None:
        return False
    return all(find_spec(module) is not None for module in (*_LIBRARIES.get(backend, ()), *needs))


def names_sampler(name: str) -> bool:
    """True if a built-in backend has a sampler of that name for `exec`."""
    return any(name in samplers for samplers in LEARN.values())
