"""Spec files: YAML 1.2, TOML and JSON, with the line on which each key stands.

A spec is data. Tags, and so Python objects, are refused; JSON is read as the YAML that it is.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.representer import SafeRepresenter

from crosstune.errors import RequestError, SpecError, no_such
from crosstune.system.files import regular
from crosstune.terminal.urls import without_secrets

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FORMATS = (".yaml", ".yml", ".toml", ".json")
MAX_BYTES = 1_000_000
_MAX_ALIASED = 1_000_000
_MAX_BITS = 512
_MAX_SEARCHED = 1_000_000
_MAX_EVENTS = 50_000
"""How many keys and values a YAML file may have; ruamel.yaml reads some 10,000 a second."""
_LONG = 10_000
"""A text with more characters may have more of them than that."""
_MAX_DEPTH = 100
_MAX_PARTS = 64
"""How many parts a dotted key may have; tomllib takes the square of their number."""


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
        try:
            if self.suffix == ".toml":
                return _toml_line(self.text, path)
            return _yaml_line(self.text, path)
        except (YAMLError, RecursionError, SpecError):
            return None  # JSON that is no YAML, such as a tab before a key, or a long one.


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
        with open(path, "rb", opener=regular) as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_BYTES:
                raise RequestError(f"{path}: {size} bytes are too many for a spec ({MAX_BYTES})")
            content = file.read()
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
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
    without_secrets(data)  # so that no message shows what a URL in it hides
    document = Document(data, text, suffix)
    try:
        _check_values(data)
    except SpecError as error:
        raise error.at(str(path), document.line(error.path)) from None
    return document


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
        text = as_yaml(data)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RequestError(f"{path} cannot be written: {error.strerror}") from None


def _check_values(data: Any) -> None:
    """Raise for an integer or a string that no engine, and no message, could hold."""
    left: list[tuple[tuple[str | int, ...], Any]] = [((), data)]
    while left:
        path, value = left.pop()
        if isinstance(value, dict):
            for key, item in value.items():
                if isinstance(key, str) and (key.isascii() or _is_text(key)):
                    left.append(((*path, key), item))
                else:  # both, each under a path that can be shown
                    left += [((*path, "a key"), key), ((*path, "a value"), item)]
        elif isinstance(value, list | tuple):
            left += [((*path, i), item) for i, item in enumerate(value)]
        elif isinstance(value, int) and value.bit_length() > _MAX_BITS:
            raise SpecError(f"this integer is too large: it has {value.bit_length()} bits", path)
        elif isinstance(value, str) and not (value.isascii() or _is_text(value)):
            raise SpecError(f"{value!a} holds half a character (a lone surrogate)", path)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Constructor(SafeConstructor):
    """YAML 1.2's core schema: a date is a string, and there are no other tags."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Constructor
    return yaml


def as_yaml(data: dict[str, Any]) -> str:
    """The text of a YAML file that holds the data.

    >>> as_yaml({"trials": 20, "metric": {"name": "loss"}})
    'trials: 20\\nmetric: {name: loss}\\n'
    """
    text = _yaml_text(data)
    # ruamel.yaml folds a few breaks, such as U+0085, and does not quote ":0" in a list.
    with suppress(SpecError):
        if _read_yaml(text) == data:
            return text
    return _yaml_text(data, quoted=True)


class _Quoting(SafeRepresenter):
    """Every string in double quotes."""


_Quoting.add_representer(
    str,
    lambda representer, text: representer.represent_scalar(
        "tag:yaml.org,2002:str", text, style='"'
    ),
)


def _yaml_text(data: dict[str, Any], *, quoted: bool = False) -> str:
    yaml = YAML(typ="safe", pure=True)
    if quoted:
        yaml.Representer = _Quoting
    yaml.allow_unicode = not quoted
    yaml.default_flow_style = None
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = 100
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


def _read_yaml(text: str) -> Any:
    try:
        root = _composed(text) if "*" in text or len(text) > _LONG else None
        _count_aliased(root)
        return _yaml().load(text)
    except SpecError:
        raise
    except DuplicateKeyError as error:
        problem = (error.problem or "").partition(" with value")[0]
        raise SpecError(f"{problem or error}", line=_mark(error)) from None
    except MarkedYAMLError as error:
        problem = ": ".join(part for part in (error.context, error.problem) if part)
        raise SpecError(f"this is not YAML: {problem}", line=_mark(error)) from None
    except YAMLError as error:
        raise SpecError(f"this is not YAML: {str(error).splitlines()[0]}") from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        # ruamel's own constructors, on scalars such as 0o9 or !!int x.
        raise SpecError(f"this is not YAML 1.2: {error}") from None


def _composed(text: str) -> Node | None:
    """The nodes of a text.

    Raises:
        SpecError: it has too many.
    """
    if len(text) > _LONG:
        _check_size(text)
    root: Node | None = _yaml().compose(text)
    return root


def _check_size(text: str) -> None:
    """Raise for more values, or deeper ones, than can be read soon."""
    depth = 0
    for number, event in enumerate(_yaml().parse(text)):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if number > _MAX_EVENTS:
            raise SpecError(f"this has too many values for a spec: more than {_MAX_EVENTS}")
        if depth > _MAX_DEPTH:
            raise SpecError(f"this is nested too deeply for a spec: more than {_MAX_DEPTH} levels")


def _mark(error: MarkedYAMLError) -> int | None:
    mark = error.problem_mark or error.context_mark
    return None if mark is None else mark.line + 1


def _count_aliased(root: Node | None) -> None:
    """Raise for aliases that unfold to more than a spec can hold."""
    sizes: dict[int, int] = {}

    def size(node: Node) -> int:
        if id(node) in sizes:
            if sizes[id(node)] < 0:
                raise SpecError("an alias stands inside what it stands for", line=_line(node))
            return sizes[id(node)]
        sizes[id(node)] = -1
        children: list[Node] = []
        if isinstance(node, SequenceNode):
            children = node.value
        elif isinstance(node, MappingNode):
            children = [child for pair in node.value for child in pair]
        total = 1 + sum(size(child) for child in children)
        if total > _MAX_ALIASED:
            raise SpecError("the aliases unfold to more than a spec can hold", line=_line(node))
        sizes[id(node)] = total
        return total

    if root is not None:
        size(root)


def _yaml_line(text: str, path: Sequence[str | int]) -> int | None:
    node = _composed(text)
    line = None
    for key in path:
        if isinstance(node, MappingNode):
            pairs = {k.value: (k, v) for k, v in node.value if isinstance(k, ScalarNode)}
            if key not in pairs:
                break
            line = _line(pairs[key][0])
            node = pairs[key][1]
        elif isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = _line(node)
        else:
            break
    return line


def _line(node: Node) -> int:
    line: int = node.start_mark.line + 1
    return line


def _read_json(text: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise SpecError(f"duplicate key {key!r}", line=_second_line(text, key))
            found[key] = value
        return found

    try:
        return json.loads(text, object_pairs_hook=unique)
    except SpecError:
        raise
    except json.JSONDecodeError as error:
        raise SpecError(f"this is not JSON: {error.msg}", line=error.lineno) from None
    except ValueError as error:
        raise SpecError(f"this is not JSON: {error}") from None


def _second_line(text: str, key: str) -> int | None:
    """The line on which a JSON key stands for the second time, where the file has it twice."""
    places = [match.start() for match in re.finditer(re.escape(json.dumps(key)) + r"\s*:", text)]
    return text.count("\n", 0, places[1]) + 1 if len(places) == 2 else None


_PART = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_LONG_KEY = re.compile(rf"(?:^|[\[{{,])\s*{_PART}(?:\s*\.\s*{_PART}){{{_MAX_PARTS}}}")


def _read_toml(text: str) -> Any:
    for number, content in enumerate(text.split("\n"), 1):
        if content.count(".") >= _MAX_PARTS and _LONG_KEY.search(content):
            raise SpecError(f"a key has more than {_MAX_PARTS} parts", line=number)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # Python 3.14 has error.lineno; the text has it everywhere but at the end of the file.
        place = re.search(r"line (\d+)", str(error))
        line = int(place[1]) if place else text.rstrip("\n").count("\n") + 1
        raise SpecError(f"this is not TOML: {error}", line=line) from None
    except ValueError as error:
        raise SpecError(f"this is not TOML: {error}") from None


def _toml_line(text: str, path: Sequence[str | int]) -> int | None:
    """The line of the deepest key of `path` that can be found."""
    lines = text.split("\n")
    found: int | None = None
    for depth in range(1, len(path) + 1):
        deeper = _toml_key_line(lines, path[:depth], found or 1)
        if deeper is None:
            break
        found = deeper
    return found


def _toml_key_line(lines: list[str], path: Sequence[str | int], start: int) -> int | None:
    """The first line, from `start` on, that has the key and up to which the file has the path.

    None where that line cannot be told, as inside a value of several lines.
    """
    key = path[-1]
    named = [i for i in range(start - 1, len(lines)) if not isinstance(key, str) or key in lines[i]]
    unread = False
    searched = 0
    for line, end in zip(named, [*named[1:], len(lines)], strict=True):
        part = "\n".join(lines[:end])
        searched += len(part)
        if searched > _MAX_SEARCHED:
            return None
        known = _toml_has(part, path)
        if known:
            return None if unread else line + 1
        unread = known is None
    return None


def _toml_has(text: str, path: Sequence[str | int]) -> bool | None:
    """Whether a part of a file has a path of keys; None where the part cannot be read."""
    try:
        data: Any = tomllib.loads(text)
    except (ValueError, RecursionError):
        return None
    try:
        for key in path:
            data = data[key]
    except (KeyError, IndexError, TypeError):
        return False
    return True
