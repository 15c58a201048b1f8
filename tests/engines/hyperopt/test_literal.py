"""Hyperopt's constructs: what they draw, and spaces written in and read from them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hyperopt import hp
from hyperopt.pyll import as_apply, scope
from hyperopt.pyll.stochastic import sample
from hypothesis import given, settings
from hypothesis import strategies as st

from crosstune import Bool, Choice, Constant, Float, Int, LogNormal, Normal, Space, adapters
from crosstune.adapters.native import hyperopt as native
from crosstune.errors import Unsupported
from crosstune.space.parameters import Parameter
from crosstune.space.probability import ContinuousLaw, Discrete
from crosstune.space.verdicts import APPROXIMATE, EXACT
from crosstune.testing.space import CONDITIONAL, KINDS
from tests.support.native import SPACES, p_value, parameters

ADAPTER = adapters.get("hyperopt")
SHARED = hp.uniform("s", 0, 1)
CONSTRUCTS: dict[str, Any] = {
    "uniform": hp.uniform("x", -1, 2),
    "quniform off the grid": hp.quniform("x", 1, 10, 3),
    "quniform by tenths": hp.quniform("x", 0, 1, 0.1),
    "quniform around halves": hp.quniform("x", -0.5, 3.5, 1),
    "quniform outside its bounds": hp.quniform("x", 5, 9, 4),
    "uniformint": hp.uniformint("x", 1, 4),
    "int of quniform": scope.int(hp.quniform("x", 0, 30, 10)),
    "int of uniform": scope.int(hp.uniform("x", 1.5, 4)),
    "loguniform": hp.loguniform("x", math.log(1e-3), math.log(10)),
    "qloguniform with zero": hp.qloguniform("x", math.log(0.1), math.log(5), 1),
    "qloguniform": hp.qloguniform("x", math.log(10), math.log(100), 16),
    "int of loguniform": scope.int(hp.loguniform("x", 0, 3)),
    "normal": hp.normal("x", 1, 2),
    "qnormal": hp.qnormal("x", 0, 1, 0.5),
    "int of qnormal": scope.int(hp.qnormal("x", 3, 1, 1)),
    "lognormal": hp.lognormal("x", -1, 0.5),
    "qlognormal": hp.qlognormal("x", 0, 1, 0.5),
    "randint": hp.randint("x", 4),
    "randint from": hp.randint("x", 2, 5),
    "choice": hp.choice("x", [0, 1, 2]),
    "pchoice": hp.pchoice("x", [(0.2, 0), (0.5, 1), (0.3, 2)]),
}


def draws(construct: Any, n: int = 2500) -> list[Any]:
    rng = np.random.default_rng(3)
    return [sample(construct, rng) for _ in range(n)]


@pytest.mark.parametrize("kind", CONSTRUCTS)
def test_random_draws_follow_the_law(kind: str) -> None:
    drawn = draws(CONSTRUCTS[kind])
    assert p_value(drawn, native.law_of(CONSTRUCTS[kind])) > 1e-3


def test_a_seeded_fault_in_a_law_is_caught() -> None:
    drawn = [int(value) for value in draws(CONSTRUCTS["uniformint"])]
    uniform = Discrete([1, 2, 3, 4], [0.25] * 4)
    assert p_value(drawn, uniform) < 1e-9


def test_quniform_halves_its_ends_and_leaves_its_bounds() -> None:
    law = native.law_of(hp.quniform("x", 1, 10, 3))
    assert isinstance(law, Discrete)
    assert dict(law.items()) == pytest.approx({0.0: 0.5 / 9, 3.0: 3 / 9, 6.0: 3 / 9, 9.0: 2.5 / 9})


def test_qloguniform_reaches_zero() -> None:
    law = native.law_of(CONSTRUCTS["qloguniform with zero"])
    assert isinstance(law, Discrete)
    assert dict(law.items())[0.0] == pytest.approx(math.log(5) / math.log(50))


def test_a_normal_has_no_bounds() -> None:
    law = native.law_of(hp.normal("x", 0, 1))
    assert isinstance(law, ContinuousLaw)
    assert (law.low, law.high) == (-math.inf, math.inf)


@given(st.dictionaries(st.text("abcxyz", min_size=1), parameters("hyperopt"), min_size=1))
@settings(max_examples=100, deadline=None)
def test_what_is_written_literally_is_read_back(written: dict[str, Parameter]) -> None:
    space = Space({**written, "free": Float(0.0, 1.0)})
    compiled = ADAPTER.compile(space, mode="literal")
    read, verdicts = native.read_with_verdicts(dict(compiled))
    assert ADAPTER.read(compiled) == read == space
    assert {verdict.kind for verdict in verdicts.values()} == {EXACT}


@given(SPACES)
@settings(max_examples=60, deadline=None)
def test_what_is_compiled_exactly_is_read_back(space: Space) -> None:
    compiled = ADAPTER.compile(space)
    assert ADAPTER.read(compiled) == space
    # From the graph alone: single values and their conditions are all that it cannot hold.
    read = native.read(dict(compiled))
    for name, item in space.searched.items():
        if "k" not in item.when:
            assert read[name] == item


TWO_LEVELS = Space(
    {
        "optimizer": Choice(["adam", "sgd", "lbfgs"]),
        "momentum": Float(0.0, 1.0, when={"optimizer": ["adam", "sgd"]}),
        "nesterov": Bool(when={"optimizer": "sgd"}),
        "decay": Float(1e-4, 1.0, log=True, when={"nesterov": True}),
        "free": Float(0.0, 1.0),
    }
)


def test_two_levels_of_conditions_are_read_back_in_both_modes() -> None:
    for mode in ("exact", "literal"):
        compiled = ADAPTER.compile(TWO_LEVELS, mode=mode)
        read = native.read(dict(compiled))
        assert {name: read[name] for name in TWO_LEVELS} == dict(TWO_LEVELS)
        assert ADAPTER.read(compiled) == TWO_LEVELS


def test_two_parents_are_read_from_the_graph() -> None:
    read = native.read(dict(ADAPTER.compile(CONDITIONAL)))
    assert read["both"] == CONDITIONAL["both"]
    assert read["decay"] == CONDITIONAL["decay"]


def test_two_parents_by_shared_expressions_are_read_as_both() -> None:
    child = hp.uniform("child", 0, 1)
    inner = {True: hp.choice("b", ["no", "yes"])}
    both = scope.switch(inner[True].pos_args[0], None, child)
    space = {"a": hp.choice("a", [0, 1, 2]), "b": inner[True]}
    space["child"] = scope.switch(space["a"].pos_args[0], None, both, both)
    assert native.read(space)["child"] == Float(0, 1, when={"a": [1, 2], "b": "yes"})


def test_a_literal_space_has_the_right_branches() -> None:
    compiled = ADAPTER.compile(TWO_LEVELS, mode="literal")
    rng = np.random.default_rng(0)
    for _ in range(200):
        drawn = sample(compiled, rng)
        flat = {"free": drawn["free"], **drawn["optimizer"]}
        if isinstance(flat.get("nesterov"), dict):
            flat.update(flat["nesterov"])
        TWO_LEVELS.check_point(flat, complete=True)


def test_the_example_of_hyperopts_documentation_is_read() -> None:
    read, verdicts = native.read_with_verdicts(
        hp.choice(
            "classifier_type",
            [
                {"type": "naive_bayes"},
                {
                    "type": "svm",
                    "C": hp.lognormal("svm_C", 0, 1),
                    "kernel": hp.choice(
                        "svm_kernel",
                        [
                            {"ktype": "linear"},
                            {"ktype": "RBF", "width": hp.lognormal("svm_rbf_width", 0, 1)},
                        ],
                    ),
                },
                {
                    "type": "dtree",
                    "criterion": hp.choice("dtree_criterion", ["gini", "entropy"]),
                    "max_depth": hp.choice(
                        "dtree_max_depth", [None, hp.qlognormal("dtree_max_depth_int", 3, 1, 1)]
                    ),
                    "min_samples_split": hp.qlognormal("dtree_min_samples_split", 2, 1, 1),
                },
            ],
        )
    )
    assert dict(read) == {
        "classifier_type": Choice(["naive_bayes", "svm", "dtree"]),
        "svm_C": LogNormal(0, 1, when={"classifier_type": "svm"}),
        "svm_kernel": Choice(["linear", "RBF"], when={"classifier_type": "svm"}),
        "svm_rbf_width": LogNormal(0, 1, when={"svm_kernel": "RBF"}),
        "dtree_criterion": Choice(["gini", "entropy"], when={"classifier_type": "dtree"}),
        "dtree_max_depth": Choice([0, 1], when={"classifier_type": "dtree"}),
        "dtree_max_depth_int": LogNormal(3, 1, step=1, when={"dtree_max_depth": 1}),
        "dtree_min_samples_split": LogNormal(2, 1, step=1, when={"classifier_type": "dtree"}),
    }
    approximate = {name for name, verdict in verdicts.items() if verdict.kind == APPROXIMATE}
    assert approximate == {"dtree_max_depth_int", "dtree_min_samples_split"}


@pytest.mark.parametrize(
    ("construct", "item", "distance"),
    [
        (hp.quniform("x", 1, 10, 3), Float(0, 9, step=3), 7 / 36),
        (hp.quniform("x", 0, 1, 0.1), Float(0, 1, step=0.1), 2 / 11 - 0.1),
        (hp.uniformint("x", 1, 4), Int(1, 4), 1 / 6),
        (scope.int(hp.quniform("x", 0, 30, 10)), Int(0, 30, step=10), 1 / 6),
        (hp.quniform("x", -0.5, 3.5, 1), Float(0, 3, step=1), 0),
        (hp.randint("x", 2, 5), Int(2, 4), 0),
        (scope.int(hp.uniform("x", 1, 5)), Int(1, 4), 0),
        (hp.loguniform("x", math.log(0.1), math.log(3)), Float(0.1, 3, log=True), 0),
        (hp.normal("x", 1, 2), Normal(1, 2), 0),
        (hp.qnormal("x", 1, 2, 0.5), Normal(1, 2, step=0.5), 0),
        (hp.choice("x", ["a", 1, None]), Choice(["a", 1, None]), 0),
        (hp.choice("x", [False, True]), Bool(), 0),
        (hp.choice("x", [(1, 2), (3,)]), Choice([0, 1]), 0),
    ],
    ids=lambda x: str(x).replace("\n", " ")[:60],
)
def test_constructs_are_read_as_the_nearest_parameter(
    construct: Any, item: Parameter, distance: float
) -> None:
    space, verdicts = native.read_with_verdicts({"x": construct})
    assert space == Space({"x": item})
    assert verdicts["x"].distance == pytest.approx(distance, abs=1e-9)
    assert verdicts["x"].kind == (APPROXIMATE if distance else EXACT)


@pytest.mark.parametrize(
    "construct",
    [
        hp.qloguniform("x", math.log(10), math.log(100), 16),
        hp.qloguniform("x", math.log(0.1), math.log(5), 1),
        scope.int(hp.qnormal("x", 3, 1, 1)),
        hp.pchoice("x", [(0.2, 0), (0.5, 1), (0.3, 2)]),
    ],
    ids=lambda x: str(x).replace("\n", " ")[:60],
)
def test_uneven_odds_are_kept_as_weights(construct: Any) -> None:
    space, verdicts = native.read_with_verdicts({"x": construct})
    assert isinstance(space["x"], Choice)
    assert verdicts["x"].kind == EXACT


def test_entries_without_a_draw_are_constants() -> None:
    space = native.read({"a": hp.choice("a", [{"a": 1, "seed": 7}, {"a": 2}]), "epochs": 30})
    assert space["epochs"] == Constant(30)
    assert space["seed"] == Constant(7, when={"a": 1})


def test_a_node_under_every_option_is_always_there() -> None:
    shared = hp.uniform("shared", 0, 1)
    space = native.read(hp.choice("a", [{"x": shared}, {"x": shared, "y": hp.normal("y", 0, 1)}]))
    assert space["shared"].when == {}
    assert space["y"].when == {"a": (1,)}


def test_a_switch_on_a_rounded_number_is_a_condition_on_an_int() -> None:
    layers = scope.int(hp.quniform("n", -0.5, 2.5, 1))
    space = native.read(
        {"net": scope.switch(layers, {}, {"u": SHARED}, {"u": SHARED, "v": hp.uniform("v", 0, 1)})}
    )
    assert space["n"] == Int(0, 2)
    assert space["s"] == Float(0, 1, when={"n": [1, 2]})
    assert space["v"] == Float(0, 1, when={"n": 2})


def test_an_expression_is_read_like_the_dictionary_it_came_from() -> None:
    compiled = ADAPTER.compile(TWO_LEVELS)
    read = native.read(as_apply(dict(compiled)))
    assert dict(read) == dict(TWO_LEVELS)


def test_a_changed_space_is_read_for_what_it_is() -> None:
    compiled = ADAPTER.compile(TWO_LEVELS)
    compiled["free"] = hp.uniform("free", 0, 2)
    assert ADAPTER.read(compiled)["free"] == Float(0, 2)


@pytest.mark.parametrize(
    ("space", "reason"),
    [
        ({"a": hp.uniform("x", 0, 1), "b": hp.uniform("x", 0, 1)}, "'x' is used for two draws"),
        ({"a": hp.uniform("x", 0, 1) * 2}, "scope.mul on 'x' has no finite form"),
        ({"a": scope.pow(10, hp.uniform("x", 0, 1))}, "scope.pow on 'x' has no finite form"),
        ({"a": scope.uniform(0, 1)}, "scope.uniform on 'no label'"),
        ({"a": hp.uniform("x", 0, hp.uniform("y", 1, 2))}, "high of 'x' depends on another"),
        ({"a": hp.normal("x", float("nan"), 1)}, "mu of 'x' is nan, not a finite"),
        ({"a": hp.normal("x", 0, float("inf"))}, "sigma of 'x' is inf, not a finite"),
        ({"a": hp.normal("x", 0, -1)}, "sigma of 'x' has to be above 0"),
        ({"a": hp.lognormal("x", 0, 0)}, "sigma of 'x' has to be above 0"),
        ({"a": hp.quniform("x", 0, 1, 0)}, "q of 'x' has to be above 0"),
        ({"a": hp.uniform("x", 0, -1)}, "low of 'x' is above its high"),
        ({"a": hp.pchoice("x", [(0.5, 1), (0.2, 2)])}, "'x'.*weights sum to 0.7"),
        ({"a": hp.qlognormal("x", 0, 40, 1e-3)}, "'x'|too fine"),
        ({"a": hp.qloguniform("x", 0, 9, 1)}, "'x'.*more than 1000 values"),
        ({"a": hp.loguniform("x", 0, 800)}, "high of 'x' is a logarithm"),
        ({"a": hp.loguniform("x", -800, 0)}, "'x'.*needs low above 0"),
        ({"a": 1}, "no hp expression"),
        (
            hp.choice("a", [{"s": SHARED}, {"b": hp.choice("b", [SHARED, 1])}, {}]),
            "'s' is active when .* not an AND of parents",
        ),
        (
            hp.choice("a", [{"t": 1, "k": 1, "x": SHARED}, {"t": 2, "k": 2}, {"t": 3, "k": 1}]),
            "'k' is fixed to 2 in one place",
        ),
        ({"x": hp.uniform("y", 0, 1), "y": 3}, "'y' is both a label and a fixed"),
        ({"x": hp.uniform("y", 0, 1), "f": math.sin}, "'f' is .* no scalar"),
        ({"a": hp.choice("c", [1, 2]), 3: hp.uniform("y", 0, 1)}, "keys that are not strings"),
    ],
    ids=lambda x: x[:40] if isinstance(x, str) else "space",
)
def test_what_cannot_be_held_is_refused_by_name(space: Any, reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        ADAPTER.read(space)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("float log step", "added, not a factor"),
        ("int log step", "added, not a factor"),
        ("normal cut", "take no bounds"),
    ],
)
def test_what_hyperopt_has_no_form_for_is_refused_by_name(kind: str, reason: str) -> None:
    with pytest.raises(Unsupported, match=f"'some name'.*{reason}"):
        ADAPTER.compile(Space({"some name": KINDS[kind]}), mode="literal")


def test_a_child_of_two_parents_or_of_an_int_has_no_literal_form() -> None:
    both = Space({"a": Bool(), "b": Bool(), "x": Float(0, 1, when={"a": True, "b": True})})
    with pytest.raises(Unsupported, match="'x'.*under one parent, and it has two"):
        ADAPTER.compile(both, mode="literal")
    under = Space({"n": Int(1, 3), "x": Float(0, 1, when={"n": 2})})
    with pytest.raises(Unsupported, match="'x'.*'n' is not an hp.choice"):
        ADAPTER.compile(under, mode="literal")
