"""Several objectives and constraints as one value for each trial."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstune.engines.base import Outcome
from crosstune.errors import RequestError
from crosstune.samplers.scalarisation import Scalarisation, of_options

HALVES = np.array([0.5, 0.5])


def outcome(*values: float, **constraints: float) -> Outcome:
    return Outcome("complete", values[0], values=values, constraints=constraints)


def values(rule: Scalarisation, outcomes: list[Outcome], maximize: list[bool]) -> list[Any]:
    weights = rule.drawn(len(maximize), 0, 0) if rule.weights else HALVES[: len(maximize)]
    return [one.value for one in rule.scalars(outcomes, maximize, weights)]


def test_chebyshev_is_the_largest_share_and_a_part_of_the_sum() -> None:
    outcomes = [outcome(0, 40), outcome(10, 0), outcome(5, 10)]
    expected = [0.5 + 0.025, 0.5 + 0.025, 0.25 + 0.05 * 0.375]
    assert values(Scalarisation(), outcomes, [False, False]) == pytest.approx(expected)


def test_the_weighted_sum_and_a_maximized_metric() -> None:
    rule = Scalarisation("weighted", (3.0, 1.0))
    outcomes = [outcome(0, 40), outcome(10, 0)]
    assert values(rule, outcomes, [True, False]) == pytest.approx([1.0, 0.0])


def test_drawn_weights_are_uniform_and_depend_on_seed_and_proposal() -> None:
    rule = Scalarisation()
    drawn = np.array([rule.drawn(3, 7, proposal) for proposal in range(2000)])
    assert drawn.sum(axis=1) == pytest.approx(1.0)
    # Each share of a uniform vector of three has the law 1 - (1 - w)**2.
    for share in drawn.T:
        law = 1 - (1 - np.sort(share)) ** 2
        assert np.abs(law - np.arange(1, 2001) / 2000).max() < 0.035
    assert (rule.drawn(3, 7, 5) == drawn[5]).all()
    assert (rule.drawn(3, 8, 5) != drawn[5]).any()


@given(
    st.lists(
        st.tuples(*[st.floats(-1e6, 1e6)] * 2, *[st.floats(-5, 5)] * 2), min_size=2, max_size=12
    ),
    st.booleans(),
)
def test_an_infeasible_trial_is_worse_than_every_feasible_one(
    rows: list[tuple[float, float, float, float]], single: bool
) -> None:
    outcomes = [
        Outcome("complete", f, values=() if single else (f, g), constraints={"a": a, "b": b})
        for f, g, a, b in rows
    ]
    scalars = values(Scalarisation(), outcomes, [False] if single else [False, False])
    feasible = [s for s, (*_, a, b) in zip(scalars, rows, strict=True) if max(a, b) <= 0]
    rest = [s for s, (*_, a, b) in zip(scalars, rows, strict=True) if max(a, b) > 0]
    if feasible and rest:
        assert max(feasible) < min(rest)


def test_infeasible_trials_are_in_the_order_of_violation() -> None:
    outcomes = [outcome(1, a=0.0), outcome(9, a=2.0), outcome(5, a=4.0), outcome(0, a=1.0)]
    minimized = values(Scalarisation(), outcomes, [False])
    assert np.argsort(minimized).tolist() == [0, 3, 1, 2]
    assert minimized[0] == 1
    maximized = values(Scalarisation(), outcomes, [True])
    assert np.argsort(maximized).tolist() == [2, 1, 3, 0]
    marks = [each.penalised for each in Scalarisation().scalars(outcomes, [False], np.ones(1))]
    assert marks == [False, True, True, True]


def test_an_infinite_value_is_bad_and_finite_in_the_scalar() -> None:
    outcomes = [outcome(0, 1), outcome(1, 0), outcome(float("inf"), 0)]
    scalars = values(Scalarisation(), outcomes, [False, False])
    assert max(scalars[:2]) < scalars[2] < 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scalarise": "chebychev"}, "no scalarisation 'chebychev'"),
        ({"scalarise": "weighted", "weights": [0, 0]}, "not all 0"),
        ({"scalarise": "weighted", "weights": "1, 2"}, "weights are a list"),
        ({"scalarise": "weighted", "weights": [1, -1]}, "weights are a list"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        of_options(options)
