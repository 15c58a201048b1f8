"""Several metrics, and constraints, in a spec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crosstune import Float, Spec
from crosstune.errors import SpecError
from crosstune.spec.schema import schema

SPACE = {"x": Float(0, 1)}
METRICS = [{"name": "accuracy", "direction": "maximize"}, "latency_ms"]
CONSTRAINTS = [{"metric": "memory_mb", "max": 512}, {"metric": "recall", "min": 0.8}]


def test_a_spec_with_metrics_and_constraints_is_saved_and_read_again(tmp_path: Path) -> None:
    spec = Spec(name="a", space=SPACE, metrics=METRICS, constraints=CONSTRAINTS)
    assert [metric.direction for metric in spec.objectives] == ["maximize", "minimize"]
    for ending in ("yaml", "toml", "json"):
        path = tmp_path / f"a.{ending}"
        spec.save(path)
        again = Spec.load(path)
        assert (again.metrics, again.constraints) == (spec.metrics, spec.constraints)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"metrics": ["a"]}, "metrics: there is one metric alone"),
        ({"metrics": ["a", "a"]}, "metrics.1.name: 'a' is there twice"),
        ({"metrics": ["a", {"direction": "minimize"}]}, "metrics.1: 'name' is missing"),
        ({"metrics": ["a", "b"], "metric": "c"}, "'metric' and 'metrics'"),
        ({"constraints": [{"metric": "m"}]}, "constraints.0: a constraint has a bound"),
        ({"constraints": [{"metric": "m", "min": 3, "max": 1}]}, "at least 3 and at most 1"),
        (
            {"constraints": [{"metric": "m", "min": 3}, {"metric": "m", "max": 1}]},
            "constraints.1: no value meets these bounds of 'm'",
        ),
        ({"constraints": [{"metric": "m", "maxx": 1}]}, "Did you mean 'max'"),
        ({"constraints": [{"metric": "m", "max": True}]}, "a number is needed"),
        ({"constraints": [{"metric": "m", "max": float("inf")}]}, "a finite number is needed"),
    ],
)
def test_a_fault_is_named_with_its_place(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as refused:
        Spec(space=SPACE, **keys)
    assert message in str(refused.value)


def test_the_schema_takes_what_a_spec_takes() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    document = {
        "space": {"x": {"type": "float", "low": 0, "high": 1}},
        "metrics": METRICS,
        "constraints": CONSTRAINTS,
    }
    jsonschema.validate(document, schema())
    for bad in ({"constraints": [{"metric": "m"}]}, {"metrics": ["a"]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**document, **bad}, schema())
