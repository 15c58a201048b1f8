"""What code uses by name, and what a module does when it is imported."""

from __future__ import annotations

import ast
import dis
import inspect
from types import CodeType, ModuleType


def names(code: CodeType) -> set[str]:
    """Every name of a global, an attribute or an import in a function and those inside it."""
    inner = (const for const in code.co_consts if isinstance(const, CodeType))
    return set(code.co_names).union(*map(names, inner))


def imports(code: CodeType) -> set[str]:
    """The modules that a function imports when it runs."""
    found = {each.argval for each in dis.get_instructions(code) if each.opname == "IMPORT_NAME"}
    return found.union(*(imports(c) for c in code.co_consts if isinstance(c, CodeType)))


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
