"""``module:name``: how a spec names a function, a class or a space in Python."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

from crosstune.errors import RequestError, message_of, no_such, raised_by_user


def find(target: str, folder: Path | None) -> Any:
    """The object at ``module:name``; the module is looked for in `folder` first.

    Raises:
        RequestError: it does not import, or has no such name.
    """
    module_name, colon, attribute = target.partition(":")
    if not colon or not re.fullmatch(r"[^./\\:]+(\.[^./\\:]+)*", module_name) or not attribute:
        raise RequestError(
            f"an objective is written module:function, such as train:score for the function score "
            f"in train.py, not {target!r}"
        )
    if folder is not None and str(folder) not in sys.path:
        # As Python does for a script: the objective may import its neighbours at any time.
        sys.path.insert(0, str(folder))
    where = f"beside the spec in {folder} or installed" if folder else "installed"
    _check_not_shadowed(module_name.partition(".")[0], folder)
    with raised_by_user(lambda why: RequestError(f"importing {module_name!r} failed: {why}")):
        try:
            resolved = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            absent = error.name
            if absent and (module_name == absent or module_name.startswith(f"{absent}.")):
                raise RequestError(f"{target!r}: there is no module {absent!r} {where}") from error
            raise RequestError(f"importing {module_name!r} failed: {message_of(error)}") from error
    for part in attribute.split("."):
        try:
            resolved = getattr(resolved, part)
        except AttributeError:
            public = [name for name in dir(resolved) if not name.startswith("_")]
            hint = no_such("name", part, public)
            raise RequestError(f"{target!r}: {module_name} has {hint}") from None
    return resolved


def _check_not_shadowed(module: str, folder: Path | None) -> None:
    """Raise if Python would use another module than the one beside the spec."""
    if folder is None or module not in sys.modules:
        return
    beside = [path for path in (folder / f"{module}.py", folder / module) if path.exists()]
    loaded = getattr(sys.modules[module], "__file__", None)
    if beside and folder not in Path(loaded or "/").resolve().parents:
        raise RequestError(
            f"{beside[0]} cannot be used: another module {module!r} is imported already, from "
            f"{loaded or 'Python itself'}. Rename it"
        )
