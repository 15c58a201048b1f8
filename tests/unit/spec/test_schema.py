from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from crosstune import Spec
from crosstune.errors import SpecError
from crosstune.spec.schema import schema
from tests.support import strategies

VALIDATOR = jsonschema.Draft202012Validator(schema())
SPACE = {"x": {"type": "float", "low": 0, "high": 1}}


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@given(strategies.specs())
def test_every_spec_that_the_reader_takes_is_valid(plain: dict[str, Any]) -> None:
    VALIDATOR.validate(json.loads(json.dumps(Spec(**plain).to_dict())))


def test_the_schema_knows_the_keys_of_a_spec() -> None:
    assert set(schema()["properties"]) == set(Spec.model_fields) - {"folder"}


NULLS = ["objective", "trials", "seconds", "seed", "pruner"]


@pytest.mark.parametrize("key", NULLS)
def test_null_is_valid_where_the_reader_takes_it(key: str) -> None:
    plain = {"space": SPACE, key: None}
    Spec(**copy.deepcopy(plain))
    VALIDATOR.validate(plain)


FAULTS: list[dict[str, Any]] = [
    {},
    {"space": {}},
    {"space": []},
    {"space": {"": {"type": "bool"}}},
    {"space": {"x": 3}},
    {"space": {"x": {}}},
    {"space": {"x": {"type": "flaot", "low": 0, "high": 1}}},
    {"space": {"x": {"type": "float", "low": 0}}},
    {"space": {"x": {"type": "float", "low": "0", "high": 1}}},
    {"space": {"x": {"type": "float", "low": 0, "high": 1, "hihg": 1}}},
    {"space": {"x": {"type": "float", "low": 0, "high": 1, "log": "yes"}}},
    {"space": {"x": {"type": "float", "low": 0, "high": 1, "step": 0}}},
    {"space": {"x": {"type": "int", "low": 0.5, "high": 1}}},
    {"space": {"x": {"type": "choice", "values": []}}},
    {"space": {"x": {"type": "choice", "values": "abc"}}},
    {"space": {"x": {"type": "choice", "values": [[1]]}}},
    {"space": {"x": {"type": "choice", "values": [1, 2], "weights": [1, 0]}}},
    {"space": {"x": {"type": "normal", "mu": 0, "sigma": 0}}},
    {"space": {"x": {"type": "bool", "when": 3}}},
    {"space": {"x": {"type": "bool", "when": {"y": []}}}},
    {"space": SPACE, "trails": 3},
    {"space": SPACE, "trials": 0},
    {"space": SPACE, "trials": "3"},
    {"space": SPACE, "seconds": 0},
    {"space": SPACE, "seed": 0.5},
    {"space": SPACE, "name": ""},
    {"space": SPACE, "metric": {"name": "a", "direction": "max"}},
    {"space": SPACE, "metric": {"nam": "a"}},
    {"space": SPACE, "sampler": {"n": 3}},
    {"space": SPACE, "sampler": 3},
    {"space": SPACE, "start": {"x": 1}},
    {"space": SPACE, "start": [3]},
    {"space": SPACE, "start": "default"},
    {"space": SPACE, "start": ["default"]},
    {"space": SPACE, "start": ["defaults", "defaults"]},
    {"space": SPACE, "objective": 3},
]


@pytest.mark.parametrize("plain", FAULTS, ids=lambda plain: str(plain)[:70])
def test_a_fault_is_one_for_the_schema_and_for_the_reader(plain: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(plain)
    with pytest.raises(SpecError):
        Spec(**copy.deepcopy(plain))


@pytest.mark.parametrize("start", ["defaults", [], ["defaults"], [{"x": 0.5}, "defaults", {}]])
def test_start_points_with_defaults_are_valid(start: Any) -> None:
    plain = {"space": SPACE, "start": start}
    Spec(**copy.deepcopy(plain))
    VALIDATOR.validate(plain)


def test_the_schema_knows_the_keys_of_the_sklearn_dialect() -> None:
    from crosstune.objectives.sklearn import _SklearnKeys

    described = schema()["properties"]["objective"]["anyOf"][1]["properties"]
    assert set(described) == set(_SklearnKeys.model_fields)


def test_the_schema_knows_the_keys_of_the_keras_tuner_dialect() -> None:
    pytest.importorskip("keras_tuner")
    from crosstune.adapters.keras_tuner.objective import _Description

    described = schema()["properties"]["objective"]["anyOf"][2]["properties"]
    assert set(described) == set(_Description.model_fields)
