"""A spec as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crosstune.terminal.html import html_table


def html_of_spec(keys: Mapping[str, Any], space: Mapping[str, Mapping[str, Any]]) -> str:
    """The parameters of a spec in a table, and its other keys below."""
    rows = []
    for name, item in space.items():
        described = dict(item)
        kind, when = described.pop("type", ""), described.pop("when", {})
        rows.append((name, kind, _pairs(described), _pairs(when)))
    notes = [
        f"{key}: {_shown(value)}" for key, value in keys.items() if key not in ("name", "space")
    ]
    return html_table(
        f"Spec {keys['name']}", ("parameter", "type", "values", "if"), rows, notes=notes
    )


def _pairs(mapping: dict[str, Any]) -> str:
    return ", ".join(f"{key} {_shown(value)}" for key, value in mapping.items())


def _shown(value: Any) -> str:
    return _pairs(value) if isinstance(value, dict) else str(value)
