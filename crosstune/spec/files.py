"""Spec files: YAML 1.2, TOML and JSON, with the line of each key."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosstune.errors import RequestError, SpecError, no_such
from crosstune.spec.toml_text import as_toml, read_toml, toml_line
from crosstune.spec.yaml_text import as_yaml, read_yaml, yaml_line
from crosstune.system.files import regular
from crosstune.terminal.urls import note_all_secrets

FORMATS = (".yaml", ".yml", ".toml", ".json")
MAX_BYTES = 1_000_000
_MAX_BITS = 512


@dataclass(frozen=True)
class Document:
    """The content of a spec file.

    Attributes:
        data: mappings, lists and scalars.
        text: of the file.
        suffix: of the file.
    """

    data: Any
    text: str
    suffix: str

    def line(self, path: Sequence[str | int]) -> int | None:
        """The line, from 1, of the deepest key of `path` that the file has."""
        find = toml_line if self.suffix == ".toml" else yaml_line  # JSON is read as YAML
        return find(self.text, path)


def read(path: Path) -> Document:
    """Read a file by its ending.

    Raises:
        RequestError: the file does not exist, or cannot be read.
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
        data = {".toml": read_toml, ".json": read_json}.get(suffix, read_yaml)(text)
    except SpecError as error:
        raise error.at(str(path), error.line) from None
    except RecursionError:
        raise SpecError("this is nested too deeply for a spec", file=str(path)) from None
    note_all_secrets(data)  # so that no message shows a password in a URL
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
        text = as_toml(data)
    elif suffix == ".json":
        text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    else:
        text = as_yaml(data)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RequestError(f"{path} cannot be written: {error.strerror}") from None


def _check_values(data: Any) -> None:
    """Raise for an integer or a string that no engine could use and no message could show."""
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


def read_json(text: str) -> Any:
    """The data of a JSON text.

    Raises:
        SpecError: it is malformed; with the line.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in pairs:
            if key in data:
                raise SpecError(f"duplicate key {key!r}", line=_second_line(text, key))
            data[key] = value
        return data

    try:
        return json.loads(text, object_pairs_hook=unique)
    except SpecError:
        raise
    except json.JSONDecodeError as error:
        raise SpecError(f"this is not JSON: {error.msg}", line=error.lineno) from None
    except ValueError as error:
        raise SpecError(f"this is not JSON: {error}") from None


def _second_line(text: str, key: str) -> int | None:
    """The line of the second place of a JSON key, if the text has exactly two."""
    places = [match.start() for match in re.finditer(re.escape(json.dumps(key)) + r"\s*:", text)]
    return text.count("\n", 0, places[1]) + 1 if len(places) == 2 else None
