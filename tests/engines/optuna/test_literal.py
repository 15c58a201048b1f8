"""Optuna's distributions: what they draw, and spaces written in and read from them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from crosstune import Bool, Choice, Constant, Float, Int, LogNormal, Normal, Space, adapters
from crosstune.adapters.optuna.laws import law_of
from crosstune.adapters.optuna.read import read, read_with_verdicts
from crosstune.errors import UnknownName, Unsupported
from crosstune.space.parameters import Parameter
from crosstune.space.verdicts import EXACT
from crosstune.testing.space import CONDITIONAL, KINDS
from tests.support.native import SPACES, p_value, parameters

ADAPTER = adapters.get("optuna")
CONSTRUCTS: dict[str, BaseDistribution] = {
    "float": FloatDistribution(-1, 2),
    "float log": FloatDistribution(1e-3, 10, log=True),
    "float step": FloatDistribution(-0.3, 0.3, step=0.1),
    "int": IntDistribution(-3, 5),
    "int step": IntDistribution(1, 10, step=3),
    "int log": IntDistribution(1, 8, log=True),
    "categorical": CategoricalDistribution(["a", None, 2, 2.5, False]),
    "single": FloatDistribution(2, 2),
}


@pytest.mark.parametrize("kind", CONSTRUCTS)
def test_random_draws_follow_the_law(kind: str) -> None:
    sampler = optuna.samplers.RandomSampler(seed=1)
    study = optuna.create_study(sampler=sampler)
    trial = optuna.trial.create_trial(state=optuna.trial.TrialState.RUNNING)
    drawn = [sampler.sample_independent(study, trial, "x", CONSTRUCTS[kind]) for _ in range(2000)]
    assert p_value(drawn, law_of(CONSTRUCTS[kind])) > 1e-3


@given(st.dictionaries(st.text("abcxyz", min_size=1), parameters("optuna"), min_size=1))
@settings(max_examples=100, deadline=None)
def test_what_is_written_literally_is_read_back(written: dict[str, Parameter]) -> None:
    space = Space(written)
    compiled = ADAPTER.compile(space, mode="literal")
    assert ADAPTER.read(compiled) == read(dict(compiled)) == space
    _, verdicts = read_with_verdicts(dict(compiled))
    assert {verdict.kind for verdict in verdicts.values()} == {EXACT}


@given(SPACES)
@settings(max_examples=60, deadline=None)
def test_what_is_compiled_exactly_is_read_back(space: Space) -> None:
    assert ADAPTER.read(ADAPTER.compile(space)) == space


def test_a_compiled_space_is_a_plain_dictionary_to_optuna() -> None:
    compiled = ADAPTER.compile(CONDITIONAL)
    assert compiled == dict(compiled)
    study = optuna.create_study()
    assert set(study.ask(dict(compiled)).params) == set(CONDITIONAL.searched)


def test_a_changed_space_is_read_for_what_it_is() -> None:
    compiled = ADAPTER.compile(Space({"x": Float(0.0, 1.0, step=0.1), "n": Normal(0, 1)}))
    assert ADAPTER.read(dict(compiled)) == Space({"x": Int(0, 10), "n": Float(0, 1)})
    compiled["x"] = FloatDistribution(0, 2)
    assert ADAPTER.read(compiled) == Space({"x": Float(0, 2), "n": Float(0, 1)})


def test_single_choices_and_truth_values_are_read_as_what_they_are() -> None:
    held: dict[str, BaseDistribution] = {
        "one": CategoricalDistribution(["only"]),
        "truth": CategoricalDistribution([False, True]),
        "numbers": CategoricalDistribution([0, 1]),
    }
    read = ADAPTER.read(held)
    assert read == Space({"one": Constant("only"), "truth": Bool(), "numbers": Choice([0, 1])})


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("float log step", "no step on a log scale"),
        ("int log step", "no step on a log scale"),
        ("choice weighted", "the same odds"),
        ("normal", "no normal distribution"),
        ("lognormal", "no normal distribution"),
    ],
)
def test_what_optuna_has_no_form_for_is_refused_by_name(kind: str, reason: str) -> None:
    with pytest.raises(Unsupported, match=f"'some name'.*{reason}"):
        ADAPTER.compile(Space({"some name": KINDS[kind]}), mode="literal")


def test_choices_that_optuna_takes_for_equal_are_refused() -> None:
    with pytest.raises(Unsupported, match="'x'.*1, 1.0 and True for the same"):
        ADAPTER.compile(Space({"x": Choice([1, True])}), mode="literal")


@pytest.mark.parametrize(
    ("name", "arguments", "instead"),
    [
        ("UniformDistribution", (0, 1), "FloatDistribution(low, high)"),
        ("LogUniformDistribution", (1, 2), "FloatDistribution(low, high, log=True)"),
        ("DiscreteUniformDistribution", (0, 1, 0.5), "FloatDistribution(low, high, step=q)"),
        ("IntUniformDistribution", (0, 3), "IntDistribution(low, high, step=step)"),
        ("IntLogUniformDistribution", (1, 3), "IntDistribution(low, high, log=True)"),
    ],
)
def test_distributions_of_optuna_2_are_refused_with_what_to_write(
    name: str, arguments: tuple[float, ...], instead: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old = getattr(optuna.distributions, name)(*arguments)
    with pytest.raises(Unsupported) as refusal:
        ADAPTER.read({"lr": old})
    assert f"'lr' is an optuna.distributions.{name}" in str(refusal.value)
    assert instead in str(refusal.value)


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        ({"x": FloatDistribution(0, float("inf"))}, "'x' has a bound that is not finite"),
        ({"x": CategoricalDistribution([(1, 2), "a"])}, "'x'.*is no scalar"),
        ({"x": "FloatDistribution(0, 1)"}, "'x' is not an Optuna distribution"),
        (FloatDistribution(0, 1), "a mapping of names"),
        ({}, "nothing to tune"),
    ],
)
def test_what_cannot_be_held_is_refused_by_name(held: Any, reason: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Unsupported, match=reason):
            ADAPTER.read(held)


def test_a_mode_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'literal'"):
        ADAPTER.compile(Space({"x": Bool()}), mode="literally")


def test_a_seeded_fault_in_a_law_is_caught() -> None:
    sampler = optuna.samplers.RandomSampler(seed=1)
    study = optuna.create_study(sampler=sampler)
    trial = optuna.trial.create_trial(state=optuna.trial.TrialState.RUNNING)
    log = FloatDistribution(1, 8, log=True)
    drawn = [sampler.sample_independent(study, trial, "x", log) for _ in range(2000)]
    assert p_value(drawn, law_of(FloatDistribution(1, 8))) < 1e-9
    assert np.min(drawn) >= 1


def test_kinds_without_a_law_difference_are_exact_in_both_modes() -> None:
    for item in (Float(0, 1), Int(1, 9, step=2), LogNormal(0, 1)):
        drawn = ADAPTER.drawn(Space({"x": item}), "x")
        assert drawn.decode is not None
