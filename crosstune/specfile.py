"""Spec files: YAML 1.2, TOML and JSON, with the line on which each key stands.

A spec is data. Tags, and so Python objects, are refused; JSON is read as the YAML that it is.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from crosstune.errors import RequestError, SpecError, no_such

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FORMATS = (".yaml", ".yml", ".toml", ".json")
MAX_BYTES = 10_000_000
_MAX_ALIASED = 1_000_000


@dataclass(frozen=True)
class Document:
    """What a file holds, and where.

    Attributes:
        data: mappings, lists and scalars.
        text: the file.
        suffix: its ending.
    """

    data: Any
    text: str
    suffix: str

    def line(self, path: Sequence[str | int]) -> int | None:
        """The line, from 1, of the deepest key of `path` that the file has."""
        if not path:
            return None
        if self.suffix == ".toml":
            return _toml_line(self.text, path)
        return _yaml_line(self.text, path)


def read(path: Path) -> Document:
    """Read a file by its ending.

    Raises:
        RequestError: there is no such file, or it cannot be read.
        SpecError: it is malformed; with the line.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise RequestError(
            f"{path}: a spec ends in {', '.join(FORMATS)}, not in {suffix or 'nothing'}"
        )
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise RequestError(f"{path}: {size} bytes are too many for a spec ({MAX_BYTES})")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError(f"this is not UTF-8 text: {error}", file=str(path)) from None
    except FileNotFoundError:
        raise RequestError(f"there is no file {path}") from None
    except OSError as error:
        raise RequestError(f"{path} cannot be read: {error.strerror}") from None
    try:
        data = {".toml": _read_toml, ".json": _read_json}.get(suffix, _read_yaml)(text)
    except SpecError as error:
        raise error.at(str(path), error.line) from None
    except RecursionError:
        raise SpecError("this is nested too deeply for a spec", file=str(path)) from None
    return Document(data, text, suffix)


def write(path: Path, data: dict[str, Any]) -> None:
    """Write a file by its ending.

    Raises:
        RequestError: an unknown ending, or the file cannot be written.
        SpecError: the format has no such value.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise RequestError(no_such("format", suffix, FORMATS))
    if suffix == ".toml":
        try:
            text = tomli_w.dumps(data)
        except TypeError:
            raise SpecError("TOML has no null; write YAML or JSON instead") from None
    elif suffix == ".json":
        text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    else:
        text = _yaml_text(data)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RequestError(f"{path} cannot be written: {error.strerror}") from None


class _Constructor(SafeConstructor):
    """YAML 1.2's core schema: a date is a string, and there are no other tags."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Constructor
    return yaml


def _yaml_text(data: dict[str, Any]) -> str:
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = 100
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


def _read_yaml(text: str) -> Any:
    try:
        _count_aliased(_yaml().compose(text))
        return _yaml().load(text)
    except DuplicateKeyError as error:
        problem = (error.problem or "").partition(" with value")[0]
        raise SpecError(f"{problem or error}", line=_mark(error)) from None
    except MarkedYAMLError as error:
        problem = ": ".join(part for part in (error.context, error.problem) if part)
        raise SpecError(f"this is not YAML: {problem}", line=_mark(error)) from None
    except YAMLError as error:
        raise SpecError(f"this is not YAML: {error}") from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        # ruamel's own constructors, on scalars such as 0o9 or !!int x.
        raise SpecError(f"this is not YAML 1.2: {error}") from None


def _mark(error: MarkedYAMLError) -> int | None:
    mark = error.problem_mark or error.context_mark
    return None if mark is None else mark.line + 1


def _count_aliased(root: Node | None) -> None:
    """Raise for aliases that unfold to more than a spec can hold."""
    sizes: dict[int, int] = {}

    def size(node: Node) -> int:
        if id(node) in sizes:
            if sizes[id(node)] < 0:
                raise SpecError("an alias stands inside what it stands for")
            return sizes[id(node)]
        sizes[id(node)] = -1
        children: list[Node] = []
        if isinstance(node, SequenceNode):
            children = node.value
        elif isinstance(node, MappingNode):
            children = [child for pair in node.value for child in pair]
        total = 1 + sum(size(child) for child in children)
        if total > _MAX_ALIASED:
            raise SpecError("the aliases unfold to more than a spec can hold")
        sizes[id(node)] = total
        return total

    if root is not None:
        size(root)


def _yaml_line(text: str, path: Sequence[str | int]) -> int | None:
    node = _yaml().compose(text)
    line = None
    for key in path:
        if isinstance(node, MappingNode):
            pairs = {pair[0].value: pair for pair in node.value}
            if key not in pairs:
                break
            line = pairs[key][0].start_mark.line + 1
            node = pairs[key][1]
        elif isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _read_json(text: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise SpecError(f"duplicate key {key!r}")
            found[key] = value
        return found

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise SpecError(f"this is not JSON: {error.msg}", line=error.lineno) from None
    except ValueError as error:
        raise SpecError(f"this is not JSON: {error}") from None


def _read_toml(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"this is not TOML: {error}") from None


def _toml_line(text: str, path: Sequence[str | int]) -> int | None:
    """Where the deepest part of `path` that exists begins, by reading ever more of the file."""
    data: Any = tomllib.loads(text)
    depth = 0
    for key in path:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            break
        depth += 1
    start = 0
    lines = text.splitlines()
    for count in range(1, len(lines) + 1):
        try:
            part: Any = tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue
        try:
            for key in path[:depth]:
                part = part[key]
        except (KeyError, IndexError, TypeError):
            start = count
            continue
        return start + 1 if depth else None
    return None
