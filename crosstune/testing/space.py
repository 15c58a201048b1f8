"""The first promise: a backend draws exactly the values of the space, with exactly the prior."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import stats

from crosstune.engines.base import Adapter
from crosstune.space.parameters import (
    Bool,
    Choice,
    Constant,
    Float,
    Int,
    LogNormal,
    Normal,
    Parameter,
    Scalar,
)
from crosstune.space.space import Params, Space
from crosstune.testing.drive import draw

KINDS: dict[str, Parameter] = {
    "float": Float(-2.0, 3.0),
    "float log": Float(1e-4, 1e2, log=True),
    "float step": Float(0.0, 1.0, step=0.1),
    "float log step": Float(1e-3, 10.0, log=True, step=10.0),
    "int": Int(-3, 4),
    "int step": Int(1, 10, step=3),
    "int log": Int(1, 8, log=True),
    "int log wide": Int(4, 1000, log=True),
    "int log step": Int(8, 64, log=True, step=2),
    "choice": Choice(["a", "b", "c"]),
    "choice ordered": Choice([16, 32, 64, 128], ordered=True),
    "choice mixed": Choice([None, 1, 2.5, "x", False]),
    "choice weighted": Choice(["rare", "common"], weights=[0.2, 0.8]),
    "bool": Bool(),
    "normal": Normal(1.0, 2.0),
    "normal cut": Normal(0.0, 1.0, low=0.5, high=2.0),
    "normal step": Normal(0.0, 1.0, step=0.5),
    "lognormal": LogNormal(-2.0, 1.0),
}
"""One parameter of every kind."""

CONDITIONAL = Space(
    {
        "optimizer": Choice(["adam", "sgd", "lbfgs"]),
        "layers": Int(1, 3),
        "momentum": Float(0.0, 1.0, when={"optimizer": ["sgd", "adam"]}),
        "nesterov": Bool(when={"optimizer": "sgd"}),
        "decay": Float(1e-4, 1.0, log=True, when={"nesterov": True}),
        "both": Float(0.0, 1.0, when={"optimizer": "sgd", "layers": [2, 3]}),
        "fixed": Constant("on", when={"optimizer": "adam"}),
        "under fixed": Float(0.0, 1.0, when={"fixed": "on"}),
        "free": Float(0.0, 1.0),
    }
)
"""Two levels, two parents, several values of a parent, and a parent with a single value."""

DRAWS = 1500
SMALLEST_P = 1e-4
"""Seeds are fixed, so a backend either passes always or fails always."""


class SpaceContract:
    """The draws of a backend, compared with the reference prior `space.sample`."""

    @pytest.fixture
    def drawn(self, adapter: Adapter) -> dict[str, list[Scalar]]:
        """Many draws of every kind."""
        return _drawn(adapter)

    @pytest.mark.parametrize("kind", KINDS)
    def test_draws_lie_in_the_range_and_have_its_type(
        self, drawn: dict[str, list[Scalar]], kind: str
    ) -> None:
        item = KINDS[kind]
        assert all(item.contains(value) for value in drawn[kind])
        wanted = {type(item.sample(np.random.default_rng(i))) for i in range(100)}
        assert {type(value) for value in drawn[kind]} <= wanted

    @pytest.mark.parametrize("kind", KINDS)
    def test_frequencies_agree_with_the_prior(
        self, drawn: dict[str, list[Scalar]], kind: str
    ) -> None:
        assert agreement(drawn[kind], KINDS[kind]) > SMALLEST_P

    def test_every_point_of_a_grid_is_reached(self, drawn: dict[str, list[Scalar]]) -> None:
        assert set(drawn["float step"]) == {0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0}
        assert set(drawn["int step"]) == {1, 4, 7, 10}
        assert set(drawn["int log step"]) == {8, 16, 32, 64}
        assert set(drawn["float log step"]) == {0.001, 0.01, 0.1, 1.0, 10.0}

    def test_choices_keep_their_identity(self, adapter: Adapter) -> None:
        values: list[Scalar] = [1, True, 1.0, "1", None, 0, False, ""]
        space = Space({"x": Choice(values), "free": Float(0.0, 1.0)})
        seen = {(type(p["x"]), p["x"]) for p in draw(adapter, space, 300)}
        assert seen == {(type(value), value) for value in values}

    def test_conditions_decide_what_is_active(self, adapter: Adapter) -> None:
        for point in _conditional(adapter)[:200]:
            CONDITIONAL.check_point(point, complete=True)

    def test_conditional_parameters_keep_their_prior(self, adapter: Adapter) -> None:
        points = _conditional(adapter)
        for name in ("momentum", "decay", "both", "under fixed"):
            values = [point[name] for point in points if name in point]
            assert agreement(values, CONDITIONAL[name]) > SMALLEST_P

    def test_branches_have_the_odds_of_the_prior(self, adapter: Adapter) -> None:
        points = _conditional(adapter)
        assert chi_square(_branches(points), _branches_of_the_prior()) > SMALLEST_P

    @pytest.mark.parametrize(
        "item",
        [Int(3, 3), Float(2.5, 2.5), Choice(["only"]), Constant(None), Float(1.0, 1.0, log=True)],
        ids=repr,
    )
    def test_a_single_value_is_handed_out_without_a_search(
        self, adapter: Adapter, item: Parameter
    ) -> None:
        space = Space({"x": item, "free": Float(0.0, 1.0)})
        assert {repr(point["x"]) for point in draw(adapter, space, 5)} == {repr(item.only)}

    def test_single_values_do_not_shift_the_other_draws(self, adapter: Adapter) -> None:
        alone = Space({"free": Float(0.0, 1.0)})
        beside = Space({"a": Constant(1), "free": Float(0.0, 1.0), "z": Int(3, 3)})
        assert [p["free"] for p in draw(adapter, beside, 10)] == [
            p["free"] for p in draw(adapter, alone, 10)
        ]

    def test_awkward_names_are_kept(self, adapter: Adapter) -> None:
        names = ["a b", "lr.x", "ünï", "type", "=", "__class__", "0", "a/b", "None", '{"x": 1}',
                 "x" * 300]  # fmt: skip
        space = Space(
            {
                **{name: Float(0.0, 1.0) for name in names},
                "parent / of": Choice(["yes", "no"]),
                "child: of": Float(0.0, 1.0, when={"parent / of": "yes"}),
            }
        )
        for point in draw(adapter, space, 10):
            assert set(names) <= set(point)
            space.check_point(point, complete=True)


@cache
def _drawn(adapter: Adapter) -> dict[str, list[Scalar]]:
    """Many draws of every kind; `free` keeps engines from running out of new points."""
    points = draw(adapter, Space({**KINDS, "free": Float(0.0, 1.0)}), DRAWS)
    return {kind: [point[kind] for point in points] for kind in KINDS}


@cache
def _conditional(adapter: Adapter) -> list[Params]:
    return draw(adapter, CONDITIONAL, DRAWS)


def _branches(points: list[Params]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(point) for point in points)


@cache
def _branches_of_the_prior() -> Counter[tuple[str, ...]]:
    rng = np.random.default_rng(0)
    return _branches([CONDITIONAL.sample(rng) for _ in range(20 * DRAWS)])


def agreement(values: list[Scalar], item: Parameter) -> float:
    """The p-value of the hypothesis that `values` were drawn from the parameter's prior."""
    rng = np.random.default_rng(1)
    reference = [item.sample(rng) for _ in range(20 * DRAWS)]
    if isinstance(values[0], float) and len(set(reference)) > 100:
        return float(stats.ks_2samp(values, reference).pvalue)
    if len(set(reference)) > 100:
        # Integers on a long scale: in tenths of the prior, ties kept together.
        edges = sorted(set(np.quantile(np.array(reference, float), np.linspace(0.1, 0.9, 9))))

        def tenth(value: Scalar) -> int:
            return int(np.searchsorted(edges, float(value or 0)))

        return chi_square(Counter(map(tenth, values)), Counter(map(tenth, reference)))
    return chi_square(Counter(map(repr, values)), Counter(map(repr, reference)))


def chi_square(seen: Counter[Any], reference: Counter[Any]) -> float:
    """The p-value of counts against the shares of a much larger sample; rare cells are pooled."""
    n, total = seen.total(), reference.total()
    expected = {key: n * count / total for key, count in reference.items()}
    common = [key for key in expected if expected[key] >= 5]
    observed = [seen[key] for key in common]
    wanted = [expected[key] for key in common]
    rest = n - sum(observed)
    if rest or sum(wanted) < n:
        observed.append(rest)
        wanted.append(max(n - sum(wanted), 0.5))
    scale = sum(observed) / sum(wanted)
    return float(stats.chisquare(observed, [scale * value for value in wanted]).pvalue)
