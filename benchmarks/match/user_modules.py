"""The user's modules and their effects on import, and the versions of libraries."""

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
    """True for a module in a file of the user, and for an interactive session."""
    module = sys.modules.get(name)
    if module is None:
        top = name.partition(".")[0]
        if top != name and not is_own_module(top):
            return False  # without importing the package
        try:
            spec = find_spec(name)
        except (ImportError, ValueError, AttributeError):
            return False
        return spec is not None and spec.has_location and is_own_file(spec.origin)
    if name == "__main__":
        return True
    return is_own_file(getattr(module, "__file__", None))


def place(module: str) -> str:
    """The label of a module: the file of the main script, "" for an interactive session."""
    if module != "__main__":
        return module
    file = getattr(sys.modules["__main__"], "__file__", None)
    return Path(file).stem if file else ""


@cache
def library_version(module: str) -> tuple[str, str] | None:
    """The name and version of the library that a module belongs to, if known."""
    top = module.partition(".")[0]
    if not top or top in sys.stdlib_module_names or top == "crosstune":
        return None
    try:
        return top, version(top)
    except PackageNotFoundError:
        return None


def of_statements(module: ModuleType) -> str | None:
    """The statements of a module that do more on import than bind names.

    None without such statements or without source. ``if __name__ == "__main__":`` is left out.
    """
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError):
        return None
    return "\n".join(ast.dump(statement) for statement in tree.body if _acts(statement)) or None


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
