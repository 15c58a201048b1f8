"""The contract fails on wrong adapters: faults that were found in other tools, seeded here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hyperopt import hp
from optuna.distributions import FloatDistribution

from crosstune import Float, Int, Space, adapters
from crosstune.adapters.hyperopt import HyperoptAdapter
from crosstune.adapters.hyperopt import compile as hyperopt_compile
from crosstune.adapters.optuna import compile as optuna_compile
from crosstune.adapters.optuna.search import OptunaEngine
from crosstune.errors import SpecError
from crosstune.space.parameters import Parameter
from crosstune.testing import SpaceContract
from crosstune.testing.drive import draw
from crosstune.testing.space import CONDITIONAL, KINDS


def drawn(backend: str, kind: str) -> dict[str, list[Any]]:
    space = Space({kind: KINDS[kind], "free": Float(0.0, 1.0)})
    points = draw(adapters.get(backend), space, 1500)
    return {kind: [point[kind] for point in points]}


def replace_draw(
    monkeypatch: pytest.MonkeyPatch, kind: type[Parameter], draw: Callable[[str, Any], Any]
) -> None:
    right = hyperopt_compile._draw
    monkeypatch.setattr(
        hyperopt_compile,
        "_draw",
        lambda name, item: draw(name, item) if isinstance(item, kind) else right(name, item),
    )


def test_an_int_compiled_to_uniformint_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_draw(monkeypatch, Int, lambda name, item: hp.uniformint(name, 0, item.coordinate.n - 1))
    with pytest.raises(AssertionError):
        SpaceContract().test_frequencies_agree_with_the_prior(drawn("hyperopt", "int"), "int")


def test_a_log_scale_that_is_dropped_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_draw(monkeypatch, Float, lambda name, item: hp.uniform(name, item.low, item.high))
    with pytest.raises(AssertionError):
        SpaceContract().test_frequencies_agree_with_the_prior(
            drawn("hyperopt", "float log"), "float log"
        )


def test_a_dropped_step_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = optuna_compile.distribution
    monkeypatch.setattr(
        optuna_compile,
        "distribution",
        lambda item: FloatDistribution(0, 1) if item is KINDS["float step"] else right(item),
    )
    monkeypatch.setattr(OptunaEngine, "_value", lambda self, name, drawn: drawn)
    with pytest.raises(AssertionError):
        SpaceContract().test_draws_lie_in_the_range_and_have_its_type(
            drawn("optuna", "float step"), "float step"
        )


class Unconditional(HyperoptAdapter):
    """A class of its own: compiled spaces and draws are kept by adapter."""


def test_a_dropped_condition_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hyperopt_compile, "_guard", lambda value, *_: value)
    with pytest.raises(SpecError):
        SpaceContract().test_conditions_decide_what_is_active(Unconditional())


def test_the_right_adapter_passes_the_same_checks() -> None:
    contract = SpaceContract()
    contract.test_frequencies_agree_with_the_prior(drawn("hyperopt", "int"), "int")
    contract.test_conditions_decide_what_is_active(adapters.get("hyperopt"))
    assert len(CONDITIONAL) == 9
