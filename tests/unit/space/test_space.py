from __future__ import annotations

import pickle
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from crosstune import Bool, Choice, Constant, Float, Int, Space
from crosstune.errors import SpecError
from tests.support import strategies

NESTED = Space(
    {
        "net": Choice(["mlp", "conv"]),
        "optimizer": Choice(["sgd", "adam"]),
        "momentum": Float(0.0, 1.0, when={"optimizer": "sgd"}),
        "nesterov": Bool(when={"optimizer": "sgd"}),
        "damping": Float(0.0, 1.0, when={"nesterov": False, "net": "mlp"}),
    }
)


def points(space: Space, n: int = 4000) -> list[dict[str, Any]]:
    rng = np.random.default_rng(1)
    return [space.sample(rng) for _ in range(n)]


def test_a_parameter_is_there_exactly_when_all_its_parents_agree() -> None:
    for point in points(NESTED, 500):
        assert ("damping" in point) == (
            point["optimizer"] == "sgd" and point["nesterov"] is False and point["net"] == "mlp"
        )


def test_branches_have_the_odds_of_their_choices() -> None:
    seen = Counter(tuple(point) for point in points(NESTED))
    odds = {4: 0.25 + 0.125, 5: 0.125, 2: 0.5}
    counts = [sum(n for names, n in seen.items() if len(names) == k) for k in odds]
    assert stats.chisquare(counts, [4000 * p for p in odds.values()]).pvalue > 1e-4


def test_a_conditional_parameter_keeps_its_prior() -> None:
    drawn = [point["damping"] for point in points(NESTED) if "damping" in point]
    assert stats.kstest(drawn, stats.uniform.cdf).pvalue > 1e-4


@given(strategies.spaces(), st.integers(0, 2**32))
def test_every_sample_is_a_complete_point(space: Space, seed: int) -> None:
    point = space.sample(np.random.default_rng(seed))
    assert list(space.check_point(point, complete=True)) == list(point)


@given(strategies.spaces())
def test_a_space_survives_its_plain_form(space: Space) -> None:
    assert Space(space.to_dict()) == space


@given(strategies.spaces())
def test_parents_stand_before_their_children(space: Space) -> None:
    order = list(space)
    assert all(
        order.index(parent) < order.index(name) for name in space for parent in space[name].parents
    )


def test_a_parent_declared_later_is_moved_before_its_child() -> None:
    assert list(Space({"a": Bool(when={"b": True}), "b": Bool()})) == ["b", "a"]


def test_a_space_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(NESTED)) == NESTED


def test_the_same_parameters_have_the_same_fingerprint() -> None:
    assert Space({"x": Float(0, 1)}).fingerprint() == Space({"x": Float(0.0, 1.0)}).fingerprint()


@pytest.mark.parametrize(
    "other",
    [{"x": Float(0, 2)}, {"x": Float(0, 1, step=0.5)}, {"y": Float(0, 1)}, {"x": Int(0, 1)}],
)
def test_other_parameters_have_another_fingerprint(other: dict[str, Any]) -> None:
    assert Space({"x": Float(0, 1)}).fingerprint() != Space(other).fingerprint()


def test_the_difference_shows_each_changed_parameter() -> None:
    before = Space({"x": Int(0, 1), "y": Bool()})
    after = Space({"x": Int(0, 2), "z": Bool()})
    assert before.difference(after).splitlines() == [
        'x: {"type": "int", "low": 0, "high": 1} -> {"type": "int", "low": 0, "high": 2}',
        'y: {"type": "bool"} -> absent',
        'z: absent -> {"type": "bool"}',
    ]


def test_equal_spaces_have_no_difference() -> None:
    assert NESTED.difference(NESTED) == ""


FAULTS: list[tuple[Any, tuple[str, ...], str]] = [
    ({}, (), "the space is empty"),
    ([], (), "maps names"),
    ({"": Bool()}, (), "name is a string"),
    ({1: Bool()}, (), "name is a string"),
    ({"x": Bool(when={"zz": True})}, ("x", "when", "zz"), "no parameter 'zz'"),
    ({"xx": Bool(), "x": Bool(when={"xxx": True})}, ("x", "when", "xxx"), "Did you mean 'xx'"),
    ({"f": Float(0, 1), "x": Bool(when={"f": 0.5})}, ("x", "when", "f"), "'f' is a float"),
    ({"x": Bool(when={"x": True})}, ("x", "when", "x"), "circle: x -> x"),
    (
        {"a": Bool(when={"b": True}), "b": Bool(when={"a": True})},
        ("b", "when", "a"),
        "circle: a -> b -> a",
    ),
    ({"c": Choice([1]), "x": Bool(when={"c": 2})}, ("x", "when", "c"), "can never be 2"),
    (
        {"c": Bool(), "a": Bool(when={"c": True}), "x": Bool(when={"a": True, "c": False})},
        ("x", "when"),
        "never there",
    ),
]


@pytest.mark.parametrize(("plain", "path", "words"), FAULTS, ids=lambda x: str(x)[:50])
def test_a_fault_is_named_and_placed(plain: Any, path: tuple[str, ...], words: str) -> None:
    with pytest.raises(SpecError) as refused:
        Space(plain)
    assert (refused.value.path, words in str(refused.value)) == (path, True), str(refused.value)


POINT_FAULTS: list[tuple[Any, str]] = [
    (3, "a point maps names"),
    ({"nett": "mlp"}, "Did you mean 'net'"),
    ({"net": "rnn"}, "not in the range"),
    ({"optimizer": "adam", "momentum": 0.5}, "only there when"),
    ({"momentum": True}, "not in the range"),
]


@pytest.mark.parametrize(("point", "words"), POINT_FAULTS, ids=lambda x: str(x)[:50])
def test_a_point_outside_the_space_is_refused(point: Any, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        NESTED.check_point(point)


def test_an_incomplete_point_is_refused_where_a_complete_one_is_needed() -> None:
    with pytest.raises(SpecError, match="'optimizer' is missing"):
        NESTED.check_point({"net": "mlp"}, complete=True)


def test_a_condition_on_one_does_not_hold_for_true() -> None:
    space = Space({"c": Choice([1, True]), "x": Bool(when={"c": 1})})
    assert [space.is_active("x", {"c": value}) for value in (1, True)] == [True, False]


def test_a_parent_with_a_single_value_can_carry_conditions() -> None:
    space = Space({"c": Constant("a"), "x": Bool(when={"c": "a"})})
    assert "x" in space.sample(np.random.default_rng(0))


@pytest.mark.parametrize("backwards", [False, True])
def test_conditions_are_nested_sixteen_deep_at_most(backwards: bool) -> None:
    def chain(length: int) -> Space:
        names = [f"x{i}" for i in range(length + 1)]
        items = {"x0": Bool(), **{b: Bool(when={a: True}) for a, b in pairwise(names)}}
        return Space(dict(reversed(items.items())) if backwards else items)

    assert len(chain(16)) == 17
    with pytest.raises(SpecError, match="more than 16 deep"):
        chain(17)
