"""Callbacks that a spec names: Optuna's, called with the study and the finished trial."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from optuna.study import Study
from optuna.trial import FrozenTrial

from crosstune.errors import RequestError, SpecError, raised_by_user
from crosstune.spec.import_path import find

Callback = Callable[[Study, FrozenTrial], None]


class CallbackEntry(Protocol):
    """An item of `callbacks` in a spec."""

    @property
    def name(self) -> str:
        """``module:function``, or ``module:Class``."""

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of the class."""


def made(entries: Iterable[CallbackEntry], folder: Path | None) -> tuple[Callback, ...]:
    """The callbacks of a spec. A class is called with its options, a function is taken as it is.

    Args:
        entries: of the spec.
        folder: of the spec's file, where modules are looked for first.

    Raises:
        RequestError: one does not import, its class raises, or it cannot be called.
    """
    return tuple(_made(i, entry, folder) for i, entry in enumerate(entries))


def _made(i: int, entry: CallbackEntry, folder: Path | None) -> Callback:
    where = ("callbacks", i)
    try:
        target = find(entry.name, folder)
    except SpecError:
        raise
    except RequestError as error:
        raise SpecError(str(error), where) from error
    if inspect.isclass(target):
        with raised_by_user(partial(_failed, entry.name, i)):
            target = target(**entry.options)
    elif entry.options:
        raise SpecError(f"{entry.name} is no class, so it takes no options", where)
    if not callable(target):
        raise SpecError(f"{entry.name} cannot be called with a study and a trial", where)
    callback: Callback = target
    return callback


def _failed(name: str, i: int, why: str) -> SpecError:
    return SpecError(f"{name}() failed: {why}", ("callbacks", i))


@contextmanager
def entered(callbacks: Sequence[Callback]) -> Iterator[None]:
    """The time in which callbacks are used: those that are context managers are entered."""
    with ExitStack() as stack:
        for callback in callbacks:
            if hasattr(callback, "__enter__") and hasattr(callback, "__exit__"):
                stack.enter_context(callback)
        yield
