"""A study compiles its space once, whichever engine searches it."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

import crosstune

SPACE = {
    "units": crosstune.Choice([16, 32, 64], ordered=True),  # on Optuna a mirror searches it
    "layers": crosstune.Int(1, 4),
}


@pytest.mark.parametrize(
    ("named", "construct"),
    [
        ("optuna:tpe", "distribution"),
        ("optuna:grid", "distribution"),
        ("optuna:brute-force", "distribution"),
        ("hyperopt:tpe", "_draw"),
        ("keras_tuner:random", "_construct"),
    ],
)
def test_a_study_compiles_its_space_once(
    named: str, construct: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend, sampler = named.split(":")
    wing = importlib.import_module(f"crosstune.adapters.{backend}.compile")
    make, calls = getattr(wing, construct), []

    def counted(*args: Any) -> Any:
        calls.append(args)
        return make(*args)

    monkeypatch.setattr(wing, construct, counted)
    crosstune.tune(
        {"space": SPACE, "seed": 1}, lambda params: params["units"], backend=backend,
        sampler=sampler, trials=3,
    )  # fmt: skip
    assert len(calls) == len(SPACE)
