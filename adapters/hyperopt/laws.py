"""The laws of Hyperopt's constructs, as they really draw."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hyperopt.pyll.base import Apply, Literal

from crosstune.adapters.hyperopt.graph import Graph
from crosstune.adapters.hyperopt.labels import Label
from crosstune.engines.base import Drawn
from crosstune.errors import Unsupported
from crosstune.space.parameters import Scalar
from crosstune.space.probability import ContinuousLaw, Discrete, Lattice, Law, rounded

_LARGEST_LOG = 709.0
_SIGMAS = 9
"""Beyond this many deviations the mass of a normal is 0 in double precision."""


def drawn(native: Any, name: str) -> Drawn:
    """The law of the draw under a label of a space, and its conversion to the value."""
    return drawn_under(Graph(native).labels[name])


def drawn_under(label: Label) -> Drawn:
    """The law of the draw under a label, and its conversion to the value."""
    raw = raw_law(label)
    if label.item is not None:
        return Drawn(raw, label.item.decode)
    if label.naming is not None and by_position(label):
        return Drawn(raw, _named(label.naming[2]))
    return Drawn(whole_law(label, raw) if label.whole else raw)


def by_position(label: Label) -> bool:
    """True if the label is a choice, which draws the position of an option."""
    return label.node.name in ("randint", "categorical") and not label.whole


def _named(values: list[Scalar]) -> Callable[[Any], Scalar]:
    return lambda position: values[int(position)]


def law_of(construct: Any) -> Law:
    """The law of a construct such as ``hp.quniform(label, 1, 10, 3)``.

    For `hp.choice` and `hp.pchoice` it is the law of the index. An `int` around the construct is
    taken into account.
    """
    label = _only_label(construct)
    return whole_law(label, raw_law(label)) if label.whole else raw_law(label)


def _only_label(construct: Any) -> Label:
    if isinstance(construct, Apply) and construct.name == "switch":
        return Graph(construct).labels[str(construct.pos_args[0].arg["label"].obj)]
    (label,) = Graph(construct).labels.values()
    return label


def raw_law(label: Label) -> Law:
    """The law of the distribution under a label."""
    kind, numbers = label.node.name, arguments(label)
    if kind in ("uniform", "quniform"):
        base = ContinuousLaw(numbers["low"], numbers["high"])
    elif kind in ("loguniform", "qloguniform"):
        base = ContinuousLaw(natural(numbers["low"]), natural(numbers["high"]), log=True)
    elif kind in ("normal", "qnormal"):
        base = ContinuousLaw(-math.inf, math.inf, False, numbers["mu"], numbers["sigma"])
    elif kind in ("lognormal", "qlognormal"):
        base = ContinuousLaw(0.0, math.inf, True, numbers["mu"], numbers["sigma"])
    elif kind == "randint":
        low, high = span(numbers)
        return rounded(None, 0, 1, low, high - 1, whole=True)
    elif kind == "categorical":
        weights = weights_of(label)
        return Discrete(list(range(len(weights))), weights)
    else:
        raise Unsupported(f"{label.name!r} draws from {kind!r}, which has no known law")
    if not kind.startswith("q"):
        return base if base.low < base.high else Discrete([base.low], [1.0])
    first, last = multiples(base, numbers["q"])
    return rounded(base, 0.0, numbers["q"], first, last)


def multiples(base: ContinuousLaw, q: float) -> tuple[int, int]:
    """The first and last multiple of `q` that draws are rounded to."""
    low, high = base.low, base.high
    if base.mu is not None and base.sigma is not None:
        ends = [base.mu - _SIGMAS * base.sigma, base.mu + _SIGMAS * base.sigma]
        low, high = [math.exp(min(z, 700.0)) for z in ends] if base.log else ends
    first, last = math.floor(low / q + 0.5), math.ceil(high / q - 0.5)
    if max(abs(first), abs(last)) > 2**53:
        raise Unsupported(f"q = {q!r} is too fine for a range from {low:.3g} to {high:.3g}")
    return first, max(first, last)


def whole_law(label: Label, raw: Law) -> Law:
    """The law after `int`."""
    match raw:
        case Discrete():
            return raw.mapped(int)
        case Lattice() if raw.whole:
            return raw
        case Lattice() if float(raw.step).is_integer():
            return dataclasses.replace(raw, whole=True)
        case ContinuousLaw(low, high) if low >= 0 and high < 2**53:
            return rounded(raw, 0, 1, int(low), math.ceil(high) - 1, whole=True, offset=0)
    raise Unsupported(f"{label.name!r} rounds a range with int(), which has no finite form")


def arguments(label: Label) -> dict[str, float]:
    """The numeric arguments of a distribution.

    Raises:
        Unsupported: one depends on another draw, is not finite, or is invalid.
    """
    if label.node.name not in _KINDS:
        raise Unsupported(f"{label.name!r} draws from {label.node.name!r}, which has no known law")
    numbers: dict[str, float] = {}
    for key in _KINDS[label.node.name]:
        node = label.node.arg.get(key)
        if not isinstance(node, Literal):
            if key == "high" and label.node.name == "randint":
                continue
            raise Unsupported(
                f"{key} of {label.name!r} depends on another draw, which has no finite form"
            )
        if node.obj is None and key == "high":
            continue
        numbers[key] = _finite(label, key, node.obj)
    for key in ("sigma", "q"):
        if key in numbers and numbers[key] <= 0:
            raise Unsupported(f"{key} of {label.name!r} has to be above 0, not {numbers[key]!r}")
    high = numbers.get("high", 0.0)
    if "log" in label.node.name and high > _LARGEST_LOG:
        raise Unsupported(f"high of {label.name!r} is a logarithm; exp({high}) overflows")
    if "high" in numbers and "low" in numbers and numbers["low"] > high:
        raise Unsupported(f"low of {label.name!r} is above its high: {numbers}")
    if label.node.name == "randint" and span(numbers)[0] >= span(numbers)[1]:
        raise Unsupported(f"the range of {label.name!r} is empty: {numbers}")
    return numbers


_KINDS: dict[str, tuple[str, ...]] = {
    "uniform": ("low", "high"),
    "quniform": ("low", "high", "q"),
    "loguniform": ("low", "high"),
    "qloguniform": ("low", "high", "q"),
    "normal": ("mu", "sigma"),
    "qnormal": ("mu", "sigma", "q"),
    "lognormal": ("mu", "sigma"),
    "qlognormal": ("mu", "sigma", "q"),
    "randint": ("low", "high"),
    "categorical": (),
}


def _finite(label: Label, key: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise Unsupported(f"{key} of {label.name!r} is {value!r}, not a finite number")
    return number


def span(numbers: dict[str, float]) -> tuple[int, int]:
    """The first number of `randint`, and the end, which is excluded."""
    if "high" in numbers:
        return int(numbers["low"]), int(numbers["high"])
    return 0, int(numbers["low"])


def weights_of(label: Label) -> list[float]:
    """The odds of each position of `hp.pchoice`."""
    node = label.node.arg["p"]
    plain = node.obj if isinstance(node, Literal) else [_literal(label, p) for p in node.pos_args]
    return [_finite(label, "p", p) for p in np.asarray(plain).ravel()]


def _literal(label: Label, node: Apply) -> Any:
    if not isinstance(node, Literal):
        raise Unsupported(f"p of {label.name!r} depends on another draw, which has no finite form")
    return node.obj


def natural(log: float) -> float:
    """The shortest decimal number with this logarithm; exp(log(0.1)) is 0.10000000000000002."""
    value = math.exp(log)
    for digits in range(1, 17):
        short = float(f"{value:.{digits}g}")
        if short > 0 and math.log(short) == log:
            return short
    return value
