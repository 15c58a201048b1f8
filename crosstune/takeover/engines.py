"""The engines that `exec` can check before any library is imported.

A script may set variables that its libraries read when they are imported, such as
`OMP_NUM_THREADS` and `KERAS_BACKEND`, so nothing may be imported before its first line. Whatever
no row of the registry says (a wrong name, a library that is missing, a plug-in without a row) is
checked by importing it, which gives the exact error.
"""

from __future__ import annotations

from importlib.util import find_spec

from crosstune.engines import registry


def is_ready(backend: str, sampler: str) -> bool:
    """True if a sampler can learn the space, and the modules that it needs are installed.

    Nothing is imported. False says that only an import can tell.
    """
    for row in registry.rows():
        if row.name == backend and sampler in row.learners:
            modules = (*row.libraries, *row.learners[sampler])
            return all(find_spec(module) is not None for module in modules)
    return False


def names_sampler(name: str) -> bool:
    """True if a backend has a sampler of that name for `exec`."""
    return any(name in row.learners for row in registry.rows())
