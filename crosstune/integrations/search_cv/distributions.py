"""Distributions of scipy.stats, and of Optuna, as parameters of a space.

| scipy | parameter |
|---|---|
| `uniform(loc, scale)` | `Float` |
| `loguniform(a, b)`, `reciprocal(a, b)` without `loc` | `Float(log=True)` |
| `randint(low, high)` | `Int`; scipy leaves out `high`, `Int` does not |
| `norm(loc, scale)`, `truncnorm` | `Normal` |
| `lognorm(s, scale=)` without `loc` | `LogNormal` |
| any other with a `ppf` | its quantile, a `Float` from 0 to 1 |

An end without a bound is cut at the quantile 1e-9 or 1 - 1e-9, as the normals of a spec are.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution

from crosstune.engines import registry
from crosstune.errors import RequestError, SpecError
from crosstune.space.parameters import TAIL, Float, Int, LogNormal, Normal, Parameter


class Quantiles:
    """The values of a distribution, by the share of it that lies below them.

    Args:
        frozen: a frozen distribution of scipy.stats.
        name: in messages.
    """

    def __init__(self, frozen: Any, name: str):
        self._frozen = frozen
        self._start, self._end = (float(end) for end in frozen.support())
        self._whole = hasattr(frozen, "pmf")
        self.parameter = Float(
            0.0 if math.isfinite(self._start) else TAIL,
            1.0 if math.isfinite(self._end) else 1 - TAIL,
        )
        for share in (self.parameter.low, 0.5, self.parameter.high):
            if not math.isfinite(self(share)):
                raise SpecError(f"its quantile at {share!r} is not finite", (name,))
        self.content = [f"{self(share / 20):.6g}" for share in range(1, 20)]
        """What tells the distribution from others."""

    def __call__(self, share: float) -> float | int:
        """The value with `share` of the distribution below it, 0 <= share <= 1."""
        value = min(max(float(self._frozen.ppf(share)), self._start), self._end)
        return int(value) if self._whole else value


def is_distribution(value: object) -> bool:
    """Whether it is drawn from, as `RandomizedSearchCV` tells it."""
    return hasattr(value, "rvs")


def from_scipy(given: Any, name: str) -> Parameter | Quantiles:
    """The parameter with the values and odds of a distribution.

    Args:
        given: a frozen distribution, or one that needs no arguments.
        name: in messages.

    Raises:
        SpecError: it has no quantile function, or arguments that are not numbers.
    """
    if not hasattr(given, "ppf") or not hasattr(given, "support"):
        raise SpecError(
            f"{type(given).__name__} can be drawn from (rvs) but has no quantile function (ppf), "
            "so no engine can search it. Give a distribution of scipy.stats, or a list of values",
            (name,),
        )
    frozen = given if hasattr(given, "dist") else _freeze(given, name)
    arguments = _arguments(frozen, name)
    try:
        return _closed_form(frozen.dist.name, arguments) or Quantiles(frozen, name)
    except SpecError as error:
        kind = frozen.dist.name
        raise SpecError(
            f"scipy.stats.{kind} cannot be searched: {error.message}", (name,)
        ) from None


def from_optuna(given: BaseDistribution, name: str) -> Parameter:
    """The parameter of a float or integer distribution of Optuna.

    Args:
        given: not a categorical one, which is a list of values.
        name: in messages.

    Raises:
        SpecError: no parameter is like it.
    """
    try:
        return registry.get(registry.HOST).read({name: given})[name]
    except RequestError as error:
        raise SpecError(f"it cannot be searched: {error}", (name,)) from None


def _closed_form(kind: str, given: dict[str, float]) -> Parameter | None:
    """The parameter that is this distribution; None where there is none."""
    loc, scale = given["loc"], given.get("scale", 1.0)
    match kind:
        case "uniform":
            return Float(loc, loc + scale)
        case "loguniform" | "reciprocal" if loc == 0:
            return Float(given["a"] * scale, given["b"] * scale, log=True)
        case "randint":
            ends = given["low"] + loc, given["high"] - 1 + loc
            if all(float(end).is_integer() for end in ends):
                return Int(int(ends[0]), int(ends[1]))
        case "norm":
            return Normal(loc, scale)
        case "truncnorm":
            low, high = loc + scale * given["a"], loc + scale * given["b"]
            return Normal(
                loc,
                scale,
                low=low if math.isfinite(low) else None,
                high=high if math.isfinite(high) else None,
            )
        case "lognorm" if loc == 0 and scale > 0:
            return LogNormal(math.log(scale), given["s"])
    return None


def _freeze(generic: Any, name: str) -> Any:
    try:
        return generic()
    except TypeError as error:
        raise SpecError(f"scipy.stats.{generic.name} needs arguments: {error}", (name,)) from None


def _arguments(frozen: Any, name: str) -> dict[str, float]:
    """What a distribution was frozen with, by name."""
    shapes = [part.strip() for part in (frozen.dist.shapes or "").split(",") if part.strip()]
    given = dict(zip([*shapes, "loc", "scale"], frozen.args, strict=False)) | frozen.kwds
    if any(np.ndim(value) != 0 for value in given.values()):
        raise SpecError("each argument of a distribution has to be one number", (name,))
    if not all(math.isfinite(end) or math.isinf(end) for end in map(float, frozen.support())):
        raise SpecError(f"scipy.stats.{frozen.dist.name} has no values for {given}", (name,))
    return {"loc": 0.0, **{key: float(value) for key, value in given.items()}}
