"""Takes over each library when the script imports it, here and in the processes it starts."""

from __future__ import annotations

import functools
import importlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import wrapt

from crosstune.takeover import shared as shared  # notes when this process started

if TYPE_CHECKING:
    from crosstune.takeover.choice import ScriptEngine

_VARIABLE = "CROSSTUNE_EXEC"
"""The environment variable for processes that the script starts, as JSON:

- ``choice``: the arguments of `ScriptEngine`;
- ``takeovers``: see `takeovers`.
"""

_STARTUP = Path(__file__).parent / "startup"


def install(**choice: Any) -> None:
    """Take over this process, and those that it will start.

    Args:
        choice: the arguments of `ScriptEngine`.

    Raises:
        RequestError: see `ScriptEngine`.
    """
    from crosstune.takeover.choice import ScriptEngine

    made = ScriptEngine(**choice)
    libraries = takeovers()
    _take_over_when_imported(libraries, lambda: made)
    os.environ[_VARIABLE] = json.dumps({"choice": choice, "takeovers": libraries})
    others = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(_STARTUP), *([others] if others else [])])


def install_in_worker() -> None:
    """Take over a process that the script started; cheap if it imports none of the libraries."""
    settings = json.loads(os.environ[_VARIABLE])

    @functools.cache
    def make() -> ScriptEngine:
        from crosstune.takeover.choice import ScriptEngine

        return ScriptEngine(**settings["choice"], worker=True)

    _take_over_when_imported(settings["takeovers"], make)


def takeovers() -> dict[str, str]:
    """For each library the function that takes it over, as ``module:name``."""
    from crosstune.engines import registry

    return {row.libraries[0]: row.takeover for row in registry.rows() if row.takeover}


_made: list[Callable[[], ScriptEngine]] = []
"""The last is used: a process that a script starts may itself be `crosstune exec`."""


def _take_over_when_imported(
    libraries: Mapping[str, str], make: Callable[[], ScriptEngine]
) -> None:
    """Call the takeover of each library once it is imported.

    It gets a function that makes the engine, since making it may import the same library.
    """
    _made.append(make)
    if len(_made) > 1:
        return

    def hook(module: ModuleType) -> None:
        target, _, name = libraries[module.__name__].partition(":")
        getattr(importlib.import_module(target), name)(lambda: _made[-1]())

    for library in libraries:
        wrapt.register_post_import_hook(hook, library)
