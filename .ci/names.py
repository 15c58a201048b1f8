"""Check class names, local names and the docstrings of long signatures.

python .ci/names.py [--only classes|locals|args ...] [--root FOLDER]

classes: no class name is defined twice in the package, private and nested classes included.
locals:  no variable, argument or loop name is one of `VAGUE`.
args:    a public function with three parameters or more has `Args:` in its docstring.

Prints `file:line: message` for each fault and the number of faults per folder. Exits with 1 if
there is a fault.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from optuna.storages import BaseStorage

FOLDERS = ("crosstune", "adapters", "benchmarks", "callbacks", "samplers")
"""The package. Symbolic links in `crosstune/` to the other four are not followed."""

VAGUE = frozenset(
    {"held", "each", "found", "given", "known", "own", "past", "kept", "asked", "aside"}
)
FEWEST_PARAMETERS = 3
"""A function with so many parameters has to document them."""
OTHERS = {"ForwardingStorage": BaseStorage}
"""By class name, the base class of a library whose methods the class takes over."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Fault(NamedTuple):
    """A violation of one rule."""

    path: Path
    line: int
    message: str


def sources(root: Path) -> dict[Path, ast.Module]:
    """The parsed files of the package by their path relative to `root`."""
    trees = {}
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            relative = path.relative_to(root)
            if any((root / parent).is_symlink() for parent in relative.parents):
                continue
            trees[relative] = ast.parse(path.read_text(encoding="utf-8"), str(relative))
    return trees


def classes(trees: dict[Path, ast.Module]) -> Iterator[Fault]:
    """One fault for each definition of a class name that is defined more than once."""
    places: dict[str, list[tuple[Path, int]]] = defaultdict(list)
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append((path, node.lineno))
    for name, definitions in places.items():
        for path, line in definitions:
            others = [f"{p}:{n}" for p, n in definitions if (p, n) != (path, line)]
            if others:
                yield Fault(path, line, f"class {name} is also defined in {', '.join(others)}")


def locals_(trees: dict[Path, ast.Module]) -> Iterator[Fault]:
    """One fault for each place that binds a vague name.

    Attributes, fields in the body of a class and imported names are not checked.
    """
    for path, tree in trees.items():
        fields = _fields(tree)
        for node in ast.walk(tree):
            name, line = _bound(node)
            if name in VAGUE and node not in fields:
                yield Fault(path, line, f"`{name}` does not say what it is")


def _fields(tree: ast.Module) -> set[ast.AST]:
    """The names assigned directly in the body of a class."""
    names: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                if isinstance(statement, ast.AnnAssign):
                    names.add(statement.target)
                elif isinstance(statement, ast.Assign):
                    names.update(statement.targets)
    return names


def _bound(node: ast.AST) -> tuple[str | None, int]:
    """The name that a node binds by itself, without its children, and its line."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return node.id, node.lineno
    if isinstance(node, ast.arg):
        return node.arg, node.lineno
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        return node.name, node.lineno
    if isinstance(node, ast.MatchMapping):
        return node.rest, node.lineno
    return None, 0


def args(trees: dict[Path, ast.Module]) -> Iterator[Fault]:
    """One fault for each public function that has to document its parameters and does not.

    A constructor may do it in the docstring of its class. These are left out: a method whose
    parameters a base class in the package or in `OTHERS` documents, overloads, test functions, and
    commands of click, whose docstrings are shown to users and whose options have texts of their
    own.
    """
    bases = _documented_methods(trees)
    for path, tree in trees.items():
        if not any(_is_private(part) for part in path.with_suffix("").parts):
            yield from _args_in(path, tree, bases)


def _args_in(
    path: Path, scope: ast.Module | ast.ClassDef, documented: dict[str, set[str]], prefix: str = ""
) -> Iterator[Fault]:
    for node in _definitions(scope):
        if isinstance(node, ast.ClassDef):
            if not _is_private(node.name):
                yield from _args_in(path, node, documented, f"{prefix}{node.name}.")
            continue
        if (_is_private(node.name) and node.name != "__init__") or _is_exempt(node):
            continue
        if isinstance(scope, ast.ClassDef) and node.name in documented[scope.name]:
            continue
        count = _parameters(node, method=isinstance(scope, ast.ClassDef))
        texts = [node, scope] if node.name == "__init__" else [node]
        if count >= FEWEST_PARAMETERS and not any(map(_has_args, texts)):
            message = f"{prefix}{node.name} has {count} parameters and no `Args:` in its docstring"
            yield Fault(path, node.lineno, message)


def _documented_methods(trees: dict[Path, ast.Module]) -> dict[str, set[str]]:
    """By class name, the methods with `Args:` of the class and of its bases in the package."""
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    defined = {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}

    def documented(name: str, seen: tuple[str, ...] = ()) -> set[str]:
        if name not in defined or name in seen:
            return set()
        node = defined[name]
        methods = {item.name for item in _definitions(node) if _has_args(item)} - {"__init__"}
        library = vars(OTHERS.get(name, object)).items()
        methods.update(method for method, value in library if "Args:" in (value.__doc__ or ""))
        bases = [getattr(base, "attr", getattr(base, "id", "")) for base in node.bases]
        return methods.union(*(documented(base, (*seen, name)) for base in bases))

    return {name: documented(name) for name in defined}


def _has_args(node: ast.Module | ast.ClassDef | Function) -> bool:
    """True if the docstring has a line `Args:`."""
    return "Args:" in [line.strip() for line in (ast.get_docstring(node) or "").splitlines()]


def _definitions(scope: ast.AST) -> Iterator[ast.ClassDef | Function]:
    """The classes and functions of a scope, also those under `if`, `try` and `with`."""
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.ClassDef | Function):
            yield node
        elif isinstance(node, ast.stmt | ast.ExceptHandler):
            yield from _definitions(node)


def _is_private(name: str) -> bool:
    """True for a leading underscore, except in the names of packages and entry modules."""
    return name.startswith("_") and name not in ("__init__", "__main__")


def _is_exempt(function: Function) -> bool:
    """True for test functions, overloads and commands of click."""
    if function.name.startswith("test_"):
        return True
    for decorator in function.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
        if name in ("overload", "command", "group"):
            return True
    return False


def _parameters(function: Function, *, method: bool) -> int:
    """The number of parameters, without the `self` or `cls` of a method."""
    every = function.args
    names = [*every.posonlyargs, *every.args, *every.kwonlyargs]
    count = len(names) + (every.vararg is not None) + (every.kwarg is not None)
    static = any(getattr(item, "id", "") == "staticmethod" for item in function.decorator_list)
    return count - 1 if method and not static else count


RULES = {"classes": classes, "locals": locals_, "args": args}


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 1 if a chosen rule is violated, else 0."""
    parser = argparse.ArgumentParser(description="Check class names, local names and docstrings.")
    parser.add_argument("--only", action="append", choices=list(RULES), help="one of the rules")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1])
    options = parser.parse_args(arguments)
    trees = sources(options.root)
    if not trees:
        parser.error(f"{options.root} has none of the folders {', '.join(FOLDERS)}")
    chosen = [rule for rule in RULES if rule in (options.only or RULES)]
    counts: dict[str, Counter[str]] = {}
    for rule in chosen:
        faults = sorted(RULES[rule](trees))
        for path, line, message in faults:
            print(f"{path}:{line}: {message}")
        counts[rule] = Counter(fault.path.parent.as_posix() for fault in faults)
    return _summary(counts)


def _summary(counts: dict[str, Counter[str]]) -> int:
    """Print the number of faults of each rule per folder; 1 if there is one."""
    folders = sorted(set().union(*counts.values()))
    if not folders:
        print(f"no faults in {', '.join(counts)}")
        return 0
    width = max(len("in all"), *map(len, folders))
    print(f"\n{'folder':<{width}}" + "".join(f"{rule:>9}" for rule in counts))
    for folder in folders:
        row = "".join(f"{count[folder]:>9}" for count in counts.values())
        print(f"{folder:<{width}}{row}")
    print(f"{'in all':<{width}}" + "".join(f"{count.total():>9}" for count in counts.values()))
    return 1


if __name__ == "__main__":
    sys.exit(main())
