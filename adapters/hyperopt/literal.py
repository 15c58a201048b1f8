"""Spaces as Hyperopt's documentation would write them, for people who migrate."""

from __future__ import annotations

import math
from typing import Any

from hyperopt import hp
from hyperopt.pyll import scope

from crosstune.engines.compiled import minimal
from crosstune.errors import Unsupported
from crosstune.space.parameters import Bool, Choice, Float, Int, LogNormal, Normal, Parameter
from crosstune.space.space import Space


def literal(space: Space) -> dict[str, Any]:
    """Nested `hp` expressions: children are in the options of the `hp.choice` above them.

    Raises:
        Unsupported: Hyperopt has no such construct, with the reason.
    """
    below: dict[tuple[str, float], list[str]] = {}
    top = []
    for name, condition in minimal(space.conditions).items():
        if len(condition) > 1:
            raise _none(name, space[name], "hp.choice nests under one parent, and it has two")
        if not condition:
            top.append(name)
        for parent, raws in condition.items():
            if not isinstance(space[parent], Choice | Bool):
                raise _none(name, space[name], f"{parent!r} is not an hp.choice")
            for raw in raws:
                index = space[parent].encode(space[parent].decode(raw))
                below.setdefault((parent, index), []).append(name)
    written: dict[str, Any] = {}

    def write(name: str) -> Any:
        item = space[name]
        if name not in written:
            if item.coordinate is None:
                written[name] = item.only
            elif isinstance(item, Choice | Bool):
                values = item.values if isinstance(item, Choice) else (False, True)
                options: list[Any] = list(values)
                if any(parent == name for parent, _ in below):
                    options = [
                        {name: v, **{c: write(c) for c in below.get((name, item.encode(v)), ())}}
                        for v in values
                    ]
                written[name] = _choice(name, item, options)
            else:
                written[name] = _expression(name, item)
        return written[name]

    return {name: write(name) for name in top}


def _choice(name: str, item: Parameter, options: list[Any]) -> Any:
    weights = item.weights if isinstance(item, Choice) else None
    if weights is None:
        return hp.choice(name, options)
    return hp.pchoice(name, list(zip(weights, options, strict=True)))


def _expression(name: str, item: Parameter) -> Any:
    match item:
        case Float(log=True, step=step) | Int(log=True, step=step) if step is not None:
            raise _none(name, item, "the step of hp.qloguniform is added, not a factor")
        case Float(low, high, log=True):
            return hp.loguniform(name, math.log(low), math.log(high))
        case Int(low, high, log=True):
            return scope.int(hp.qloguniform(name, math.log(low), math.log(high), 1))
        case Float(low, high, step=None):
            return hp.uniform(name, low, high)
        case Float(low, high, step=step):
            return hp.quniform(name, low, high, step)
        case Int(low, high, step=step) if step is None or step == 1:
            return hp.uniformint(name, low, high)
        case Int(low, high, step=step):
            return scope.int(hp.quniform(name, low, high, step))
        case Normal(mu, sigma, low=None, high=None, step=step):
            log = isinstance(item, LogNormal)
            if step is None:
                return (hp.lognormal if log else hp.normal)(name, mu, sigma)
            return (hp.qlognormal if log else hp.qnormal)(name, mu, sigma, step)
        case Normal():
            raise _none(name, item, "hp.normal and hp.lognormal take no bounds")
    raise AssertionError(item)


def _none(name: str, item: Parameter, reason: str) -> Unsupported:
    return Unsupported(
        f"hyperopt has no literal form of {name!r} ({item.type}): {reason}. Use exact mode"
    )


def notes(item: Parameter, mode: str) -> tuple[str, ...]:
    """Differences that the law does not show."""
    if mode == "literal" and isinstance(item, Choice) and item.ordered:
        return ("the order is lost: hp.choice has none",)
    return ()
