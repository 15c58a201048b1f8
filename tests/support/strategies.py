"""Hypothesis strategies for parameters, spaces and specs."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from crosstune import Bool, Choice, Constant, Float, Int, LogNormal, Normal, Space
from crosstune.space.parameters import Parameter, Scalar

NAMES = st.one_of(
    st.sampled_from(
        ["type", "when", "=", "a.b", "a b", "ü", "日本", "null", "true", "1", "1e-3", "~", "#x",
         "- x", "a: b", "'", '"', "\\", "[", "{x}", "&a", "*a", "!t", "%", "<<", "x" * 500,
         "\u2028", "\t"]
    ),
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20),
)  # fmt: skip
NUMBERS = st.floats(-1e12, 1e12, allow_subnormal=False)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
SCALARS: st.SearchStrategy[Scalar] = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), NUMBERS, TEXT
)


def without_null(scalars: st.SearchStrategy[Scalar]) -> st.SearchStrategy[Scalar]:
    return scalars.filter(lambda value: value is not None)


@st.composite
def floats(draw: st.DrawFn) -> Float:
    if draw(st.booleans()):
        low, high = sorted(draw(st.tuples(*[st.floats(1e-12, 1e12)] * 2)))
        return Float(low, high, log=True)
    low, high = sorted(draw(st.tuples(NUMBERS, NUMBERS)))
    return Float(low, high)


@st.composite
def stepped_floats(draw: st.DrawFn) -> Float:
    places = draw(st.integers(0, 6))
    low, step, n = draw(
        st.tuples(st.integers(-1000, 1000), st.integers(1, 500), st.integers(0, 400))
    )
    scale = 10**places
    return Float(low / scale, (low + n * step) / scale, step=step / scale)


@st.composite
def ints(draw: st.DrawFn) -> Int:
    if draw(st.booleans()):
        low, high = sorted(draw(st.tuples(*[st.integers(1, 10**9)] * 2)))
        return Int(low, high, log=True)
    low, step, n = draw(
        st.tuples(st.integers(-(10**9), 10**9), st.integers(1, 1000), st.integers(0, 1000))
    )
    return Int(low, low + n * step, step=None if step == 1 else step)


@st.composite
def factored_ints(draw: st.DrawFn) -> Int:
    low, step, n = draw(st.tuples(st.integers(1, 9), st.integers(2, 5), st.integers(0, 10)))
    return Int(low, low * step**n, log=True, step=step)


@st.composite
def choices(draw: st.DrawFn, scalars: st.SearchStrategy[Scalar] = SCALARS) -> Choice:
    values = draw(st.lists(scalars, min_size=1, max_size=8, unique_by=lambda v: (type(v), v)))
    odds = draw(st.none() | st.just([1 / len(values)] * len(values)))
    return Choice(values, ordered=draw(st.booleans()), weights=odds)


@st.composite
def normals(draw: st.DrawFn) -> Normal:
    kind = draw(st.sampled_from([Normal, LogNormal]))
    mu, sigma = draw(st.tuples(st.floats(-5, 5), st.floats(0.1, 3)))
    return kind(mu, sigma)


def parameters(
    scalars: st.SearchStrategy[Scalar] = SCALARS,
) -> st.SearchStrategy[Parameter]:
    return st.one_of(
        floats(),
        stepped_floats(),
        ints(),
        factored_ints(),
        choices(scalars),
        st.just(Bool()),
        normals(),
        st.builds(Constant, scalars),
    )


@st.composite
def spaces(draw: st.DrawFn, scalars: st.SearchStrategy[Scalar] = SCALARS) -> Space:
    """One to six parameters, some under the condition of an earlier choice."""
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    plain: dict[str, Any] = {}
    parents: dict[str, Choice] = {}
    for name in names:
        item = draw(parameters(scalars))
        plain[name] = item.to_dict()
        if parents and draw(st.booleans()):
            parent = draw(st.sampled_from(sorted(parents)))
            plain[name]["when"] = {parent: draw(st.sampled_from(parents[parent].values))}
        elif isinstance(item, Choice):
            parents[name] = item
    return Space(plain)


@st.composite
def specs(draw: st.DrawFn, scalars: st.SearchStrategy[Scalar] = SCALARS) -> dict[str, Any]:
    """The keys of a valid spec file."""
    named = NAMES | st.fixed_dictionaries({"name": NAMES, "n": st.integers(0, 99)})
    optional = {
        "objective": TEXT,
        "metric": st.fixed_dictionaries(
            {"name": NAMES, "direction": st.sampled_from(["minimize", "maximize"])}
        ),
        "trials": st.integers(1, 10**6),
        "seconds": st.floats(0.1, 1e6),
        "seed": st.integers(-(2**60), 2**60),
        "backend": NAMES,
        "sampler": named,
        "pruner": named,
    }
    return {
        "name": draw(NAMES),
        **draw(st.fixed_dictionaries({}, optional=optional)),
        "space": draw(spaces(scalars)).to_dict(),
    }


@st.composite
def decimal_steps(draw: st.DrawFn) -> tuple[int, int, int, int]:
    """Low, step and how many steps, as integers over a power of ten."""
    low, step, n = draw(
        st.tuples(st.integers(-(10**6), 10**6), st.integers(1, 10**4), st.integers(1, 10**4))
    )
    return low, step, n, 10 ** draw(st.integers(0, 9))
