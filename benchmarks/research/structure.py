"""Measures the structure of a checkout: sizes, call paths, and the files that a change touches.

    python benchmarks/research/structure.py all --root CHECKOUT [--python PATH] [--json]

The script imports nothing of crosstune and measures every checkout by the same rules:

- lines: lines of .py files per folder without blank lines, loose modules, files over 300 lines
  (blank lines counted), files named for an engine, class names defined more than once.
- calls: calls of the project's functions before the first call of Hyperopt's algorithm, and during
  one later trial. `structure_trace.py` defines what counts as a call.
- walk: calls that receive the Spec after `crosstune.tune` was called, and how often the next call
  lies in a higher layer. `structure_trees.json` lists the layers.
- changes: per kind of change, the files that mention a comparable feature that already exists.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TOP = ("adapters", "samplers", "callbacks", "benchmarks", "crosstune")
LONG = 300
ENGINES = {"hyperopt": "hyperopt", "keras_tuner": "keras", "optuna": "optuna"}
"""The word in a path by which a file is named for an engine."""

TREES = json.loads((HERE / "structure_trees.json").read_text(encoding="utf-8"))
"""The paths of the research, and the layers from the ground up, before the rebuild (the rows of
docs/architecture.md then) and after it. The longest matching entry decides a file's layer."""

CHANGES: dict[str, tuple[str, str]] = {
    "an option for Hyperopt's TPE": (r"\bFAST\b|'fast'", r"hyperopt|\bFAST ="),
    "a column in the run's table": (r"\w*table\(study\b", ""),
    "a pruner by name": (r"\bPatientPruner\b|'patient'", ""),
    "a pruner of our own by name": (r"\bCurvePruner\b|'curve'", ""),
    "a new engine, as hyperopt": (r"(?i)hyperopt", ""),
    "a new engine, as keras_tuner": (r"(?i)keras[_-]?tuner", ""),
}
"""Two patterns that a file's path and code must both contain. They find the files that mention the
option `fast`, the table of the best trials and its callers, the pruners `patient` and `curve`, and
an engine. `ast.unparse` puts strings in single quotes."""


def tracked(root: Path, *patterns: str) -> list[str]:
    """Tracked files that exist, as paths from the root. Links are not followed."""
    command = ["git", "-C", str(root), "ls-files", "--", *patterns]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [name for name in names if (root / name).is_file() and not (root / name).is_symlink()]


def is_research(name: str) -> bool:
    """True for a file of the research, before or after the rebuild."""
    return name.startswith(tuple(path for tree in TREES.values() for path in tree["research"]))


def group(name: str) -> str:
    """The row of the table of lines in which a file counts."""
    if is_research(name):
        return "research"
    top = name.split("/")[0]
    return top if top in (*TOP, "tests", "examples") else "other"


def shipped(root: Path) -> list[str]:
    """The .py files of the package, research left out."""
    return [name for name in tracked(root, "*.py") if group(name) in TOP]


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def lines(root: Path, _: str) -> dict[str, Any]:
    """The figures of the command `lines`."""
    names = tracked(root, "*.py")
    size = {name: len(_text(root / name).splitlines()) for name in names}
    per_group: Counter[str] = Counter()
    for name in names:
        per_group[group(name)] += sum(bool(line.strip()) for line in _text(root / name).split("\n"))
    ours = shipped(root)
    loose = [n for n in ours if re.fullmatch(r"crosstune/(?!__)\w+\.py", n)]
    named = {engine: named_for(ours, word) for engine, word in ENGINES.items()}
    inside = sorted({n for files in named.values() for n in files if n.startswith("crosstune/")})
    return {
        "lines": {row: per_group[row] for row in (*TOP, "research", "tests", "examples", "other")},
        "files": len(ours),
        "outside research and tests": sum(per_group[top] for top in TOP),
        "loose modules in crosstune/": loose,
        "files over 300 lines": {n: size[n] for n in ours if size[n] > LONG},
        "files in crosstune/ named for an engine": inside,
        "files and folders named for an engine": {
            engine: [len(files), len({n.rpartition("/")[0] for n in files})]
            for engine, files in named.items()
        },
        "class names defined twice": defined_twice({n: _text(root / n) for n in ours}),
    }


def named_for(names: Iterable[str], word: str) -> list[str]:
    """The files with a word in the path."""
    return [name for name in names if word in name]


def defined_twice(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """Class names with the files in which they are defined, if there are several definitions."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for name, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name)
    return {name: files for name, files in sorted(places.items()) if len(files) > 1}


Call = Sequence[str]
"""File and function."""


def measured(calls: Sequence[Call]) -> dict[str, int]:
    """Calls, distinct functions, distinct files, changes of file between consecutive calls."""
    return {
        "calls": len(calls),
        "functions": len({tuple(call) for call in calls}),
        "files": len({file for file, _ in calls}),
        "changes of file": sum(one[0] != other[0] for one, other in pairwise(calls)),
    }


def traced(root: Path, python: str, scenario: str) -> dict[str, Any]:
    """Run `structure_trace.py` in a fresh process, folder and home, and return its record.

    Args:
        root: the checkout to trace.
        python: path of the interpreter.
        scenario: a name that `structure_trace.py` accepts.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "trace.json")
        environment = {name: value for name, value in os.environ.items() if name[:4] != "XDG_"}
        environment |= {"HOME": folder, "PYTHONPATH": str(root), "KERAS_BACKEND": "torch"}
        command = [python, str(HERE / "structure_trace.py"), scenario, str(root), str(output)]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        if not output.exists():
            raise SystemExit(f"the scenario {scenario} failed:\n{done.stdout}{done.stderr}")
        record: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
        return record


def calls(root: Path, python: str) -> dict[str, Any]:
    """The figures of the command `calls`."""
    command, script = traced(root, python, "command"), traced(root, python, "script")
    start, end = script["marks"]["trial 3"], script["marks"]["trial 4"]
    to_engine = next(at for at in script["engine"] if at >= start)
    return {
        "crosstune run": measured(command["calls"][: command["engine"][0]]),
        "Optuna script": measured(script["calls"][: script["engine"][0]]),
        "a later trial, to the engine": measured(script["calls"][start:to_engine]),
        "a later trial, whole": measured(script["calls"][start:end]),
    }


def climbs(rows: Sequence[int]) -> int:
    """How often the next of the rows, which count from the ground, is a higher one."""
    return sum(one < other for one, other in pairwise(rows))


def row(name: str, layers: Sequence[Sequence[str]]) -> int | None:
    """The number of a file's layer, counted from the ground; None if no layer names it."""
    entries = [(entry, at) for at, layer in enumerate(layers) for entry in layer]
    matches = [(len(entry), at) for entry, at in entries if name.startswith(entry)]
    return max(matches)[1] if matches else None


def takers(root: Path, types: str) -> list[int]:
    """How many functions have a parameter annotated with one of the types; in how many files."""
    files = [
        name
        for name in shipped(root)
        for node in ast.walk(ast.parse(_text(root / name)))
        if isinstance(node, ast.FunctionDef)
        and any(
            isinstance(argument, ast.arg)
            and argument.annotation is not None
            and re.search(rf"\b({types})\b", ast.unparse(argument.annotation))
            for argument in ast.walk(node.args)
        )
    ]
    return [len(files), len(set(files))]


def walk(root: Path, python: str) -> dict[str, Any]:
    """The figures of the command `walk`, for the Spec alone and with its space."""
    layers = TREES["before" if (root / "crosstune" / "tuning.py").exists() else "after"]["layers"]
    figures: dict[str, Any] = {"functions and files annotated with Spec": takers(root, "Spec")}
    figures["functions and files annotated with Spec or Space"] = takers(root, "Spec|Space")
    for name, scenario in (("the Spec", "walk"), ("the Spec or its space", "walk_space")):
        stops = traced(root, python, scenario)["calls"]
        rows = [row(file, layers) for file, _ in stops]
        figures[name] = {
            **measured(stops),
            "moves to a higher layer": climbs([at or 0 for at in rows]),
            "in no layer": sorted(
                {file for (file, _), at in zip(stops, rows, strict=True) if at is None}
            ),
        }
    return figures


def code_of(name: str, text: str) -> str:
    """A file's code without comments and docstrings; another file than .py as it is."""
    if not name.endswith(".py"):
        return text
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [  # type: ignore[attr-defined]
                statement
                for statement in body
                if not (
                    isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
                )
            ] or [ast.Pass()]
    return ast.unparse(tree)


def changes(root: Path, _: str) -> dict[str, Any]:
    """The figures of the command `changes`."""
    codes = {n: code_of(n, _text(root / n)) for n in (*shipped(root), "pyproject.toml")}
    figures: dict[str, Any] = {}
    for change, (marker, besides) in CHANGES.items():
        files = [
            name
            for name, code in codes.items()
            if re.search(marker, f"{name}\n{code}") and re.search(besides, f"{name}\n{code}")
        ]
        if not files:
            raise SystemExit(f"{change}: no file matches {marker!r}; the comparable thing is gone")
        figures[change] = {
            "files": len(files),
            "folders": len({n.rpartition("/")[0] for n in files}),
        }
        if change.startswith("a new engine"):
            word = ENGINES[change.rpartition(" ")[2]]
            named = named_for(files, word)
            figures[change] |= {
                "of them named for it": len(named),
                "others": len(files) - len(named),
            }
        figures[change]["which"] = files
    return figures


def shown(title: str, figures: Mapping[str, Any], indent: str = "") -> list[str]:
    """Lines of a table with one figure per row; nested figures are indented.

    Args:
        title: the first line.
        figures: by name, numbers, texts, lists of texts, or further figures.
        indent: of the title.
    """
    rows = [f"{indent}{title}"]
    for name, value in figures.items():
        if isinstance(value, Mapping):
            rows += shown(f"{name} ({len(value)})", value, indent + "  ")
        elif isinstance(value, list) and value and isinstance(value[0], str):
            rows += [f"{indent}  {name} ({len(value)})", *(f"{indent}    {v}" for v in value)]
        else:
            rows.append(f"{indent}  {name:<44} {value}")
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("command", choices=["lines", "calls", "walk", "changes", "all"])
    parser.add_argument("--root", type=Path, default=HERE.parents[1], help="the checkout")
    parser.add_argument("--python", help="default: .venv-dev/bin/python of the checkout")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    root = options.root.resolve()
    local = root / ".venv-dev" / "bin" / "python"
    python = options.python or (str(local) if local.exists() else sys.executable)
    commands = {"lines": lines, "calls": calls, "walk": walk, "changes": changes}
    wanted = commands if options.command == "all" else [options.command]
    results = {name: commands[name](root, python) for name in wanted}
    if options.json:
        print(json.dumps(results, indent=1))
        return
    for name, figures in results.items():
        print("\n".join(shown(name, figures)), end="\n\n")


if __name__ == "__main__":
    main()
