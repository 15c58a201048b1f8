"""The point of default values: what fits into a space, and what is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from crosstune.space.defaults import Defaults, default_point
from crosstune.space.space import Space

INT = {"type": "int", "low": 1, "high": 9}
STEPS = {"type": "float", "low": 0.0, "high": 0.5, "step": 0.1}
LOG_STEPS = {"type": "int", "low": 16, "high": 256, "log": True, "step": 2}
CHOICE = {"type": "choice", "values": ["sgd", "adam", None, 1, True]}
NORMAL = {"type": "normal", "mu": 0, "sigma": 1, "high": 2}


def point(space: dict[str, Any], values: dict[str, Any]) -> Any:
    return default_point(Space(space), Defaults("f()", values))


FITS: list[tuple[dict[str, Any], Any, Any]] = [
    (INT, 3, 3),
    (INT, 3.0, 3),
    (INT, np.int64(3), 3),
    (STEPS, 0.1 + 0.2, 0.3),
    (LOG_STEPS, 64, 64),
    (CHOICE, None, None),
    (CHOICE, np.str_("adam"), "adam"),
    (CHOICE, True, True),
    ({"type": "bool"}, np.bool_(False), False),
    (NORMAL, 0, 0.0),
]


@pytest.mark.parametrize(("item", "value", "kept"), FITS)
def test_a_default_that_fits_is_in_the_type_of_the_parameter(
    item: dict[str, Any], value: Any, kept: Any
) -> None:
    made = point({"x": item}, {"x": value})
    assert made.params == {"x": kept}
    assert type(made.params["x"]) is type(kept)
    assert not made.skipped
    assert not made.sentences()


OUTSIDE: list[tuple[dict[str, Any], Any, str]] = [
    (INT, None, "null is not in the range of this int (low: 1, high: 9)"),
    (INT, 10, "10 is not in the range"),
    (INT, 2.5, "2.5 is not in the range"),
    (INT, True, "true is not in the range"),
    (INT, -1, "-1 is not in the range"),
    (STEPS, 0.25, "0.25 is not in the range of this float (low: 0.0, high: 0.5, step: 0.1)"),
    (LOG_STEPS, 48, "48 is not in the range"),
    (CHOICE, "rmsprop", '"rmsprop" is not in the range of this choice'),
    ({"type": "bool"}, 1, "1 is not in the range of this bool"),
    (NORMAL, 3.0, "3.0 is not in the range"),
    (STEPS, float("nan"), "NaN is not in the range"),
    (STEPS, "scale", '"scale" is not in the range'),
    (CHOICE, np.zeros(3), "array([0., 0., 0.]) is no number, text, true, false or null"),
    (CHOICE, [1], "[1] is no number"),
]


@pytest.mark.parametrize(("item", "value", "why"), OUTSIDE)
def test_a_default_outside_the_space_is_left_out_with_the_reason(
    item: dict[str, Any], value: Any, why: str
) -> None:
    made = point({"x": item, "y": INT}, {"x": value, "y": 5})
    assert made.params == {"y": 5}
    assert why in made.skipped["x"]
    assert made.sentences() == [
        f"start: defaults: 'x' is left out: {made.skipped['x']}",
        "start: defaults: what is left out is drawn",
    ]


def test_without_a_value_that_fits_there_is_no_trial() -> None:
    made = point({"x": INT, "y": INT}, {"x": 0})
    assert made.params == {}
    assert made.sentences()[1:] == [
        "start: defaults: 'y' is left out: f() has no default for it",
        "start: defaults: no default value of f() fits, so there is no default trial",
    ]


TREE: dict[str, Any] = {
    "kind": {"type": "choice", "values": ["a", "b", "c"]},
    "in_a": {**INT, "when": {"kind": "a"}},
    "below_a": {**INT, "when": {"in_a": [3, 4]}},
    "in_b": {**INT, "when": {"kind": ["b", "c"]}},
    "below_b": {**INT, "when": {"in_b": 3}},
}
ALL = {"in_a": 3, "below_a": 5, "in_b": 3, "below_b": 7}


def test_only_active_parameters_have_a_value() -> None:
    assert point(TREE, {"kind": "a", **ALL}).params == {"kind": "a", "in_a": 3, "below_a": 5}
    assert point(TREE, {"kind": "c", **ALL}).params == {"kind": "c", "in_b": 3, "below_b": 7}


def test_an_inactive_parameter_is_not_said_to_be_left_out() -> None:
    made = point(TREE, {"kind": "a", "in_a": 1})
    assert (made.params, made.skipped) == ({"kind": "a", "in_a": 1}, {})


def test_the_child_of_a_parent_without_a_value_keeps_its_default() -> None:
    made = point(TREE, {"kind": "z", **ALL})
    assert made.params == ALL
    assert list(made.skipped) == ["kind"]
    Space(TREE).check_point(made.params)


def test_a_constant_is_left_to_the_space_and_decides_about_its_children() -> None:
    space = {
        "kind": {"type": "constant", "value": "a"},
        "in_a": {**INT, "when": {"kind": "a"}},
    }
    assert point(space, {"kind": "b", "in_a": 2}).params == {"in_a": 2}


def test_the_reason_of_an_unknown_default_is_said() -> None:
    made = default_point(Space({"x": INT}), Defaults("M", {}, {"x": "M does not say it"}))
    assert made.skipped == {"x": "M does not say it"}
