"""The page of the keys of a spec, from its schema."""

from __future__ import annotations

import json
from typing import Any

from crosstune.spec.schema import schema

HEAD = """# Keys of a spec

Every key, its type and its default, from the schema that `crosstune schema` prints. An editor that
knows JSON Schema completes and checks them. [The spec](../spec.md) explains them with examples.
"""


def page() -> str:
    """The page: the keys of the spec, of an estimator, and of each type of parameter."""
    form = schema()
    keys = form["properties"]
    parts = [HEAD, "## Top level\n", table(form)]
    estimator = next(
        f for f in keys["objective"]["anyOf"] if "estimator" in f.get("properties", {})
    )
    parts += ["## `objective` with an estimator\n", table(estimator)]
    for kind in keys["space"]["anyOf"][1]["additionalProperties"]["oneOf"]:
        parts += [f"## `type: {kind['properties']['type']['const']}`\n", table(kind)]
    return "\n".join(parts)


def table(form: dict[str, Any]) -> str:
    """The keys of a mapping as a table."""
    rows = ["| key | value | default | |", "|---|---|---|---|"]
    for key, kind in form["properties"].items():
        default = "required" if key in form.get("required", ()) else ""
        if "default" in kind:
            default = f"`{json.dumps(kind['default'])}`"
        rows.append(f"| `{key}` | {words(kind)} | {default} | {kind.get('description', '')} |")
    return "\n".join(rows) + "\n"


def words(kind: dict[str, Any]) -> str:
    """The values that a part of the schema allows, in words."""
    if "anyOf" in kind or "oneOf" in kind:
        options = [words(option) for option in kind.get("anyOf") or kind["oneOf"]]
        return " or ".join(dict.fromkeys(options))
    if "const" in kind:
        return f"`{json.dumps(kind['const'])}`"
    if "enum" in kind:
        return " or ".join(f"`{value}`" for value in kind["enum"])
    if isinstance(kind.get("type"), list):
        return " or ".join(kind["type"])
    if kind.get("type") == "array":
        return f"list of: {words(kind['items'])}" if "items" in kind else "list"
    if kind.get("type") == "object":
        names = ", ".join(f"`{name}`" for name in kind.get("properties", ()))
        return f"mapping with {names}" if names else "mapping"
    return f"{kind.get('type', 'any')}{bounds(kind)}"


def bounds(kind: dict[str, Any]) -> str:
    """The range of a number."""
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{sign} {kind[key]}" for key, sign in signs.items() if key in kind]
    return f" {' and '.join(limits)}" if limits else ""
