"""What the tests of native spaces share: strategies for spaces, and p-values against laws."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import strategies as st
from scipy import stats

from crosstune import Bool, Choice, Constant, Float, Int, LogNormal, Normal, Space
from crosstune.space.parameters import Parameter
from crosstune.space.probability import ContinuousLaw, Discrete, Law
from crosstune.testing.space import chi_square


def p_value(drawn: list[Any], held: Law) -> float:
    """The p-value that values were drawn from a law."""
    if isinstance(held, ContinuousLaw):
        return float(stats.kstest(np.array(drawn, float), held.cdf).pvalue)
    assert isinstance(held, Discrete)
    expected = Counter({_rough(v): 10**9 * mass for v, mass in held.items()})
    seen = Counter(_rough(v) for v in drawn)
    if len(expected) == 1:
        return float(set(seen) == set(expected))
    return chi_square(seen, expected)


def _rough(value: Any) -> tuple[str, object]:
    plain = value.item() if isinstance(value, np.generic) else value
    return type(plain).__name__, round(plain, 9) if isinstance(plain, float) else plain


def _number(places: int = 3, low: int = -9999, high: int = 9999) -> st.SearchStrategy[float]:
    return st.integers(low, high).map(lambda k: float(Decimal(k).scaleb(-places)))


@st.composite
def _floats(draw: st.DrawFn) -> Float:
    low, high = sorted(draw(st.lists(_number(), min_size=2, max_size=2, unique=True)))
    return Float(low, high)


@st.composite
def _log_floats(draw: st.DrawFn) -> Float:
    powers = sorted(draw(st.lists(st.integers(-8, 5), min_size=2, max_size=2, unique=True)))
    low, high = (float(f"{draw(st.integers(1, 9))}e{power}") for power in powers)
    return Float(low, high, log=True)


@st.composite
def _stepped_floats(draw: st.DrawFn) -> Float:
    step, low = Decimal(draw(st.integers(1, 300))).scaleb(-2), Decimal(draw(st.integers(-99, 99)))
    return Float(float(low), float(low + step * draw(st.integers(1, 40))), step=float(step))


@st.composite
def _ints(draw: st.DrawFn) -> Int:
    low, step = draw(st.integers(-50, 50)), draw(st.none() | st.integers(2, 7))
    return Int(low, low + (step or 1) * draw(st.integers(1, 40)), step=step)


@st.composite
def _log_ints(draw: st.DrawFn) -> Int:
    low = draw(st.integers(1, 50))
    return Int(low, low + draw(st.integers(1, 500)), log=True)


@st.composite
def _weighted(draw: st.DrawFn) -> Choice:
    counts = draw(st.lists(st.integers(1, 9), min_size=2, max_size=5))
    return Choice(list("abcde")[: len(counts)], weights=[k / sum(counts) for k in counts])


def _choices(values: st.SearchStrategy[Any], ordered: bool = False) -> st.SearchStrategy[Choice]:
    lists = st.lists(values, min_size=2, max_size=6, unique=True)
    return lists.map(lambda held: Choice(held, ordered=ordered))


_words = st.text("abcdefghij", min_size=1, max_size=6)
_scalars = st.one_of(_words, st.integers(2, 99), _number(2, 101, 999).filter(lambda x: x % 1 != 0))
_normals = st.builds(Normal, _number(), _number(2, 1, 999))
_lognormals = st.builds(LogNormal, _number(2, -500, 500), _number(2, 1, 300))
_KINDS: dict[str, st.SearchStrategy[Any]] = {
    "float": _floats(),
    "float log": _log_floats(),
    "float step": _stepped_floats(),
    "float log step": st.sampled_from([Float(1e-3, 10.0, log=True, step=10.0)]),
    "int": _ints(),
    "int log": _log_ints(),
    "int log step": st.sampled_from([Int(8, 64, log=True, step=2)]),
    "mixed": _choices(_scalars | st.none()),
    "words": _choices(_words),
    "integers": _choices(st.integers(2, 99)),
    "ordered integers": _choices(st.integers(2, 99), ordered=True),
    "ordered": _choices(_scalars, ordered=True),
    "weighted": _weighted(),
    "bool": st.just(Bool()),
    "constant": st.builds(Constant, _scalars),
    "normal": _normals,
    "lognormal": _lognormals,
    "normal step": st.sampled_from([Normal(0.0, 1.0, step=0.5), Normal(2.0, 3.0, step=0.25)]),
    "cut": st.sampled_from([Normal(0, 1, low=0.5, high=2), LogNormal(0, 1, high=3)]),
}
EXACT_LITERALLY = {
    "optuna": ("float", "float log", "float step", "int", "int log", "mixed", "bool", "constant"),
    "hyperopt": ("float", "float log", "mixed", "weighted", "bool", "constant", "normal",
                 "lognormal", "normal step"),
    "keras_tuner": ("float", "float log", "float log step", "int", "int log step", "words",
                    "integers", "ordered integers", "bool", "constant"),
}  # fmt: skip
"""The kinds for which each library's own construct has the same law."""


def parameters(engine: str | None = None) -> st.SearchStrategy[Parameter]:
    """A parameter, of a kind that an engine's literal form holds exactly."""
    return st.one_of(*(_KINDS[kind] for kind in EXACT_LITERALLY.get(engine or "", _KINDS)))


@st.composite
def _spaces(draw: st.DrawFn, parents: bool = True) -> Space:
    """Flat parameters, and children two levels down, some of two parents."""
    names = draw(st.lists(_words, min_size=1, max_size=4, unique=True))
    plain: dict[str, Parameter] = {f"p {name}": draw(parameters()) for name in names}
    if parents:
        plain["c"] = Choice(["u", "v", "w"])
        plain["n"] = Int(1, 3)
        plain["b"] = Bool(when={"c": draw(st.sampled_from(["u", ["u", "w"]]))})
        plain["deep"] = Float(0.0, 1.0, when={"b": draw(st.booleans())})
        plain["both"] = Int(
            4, 9, log=True, when={"c": "v", "n": draw(st.sampled_from([1, [1, 3]]))}
        )
        plain["k"] = Constant("on", when={"n": 2})
        plain["under k"] = Choice([1, "x"], when={"k": "on"})
    return Space(plain)


SPACES = _spaces()
