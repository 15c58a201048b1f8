"""Takes over each library when the script imports it, here and in the processes it starts."""

from __future__ import annotations

import functools
import importlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import wrapt

from crosstune.takeover import shared as shared  # notes when this process started

if TYPE_CHECKING:
    from crosstune.takeover.choice import Choice

LIBRARIES = ("optuna", "hyperopt", "keras_tuner")
"""Each has a file of its name here, with a function `take_over`.

It is handed a function to the choice, not the choice: making that may import the very library.
"""

_VARIABLE = "CROSSTUNE_EXEC"
"""What a process that the script starts finds in its environment: the arguments of `Choice`."""

_STARTUP = Path(__file__).parent / "startup"


def install(**choice: Any) -> None:
    """Take over this process, and those that it will start.

    Args:
        choice: the arguments of `Choice`.

    Raises:
        RequestError: see `Choice`.
    """
    from crosstune.takeover.choice import Choice

    made = Choice(**choice)
    _take_over_when_imported(lambda: made)
    os.environ[_VARIABLE] = json.dumps(choice)
    others = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(_STARTUP), *([others] if others else [])])


def install_in_worker() -> None:
    """Take over a process that the script started; cheap where it imports none of the libraries."""
    arguments = json.loads(os.environ[_VARIABLE])

    @functools.cache
    def make() -> Choice:
        from crosstune.takeover.choice import Choice

        return Choice(**arguments, worker=True)

    _take_over_when_imported(make)


_made: list[Callable[[], Choice]] = []
"""The last is in force: a process that a script starts may itself be `crosstune exec`."""


def _take_over_when_imported(make: Callable[[], Choice]) -> None:
    _made.append(make)
    if len(_made) > 1:
        return

    def hook(module: ModuleType) -> None:
        takeover = importlib.import_module(f"crosstune.adapters.{module.__name__}.takeover")
        takeover.take_over(lambda: _made[-1]())

    for library in LIBRARIES:
        wrapt.register_post_import_hook(hook, library)
