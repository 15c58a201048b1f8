"""Keras Tuner's hyperparameters: what they draw, and spaces written in and read from them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosstune import Bool, Choice, Constant, Float, Int, Space, adapters
from crosstune.errors import Unsupported
from crosstune.space.parameters import Parameter
from crosstune.space.probability import Discrete
from crosstune.space.verdicts import APPROXIMATE, EXACT
from crosstune.testing.space import CONDITIONAL, KINDS
from tests.support.native import SPACES, p_value, parameters

ADAPTER = adapters.get("keras_tuner")  # chooses a Keras backend that is installed

import keras_tuner as kt  # noqa: E402
from keras_tuner.engine import hyperparameters as kinds  # noqa: E402
from keras_tuner.src.engine.conditions import Parent  # noqa: E402

from crosstune.adapters.keras_tuner.laws import law_of  # noqa: E402
from crosstune.adapters.keras_tuner.read import read, read_with_verdicts  # noqa: E402

CONSTRUCTS: dict[str, Any] = {
    "float": kinds.Float("x", -1, 2),
    "float log": kinds.Float("x", 1e-3, 10, sampling="log"),
    "float by tenths": kinds.Float("x", 0, 1, step=0.1),
    "float by fifths": kinds.Float("x", 0, 1, step=0.2),
    "float log step": kinds.Float("x", 1e-3, 10, step=10, sampling="log"),
    "int": kinds.Int("x", -3, 4),
    "int step": kinds.Int("x", 6, 13, step=3),
    "int log": kinds.Int("x", 1, 8, sampling="log"),
    "int log step": kinds.Int("x", 2, 32, step=2, sampling="log"),
    "choice": kinds.Choice("x", ["a", "b", "c"]),
    "choice twice": kinds.Choice("x", ["a", "b", "a"]),
    "choice of truth values": kinds.Choice("x", [True, False]),
    "boolean": kinds.Boolean("x"),
    "fixed": kinds.Fixed("x", 3.5),
}


def draws(construct: Any, n: int = 3000) -> list[Any]:
    return [construct.random_sample(10**6 + seed) for seed in range(n)]


@pytest.mark.parametrize("kind", CONSTRUCTS)
def test_random_draws_follow_the_law(kind: str) -> None:
    assert p_value(draws(CONSTRUCTS[kind]), law_of(CONSTRUCTS[kind])) > 1e-3


def test_a_seeded_fault_in_a_law_is_caught() -> None:
    tenths = Discrete([k / 10 for k in range(11)], [1 / 11] * 11)
    assert p_value(draws(CONSTRUCTS["float by tenths"]), tenths) < 1e-9
    rounded = law_of(kinds.Int("x", 1, 8))
    assert p_value(draws(CONSTRUCTS["int log"]), rounded) < 1e-9


def test_a_float_with_a_step_never_yields_its_maximum() -> None:
    for kind, last in {"float by tenths": 0.9, "float by fifths": 0.8}.items():
        law = law_of(CONSTRUCTS[kind])
        assert isinstance(law, Discrete)
        assert law.items()[-1][0] == pytest.approx(last)


def test_an_int_on_a_log_scale_is_the_floor_of_a_log_uniform_number() -> None:
    law = law_of(CONSTRUCTS["int log"])
    assert isinstance(law, Discrete)
    for value, mass in law.items():
        assert mass == pytest.approx(math.log((value + 1) / value) / math.log(9))  # type: ignore[operator]


@given(st.dictionaries(st.text("abcxyz", min_size=1), parameters("keras_tuner"), min_size=1))
@settings(max_examples=100, deadline=None)
def test_what_is_written_literally_is_read_back(written: dict[str, Parameter]) -> None:
    space = Space(written)
    compiled = ADAPTER.compile(space, mode="literal")
    read, verdicts = read_with_verdicts(compiled)
    assert ADAPTER.read(compiled) == read == space
    assert {verdict.kind for verdict in verdicts.values()} == {EXACT}


@given(SPACES)
@settings(max_examples=60, deadline=None)
def test_what_is_compiled_exactly_is_read_back(space: Space) -> None:
    assert ADAPTER.read(ADAPTER.compile(space)) == space


TWO_LEVELS = Space(
    {
        "optimizer": Choice(["adam", "sgd", "lbfgs"]),
        "layers": Int(1, 3),
        "momentum": Float(0.0, 1.0, when={"optimizer": ["adam", "sgd"]}),
        "nesterov": Bool(when={"optimizer": "sgd"}),
        "decay": Float(1e-4, 1.0, log=True, when={"nesterov": True}),
        "units": Int(8, 64, log=True, step=2, when={"layers": [2, 3]}),
        "k": Constant("on", when={"layers": 1}),
    }
)


def test_two_levels_of_conditions_are_read_back_in_both_modes() -> None:
    for mode in ("exact", "literal"):
        compiled = ADAPTER.compile(TWO_LEVELS, mode=mode)
        assert ADAPTER.read(compiled) == TWO_LEVELS
    assert read(compiled) == TWO_LEVELS


def test_a_literal_space_has_the_right_branches() -> None:
    oracle = kt.oracles.RandomSearchOracle(
        hyperparameters=ADAPTER.compile(TWO_LEVELS, mode="literal"), seed=7
    )
    for i in range(100):
        TWO_LEVELS.check_point(oracle.populate_space(str(i))["values"], complete=True)


def test_two_parents_are_read_from_the_conditions() -> None:
    compiled = ADAPTER.compile(CONDITIONAL)
    assert read(compiled)["both"].parents == {"optimizer": ("sgd",), "layers": (1, 2)}
    assert ADAPTER.read(compiled) == CONDITIONAL


def test_a_changed_space_is_read_for_what_it_is() -> None:
    compiled = ADAPTER.compile(Space({"x": Choice(["a", 1, None]), "y": Bool()}))
    assert read(compiled)["x"] == Int(0, 2)
    compiled.Float("z", 0, 1)
    assert ADAPTER.read(compiled) == Space({"x": Int(0, 2), "y": Bool(), "z": Float(0, 1)})


def test_what_a_build_function_declares_is_read() -> None:
    hp = kt.HyperParameters()
    hp.Choice("kind", ["mlp", "cnn"])
    with hp.conditional_scope("kind", ["cnn"]):
        hp.Int("layers", 1, 3)
        with hp.conditional_scope("layers", [2, 3]):
            hp.Choice("units", [32, 64], ordered=True)
    hp.Float("lr", 1e-4, 1e-1, sampling="log", default=1e-2, parent_name="kind",
             parent_values=["mlp", "cnn"])  # fmt: skip
    assert read(hp) == Space(
        {
            "kind": Choice(["mlp", "cnn"]),
            "layers": Int(1, 3, when={"kind": "cnn"}),
            "units": Choice([32, 64], ordered=True, when={"layers": [2, 3]}),
            "lr": Float(1e-4, 1e-1, log=True),
        }
    )


@pytest.mark.parametrize(
    ("construct", "item", "distance"),
    [
        (CONSTRUCTS["float by tenths"], Float(0, 0.9, step=0.1), 0),
        (CONSTRUCTS["int step"], Int(6, 12, step=3), 0),
        (CONSTRUCTS["int log step"], Int(2, 32, step=2, log=True), 0),
        (CONSTRUCTS["choice twice"], Choice(["a", "b"], weights=[2 / 3, 1 / 3]), 0),
        (CONSTRUCTS["choice of truth values"], Choice([1, 0], ordered=True), 0),
        (CONSTRUCTS["int log"], Int(1, 8, log=True), math.log(3, 17) - math.log(2, 9)),
        (kinds.Int("x", 3, 3), Int(3, 3), 0),
    ],
    ids=lambda x: str(x)[:40],
)
def test_constructs_are_read_as_the_nearest_parameter(
    construct: Any, item: Parameter, distance: float
) -> None:
    hp = kt.HyperParameters()
    hp.merge([construct])
    space, verdicts = read_with_verdicts(hp)
    assert space == Space({"x": item})
    assert verdicts["x"].distance == pytest.approx(distance, abs=1e-3)
    assert verdicts["x"].kind == (APPROXIMATE if distance else EXACT)


def _hp(*constructs: Any) -> kt.HyperParameters:
    hp = kt.HyperParameters()
    for construct in constructs:
        hp.merge([construct])
    return hp


REFUSED: dict[str, tuple[Any, str]] = {
    "a name under two conditions": (
        _hp(
            kinds.Choice("p", ["a", "b"]),
            kinds.Int("x", 0, 1, conditions=[Parent("p", ["a"])]),
            kinds.Int("x", 0, 9, conditions=[Parent("p", ["b"])]),
        ),
        "'x' is declared under 2 conditions",
    ),
    "a float as a parent": (
        _hp(kinds.Float("p", 0, 1), kinds.Int("x", 0, 1, conditions=[Parent("p", [0.5])])),
        "'x' depends on 'p', a float",
    ),
    "a parent that is not there": (
        _hp(kinds.Int("x", 0, 1, conditions=[Parent("p", [1])])),
        "'x' depends on 'p', which is not there",
    ),
    "a value that the parent cannot have": (
        _hp(kinds.Int("p", 0, 3), kinds.Int("x", 0, 1, conditions=[Parent("p", [7])])),
        "'x' is never there: 'p' cannot be",
    ),
    "reverse_log": (_hp(kinds.Float("x", 1, 9, sampling="reverse_log")), "'x'.*reverse_log"),
    "no hyperparameters": ({"x": 1}, "HyperParameters are needed, not dict"),
    "an infinite bound": (_hp(kinds.Float("x", 0, math.inf)), "'x'.*finite number"),
    "none at all": (kt.HyperParameters(), "nothing to tune"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_held_is_refused_by_name(what: str) -> None:
    space, reason = REFUSED[what]
    with pytest.raises(Unsupported, match=reason):
        ADAPTER.read(space)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (KINDS["normal"], "no normal distribution"),
        (KINDS["choice weighted"], "the same odds"),
        (KINDS["choice mixed"], "one type, and no null"),
        (Choice([True, False]), "turns truth values into 1 and 0"),
        (Constant(None), "holds no null"),
        (Int(4, 9, log=True, step=1.5), "the step of hp.Int is an integer"),
    ],
    ids=lambda x: str(x)[:40],
)
def test_what_keras_tuner_has_no_form_for_is_refused_by_name(item: Parameter, reason: str) -> None:
    with pytest.raises(Unsupported, match=f"'some name'.*{reason}"):
        ADAPTER.compile(Space({"some name": item}), mode="literal")


def test_a_child_of_two_parents_has_no_literal_form() -> None:
    both = Space({"a": Bool(), "b": Bool(), "x": Float(0, 1, when={"a": True, "b": True})})
    with pytest.raises(Unsupported, match="'x'.*under one parent, and it has two"):
        ADAPTER.compile(both, mode="literal")
