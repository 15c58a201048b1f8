"""The attributes that crosstune writes into a study, from `crosstune/engines/record_names.py`."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path

import crosstune.engines.record_names as record_names

_SECTION = re.compile(r"^# Attributes of a (\w+)\.$", re.MULTILINE)

HEAD = """# Attributes in a study

crosstune keeps what a study has to remember in the study itself, as user or system attributes of
Optuna. So a study that is copied or moved to another storage keeps them. Do not write these names
yourself. A record has a format number; this version writes format {format}.
"""


def page() -> str:
    """The page."""
    source = Path(record_names.__file__).read_text(encoding="utf-8")
    parts = [HEAD.format(format=record_names.FORMAT)]
    owners = list(_SECTION.finditer(source))
    for owner, after in zip(owners, [*owners[1:], None], strict=True):
        text = source[owner.end() : after.start() if after else None]
        parts.append(f"## Of a {owner[1]}\n")
        parts += [f"`{name}`\n\n{about}\n" for name, about in described(text)]
    return "\n".join(parts)


def described(source: str) -> list[tuple[str, str]]:
    """The value of each constant, with the text under it."""
    body = ast.parse(source).body
    return [
        (node.value.value, _markdown(text.value.value))
        for node, text in pairwise(body)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    ]


def _markdown(text: str) -> str:
    return text.strip().replace("``", "`")
