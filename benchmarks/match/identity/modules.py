"""Modules: which are the user's own, what these do on import, and the versions of the others."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from crosstune.digests.code import is_own_file


def is_own_module(name: str) -> bool:
    """True for a module whose file is the user's; one without a file is an interactive session."""
    module = sys.modules.get(name)
    if module is None:
        top = name.partition(".")[0]
        if top != name and not is_own_module(top):
            return False  # and its package need not be imported to tell
        try:
            spec = find_spec(name)
        except (ImportError, ValueError, AttributeError):
            return False
        return spec is not None and spec.has_location and is_own_file(spec.origin)
    if name == "__main__":
        return True
    return is_own_file(getattr(module, "__file__", None))


def place(module: str) -> str:
    """A module in words: the main script by its file, an interactive session by nothing."""
    if module != "__main__":
        return module
    file = getattr(sys.modules["__main__"], "__file__", None)
    return Path(file).stem if file else ""


@cache
def library_version(module: str) -> tuple[str, str] | None:
    """The name and the version of the library that a module belongs to, where they can be told."""
    top = module.partition(".")[0]
    if not top or top in sys.stdlib_module_names or top == "crosstune":
        return None
    try:
        return top, version(top)
    except PackageNotFoundError:
        return None


def of_statements(module: ModuleType) -> str | None:
    """What a module does when it is imported, apart from binding names.

    None where it does nothing more, or has no source. ``if __name__ == "__main__":`` is left out.
    """
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError):
        return None
    return "\n".join(ast.dump(each) for each in tree.body if _acts(each)) or None


def _acts(statement: ast.stmt) -> bool:
    """True for a statement that calls something for its effect, or sets a part of an object."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    if isinstance(statement, ast.If) and "__name__" in ast.dump(statement.test):
        return False
    return any(
        (isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store))
        for node in ast.walk(statement)
    )
