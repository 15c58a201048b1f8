"""TOML texts: reading, writing, and the line of each key."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

import tomli_w

from crosstune.errors import SpecError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_MAX_SEARCHED = 1_000_000
_MAX_PARTS = 64
"""The most parts of a dotted key; tomllib takes the square of their number."""
_PART = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_LONG_KEY = re.compile(rf"(?:^|[\[{{,])\s*{_PART}(?:\s*\.\s*{_PART}){{{_MAX_PARTS}}}")


def read_toml(text: str) -> Any:
    """The data of a TOML text.

    Raises:
        SpecError: it is malformed; with the line.
    """
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


def toml_line(text: str, path: Sequence[str | int]) -> int | None:
    """The line, from 1, of the deepest key of `path` that can be located."""
    lines = text.split("\n")
    line: int | None = None
    for depth in range(1, len(path) + 1):
        deeper = _key_line(lines, path[:depth], line or 1)
        if deeper is None:
            break
        line = deeper
    return line


def _key_line(lines: list[str], path: Sequence[str | int], start: int) -> int | None:
    """The first line, from `start` on, that has the key and up to which the file has the path.

    None if that line cannot be told, as inside a value of several lines.
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
        has_path = _has(part, path)
        if has_path:
            return None if unread else line + 1
        unread = has_path is None
    return None


def _has(text: str, path: Sequence[str | int]) -> bool | None:
    """True if a part of a text has a path of keys; None if the part cannot be read."""
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


def as_toml(data: dict[str, Any]) -> str:
    """The text of a TOML file.

    Raises:
        SpecError: TOML has no such value.
    """
    try:
        return tomli_w.dumps(data)
    except TypeError:
        raise SpecError("TOML has no null; write YAML or JSON instead") from None
