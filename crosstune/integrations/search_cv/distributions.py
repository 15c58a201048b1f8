"""Converts distributions of scipy.stats and Optuna to parameters of a space.

| scipy | parameter |
|---|---|
| `uniform(loc, scale)` | `Float` |
| `loguniform(a, b)`, `reciprocal(a, b)` without `loc` | `Float(log=True)` |
| `randint(low, high)` | `Int`; scipy excludes `high`, `Int` includes it |
| `norm(loc, scale)`, `truncnorm` | `Normal` |
| `lognorm(s, scale=)` without `loc` | `LogNormal` |
| any other with a `ppf` | its quantile, a `Float` from 0 to 1 |

An unbounded end is cut at the quantile 1e-9 or 1 - 1e-9, as for the normals of a spec.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution

from crosstune.engines import registry
from crosstune.errors import RequestError, SpecError
from crosstune.space.parameters import TAIL, Float, Int, LogNormal, Normal, Parameter, shown
from crosstune.space.parameters.checks import is_number


class Quantiles:
    """Maps quantiles to the values of a distribution.

    Args:
        frozen: a frozen distribution of scipy.stats.
        name: the parameter's name, for messages.

    Raises:
        SpecError: a quantile is not finite.
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
        """Quantiles that identify the distribution in the record of a study."""

    def __call__(self, share: float) -> float | int:
        """The quantile at `share`, 0 <= share <= 1."""
        value = min(max(float(self._frozen.ppf(share)), self._start), self._end)
        return int(value) if self._whole else value

    def encode(self, value: Any) -> float:
        """The quantile's share of a value.

        Raises:
            SpecError: the distribution does not have the value.
        """
        if is_number(value) and self._start <= value <= self._end:
            share = float(self._frozen.cdf(value))
            if self._whole:  # in the middle of its step
                share -= float(self._frozen.pmf(value)) / 2
            share = min(max(share, self.parameter.low), self.parameter.high)
            if math.isclose(self(share), value, rel_tol=1e-9):
                return share
        raise SpecError(f"{shown(value)} is not a value of this distribution")


def is_distribution(value: object) -> bool:
    """True if it has `rvs`, by which `RandomizedSearchCV` recognizes a distribution."""
    return hasattr(value, "rvs")


def from_scipy(distribution: Any, name: str) -> Parameter | Quantiles:
    """The parameter with the values and probabilities of a distribution.

    Args:
        distribution: a frozen distribution, or one that needs no arguments.
        name: the parameter's name, for messages.

    Raises:
        SpecError: it has no quantile function, or arguments that are not numbers.
    """
    if not hasattr(distribution, "ppf") or not hasattr(distribution, "support"):
        raise SpecError(
            f"{type(distribution).__name__} can be drawn from (rvs) but has no quantile function "
            "(ppf), so no engine can search it. Give a distribution of scipy.stats, or a list of "
            "values",
            (name,),
        )
    frozen = distribution if hasattr(distribution, "dist") else _freeze(distribution, name)
    arguments = _arguments(frozen, name)
    try:
        return _closed_form(frozen.dist.name, arguments) or Quantiles(frozen, name)
    except SpecError as error:
        kind = frozen.dist.name
        raise SpecError(
            f"scipy.stats.{kind} cannot be searched: {error.message}", (name,)
        ) from None


def from_optuna(distribution: BaseDistribution, name: str) -> Parameter:
    """The parameter of a float or integer distribution of Optuna.

    Args:
        distribution: not a categorical one, which is a list of values.
        name: the parameter's name, for messages.

    Raises:
        SpecError: no parameter is equivalent to it.
    """
    try:
        return registry.get(registry.HOST).read({name: distribution})[name]
    except RequestError as error:
        raise SpecError(f"it cannot be searched: {error}", (name,)) from None


def _closed_form(kind: str, arguments: dict[str, float]) -> Parameter | None:
    """The parameter equal to this distribution, or None."""
    loc, scale = arguments["loc"], arguments.get("scale", 1.0)
    match kind:
        case "uniform":
            return Float(loc, loc + scale)
        case "loguniform" | "reciprocal" if loc == 0:
            return Float(arguments["a"] * scale, arguments["b"] * scale, log=True)
        case "randint":
            ends = arguments["low"] + loc, arguments["high"] - 1 + loc
            if all(float(end).is_integer() for end in ends):
                return Int(int(ends[0]), int(ends[1]))
        case "norm":
            return Normal(loc, scale)
        case "truncnorm":
            low, high = loc + scale * arguments["a"], loc + scale * arguments["b"]
            return Normal(
                loc,
                scale,
                low=low if math.isfinite(low) else None,
                high=high if math.isfinite(high) else None,
            )
        case "lognorm" if loc == 0 and scale > 0:
            return LogNormal(math.log(scale), arguments["s"])
    return None


def _freeze(generic: Any, name: str) -> Any:
    try:
        return generic()
    except TypeError as error:
        raise SpecError(f"scipy.stats.{generic.name} needs arguments: {error}", (name,)) from None


def _arguments(frozen: Any, name: str) -> dict[str, float]:
    shapes = [part.strip() for part in (frozen.dist.shapes or "").split(",") if part.strip()]
    arguments = dict(zip([*shapes, "loc", "scale"], frozen.args, strict=False)) | frozen.kwds
    if any(np.ndim(value) != 0 for value in arguments.values()):
        raise SpecError("each argument of a distribution has to be one number", (name,))
    if not all(math.isfinite(end) or math.isinf(end) for end in map(float, frozen.support())):
        raise SpecError(f"scipy.stats.{frozen.dist.name} has no values for {arguments}", (name,))
    return {"loc": 0.0, **{key: float(value) for key, value in arguments.items()}}
