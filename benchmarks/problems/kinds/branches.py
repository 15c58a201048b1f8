"""Drawn functions with branches."""

from __future__ import annotations

from optuna.trial import Trial

from crosstune.benchmarks.problems.kinds.drawn import dip, number, position
from crosstune.space.space import Params


def drawn_lopsided(params: Params, trial: Trial | None = None) -> float:
    """Branches of 1, 2, 4 and 8 parameters: the larger, the better at best and worse on average."""
    branch = str(params["branch"])
    size, floor = {"one": (1, 0.55), "two": (2, 0.4), "four": (4, 0.2), "eight": (8, 0.0)}[branch]
    bottoms = (0.22, 0.71, 0.35, 0.83, 0.62, 0.12, 0.78, 0.3)
    parts = [
        dip(position(number(params, f"{branch}_{i}"), 1e-4, 10, log=True), bottoms[i], 0.3)
        for i in range(size)
    ]
    return floor + (1 + size / 4) * sum(parts) / size


def drawn_decoys(params: Params, trial: Trial | None = None) -> float:
    """Three branches with two common parameters, which are best at other places in each."""
    x, y = number(params, "x"), position(number(params, "rate"), 1e-5, 1e-1, log=True)
    match params["method"]:
        case "smooth":
            z = number(params, "smooth_z")
            return 70 - 25 * ((x - 0.3) ** 2 + (y - 0.7) ** 2) - 15 * (z - 0.8) ** 2
        case "narrow":
            z = number(params, "narrow_z")
            return 62 + 22 * (1 - dip(x, 0.85, 0.12)) * (1 - dip(y, 0.2, 0.12)) - 5 * (z - 0.1) ** 2
    steps = position(number(params, "steps"), 1, 100, log=True)
    bonus = 8.0 if params["restart"] else 0.0
    return 50 + bonus + 20 * x * (1 - dip(steps, 0.9, 0.2)) - 10 * abs(y - x)
