"""A spec as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crosstune.terminal.html import html_table

if TYPE_CHECKING:
    from crosstune.spec.spec import Spec


def html_of_spec(spec: Spec) -> str:
    """The parameters of a spec in a table, and its other keys below."""
    keys = spec.to_dict()
    space = spec.space.to_dict()
    rows = []
    for name, item in space.items():
        described = dict(item)
        kind, when = described.pop("type", ""), described.pop("when", {})
        rows.append((name, kind, _pairs(described), _pairs(when)))
    notes = [
        f"{key}: {_shown(value)}" for key, value in keys.items() if key not in ("name", "space")
    ]
    return html_table(f"Spec {spec.name}", ("parameter", "type", "values", "if"), rows, notes=notes)


def _pairs(mapping: dict[str, Any]) -> str:
    return ", ".join(f"{key} {_shown(value)}" for key, value in mapping.items())


def _shown(value: Any) -> str:
    return _pairs(value) if isinstance(value, dict) else str(value)
