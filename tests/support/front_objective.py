"""An objective with three metrics and one more value, which workers import quickly."""

from __future__ import annotations

from typing import Any


def objective(params: dict[str, Any]) -> dict[str, float]:
    """Convex in the first two; the front of these is y = 0."""
    x, y = params["x"], params["y"]
    return {"f": x**2 + y, "g": (1 - x) ** 2 + y, "h": y + (params["kind"] == "b"), "m": x}
