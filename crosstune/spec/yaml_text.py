"""YAML 1.2 texts: reading, writing, and the line of each key.

Tags, and so Python objects, are refused, and so are texts that would take long to read.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.representer import SafeRepresenter

from crosstune.errors import SpecError

_MAX_ALIASED = 1_000_000
_MAX_EVENTS = 50_000
"""The most keys and values of a YAML text; ruamel.yaml reads some 10,000 a second."""
_LONG = 10_000
"""The number of characters above which a text may have more keys and values than that."""
_MAX_DEPTH = 100


class _Constructor(SafeConstructor):
    """YAML 1.2's core schema: a date is a string, and there are no other tags."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Constructor
    return yaml


def as_yaml(data: dict[str, Any]) -> str:
    """The text of a YAML file.

    >>> as_yaml({"trials": 20, "metric": {"name": "loss"}})
    'trials: 20\\nmetric: {name: loss}\\n'
    """
    text = _yaml_text(data)
    # ruamel.yaml folds a few breaks, such as U+0085, and does not quote ":0" in a list.
    with suppress(SpecError):
        if read_yaml(text) == data:
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


def read_yaml(text: str) -> Any:
    """The data of a YAML text.

    Raises:
        SpecError: it is malformed, or too large; with the line.
    """
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
    """Raise for more or deeper values than can be read in a short time."""
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
    """Raise for aliases that unfold to too many values."""
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


def yaml_line(text: str, path: Sequence[str | int]) -> int | None:
    """The line, from 1, of the deepest key of `path` that the text has; None if it has none."""
    try:
        node = _composed(text)
    except (YAMLError, RecursionError, SpecError):
        return None  # JSON that is not YAML, such as a tab before a key, or a long one.
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
