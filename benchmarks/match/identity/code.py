"""A digest of code that comments, formatting and docstrings do not change."""

from __future__ import annotations

import ast
import dis
import hashlib
import inspect
from collections.abc import Iterator
from types import CodeType, ModuleType

_NO_WORK = ("CACHE", "EXTENDED_ARG", "NOP", "RESUME")


def of_function(code: CodeType) -> str:
    """The digest of a function's instructions, with those of the functions inside it."""
    return digest("\n".join(_instructions(code)))


def digest(text: str) -> str:
    """Sixteen hexadecimal digits of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _instructions(code: CodeType) -> Iterator[str]:
    yield f"{code.co_argcount} {code.co_posonlyargcount} {code.co_kwonlyargcount}"
    yield f"{code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]} {code.co_flags & 0xF}"
    for each in dis.get_instructions(code):
        if each.opname in _NO_WORK:
            continue
        if isinstance(each.argval, CodeType):
            yield from _instructions(each.argval)
        else:
            yield f"{each.opname} {_constant(each.argval)}"


def _constant(value: object) -> str:
    """A constant in words; the order of a set differs from process to process."""
    return repr(sorted(map(repr, value)) if isinstance(value, frozenset) else value)


def names(code: CodeType) -> set[str]:
    """Every name of a global, an attribute or an import in a function and those inside it."""
    inner = (const for const in code.co_consts if isinstance(const, CodeType))
    return set(code.co_names).union(*map(names, inner))


def imports(code: CodeType) -> set[str]:
    """The modules that a function imports when it runs."""
    found = {each.argval for each in dis.get_instructions(code) if each.opname == "IMPORT_NAME"}
    return found.union(*(imports(c) for c in code.co_consts if isinstance(c, CodeType)))


def of_statements(module: ModuleType) -> str | None:
    """The digest of what a module does when it is imported, apart from binding names.

    None where it does nothing more, or has no source. ``if __name__ == "__main__":`` is left out.
    """
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError):
        return None
    done = [ast.dump(each) for each in tree.body if _acts(each)]
    return digest("\n".join(done)) if done else None


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
