"""The user's own Optuna samplers, by the name under which a study records them.

A class is named ``module:Class``, and is imported by it, so any process can make it again. An
instance is named ``module:Class()`` and is there only in the process that it was passed to.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from crosstune.errors import RequestError, UnknownName, message_of, raised_by_user

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

_passed: dict[str, Any] = {}
"""Classes and instances that were passed in this process, by name."""


def is_sampler(value: object) -> TypeGuard[BaseSampler | type[BaseSampler]]:
    """True for an Optuna sampler, and for a class of them."""
    from optuna.samplers import BaseSampler

    return isinstance(value, BaseSampler) or (
        isinstance(value, type) and issubclass(value, BaseSampler)
    )


def name_of(sampler: BaseSampler | type[BaseSampler]) -> str:
    """The name of a sampler or a class of them, which `found_by` finds in this process.

    >>> import optuna
    >>> name_of(optuna.samplers.RandomSampler)
    'optuna.samplers._random:RandomSampler'
    """
    kind = sampler if isinstance(sampler, type) else type(sampler)
    name = f"{kind.__module__}:{kind.__qualname__}"
    if not isinstance(sampler, type):
        name += "()"
        number = 1
        while _passed.get(name, sampler) is not sampler:
            number += 1
            name = f"{kind.__module__}:{kind.__qualname__}()#{number}"
    _passed[name] = sampler
    return name


def is_name(name: str) -> bool:
    """True if a name is that of a user's sampler: it has a colon, as no engine's has."""
    return ":" in name


def is_instance(name: str) -> bool:
    """True for the name of an instance."""
    return is_name(name) and "(" in name


def has_module(name: str) -> bool:
    """True if the package or module of a name ``module:Class`` exists; nothing is imported."""
    _look_here()
    try:
        return find_spec(name.partition(":")[0].partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False


def found_by(name: str) -> BaseSampler | type[BaseSampler]:
    """The sampler, or the class, of a name.

    Raises:
        UnknownName: there is none, with the reason.
    """
    if name in _passed:
        return _passed[name]  # type: ignore[no-any-return]
    if is_instance(name):
        raise UnknownName(
            f"the sampler {name} was an instance in another process. Pass it again, or its class"
        )
    _look_here()
    module, _, attribute = name.partition(":")
    with raised_by_user(lambda why: RequestError(f"{module!r} cannot be imported: {why}")):
        try:
            value: Any = importlib.import_module(module)
            for part in attribute.split("."):
                value = getattr(value, part)
        except (ImportError, AttributeError) as error:
            raise UnknownName(f"no sampler {name!r}: {message_of(error)}") from error
    if not is_sampler(value):
        raise UnknownName(
            f"{name!r} is no sampler, but {value!r}. A class derived from "
            "optuna.samplers.BaseSampler is needed"
        )
    return value


def maker(name: str) -> Callable[..., Any]:
    """The callable whose keyword arguments are the options; an instance has none."""
    value = found_by(name)
    return value if isinstance(value, type) else lambda: value


def made(name: str, seed: int | None, options: Mapping[str, Any]) -> BaseSampler:
    """The sampler of a name.

    Args:
        name: of a class or an instance.
        seed: passed to a class that takes one.
        options: keyword arguments of the class.

    Raises:
        UnknownName: there is no such sampler.
        RequestError: it cannot be made.
    """
    value = found_by(name)
    if not isinstance(value, type):
        return value
    keys = {"seed": seed} if takes_seed(name) else {}
    with raised_by_user(lambda why: RequestError(f"the sampler {name} cannot be made: {why}")):
        return value(**options, **keys)


def takes_seed(name: str) -> bool:
    """True if a class has an argument `seed`; an instance has its own."""
    value = found_by(name)
    return isinstance(value, type) and "seed" in inspect.signature(value).parameters


def notes_on(name: str) -> list[str]:
    """Sentences for the user on a sampler that crosstune cannot seed."""
    if is_instance(name):
        return [f"{name} has its own seed, and cannot be made again from the study's record"]
    if not takes_seed(name):
        return [f"{name} takes no seed, so another run has other trials"]
    return []


def _look_here() -> None:
    """Let modules in the working folder be imported, as for a spec's objective."""
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
