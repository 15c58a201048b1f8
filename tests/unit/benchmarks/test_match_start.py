"""`start: defaults` in a match: every contender has it, or none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import crosstune
from crosstune.benchmarks.match.start import with_start
from crosstune.benchmarks.problems.base import Problem
from crosstune.errors import RequestError
from crosstune.spec.spec import Spec

SPACE: dict[str, Any] = {
    "lr": {"type": "float", "low": 0.0, "high": 1.0},
    "kind": {"type": "choice", "values": ["a", "b"]},
    "depth": {"type": "int", "low": 1, "high": 900, "when": {"kind": "a"}},
}
SPEC: dict[str, Any] = {"name": "m", "space": SPACE}
CONTENDERS = ["optuna:tpe", "hyperopt:tpe", "optuna:random"]


def train(params: dict[str, Any], lr: float = 0.25, kind: str = "a", depth: Any = None) -> float:
    return float(params["lr"])


def compare(**how: Any) -> Any:
    how = {"contenders": CONTENDERS, "seeds": 2, "trials": 3, **how}
    return crosstune.compare(how.pop("spec", SPEC), how.pop("objective", train), **how)


def firsts(comparison: Any) -> list[Any]:
    return [run.evaluations[0].params for run in comparison.results.runs.values()]


def test_every_contender_has_the_same_first_trial_under_every_seed() -> None:
    points = firsts(compare(start="defaults"))
    assert len(points) == 6
    assert all(point == points[0] for point in points)
    assert (points[0]["lr"], points[0]["kind"]) == (0.25, "a")
    assert "depth" in points[0]  # Drawn once, since its default is outside the space.


def test_a_spec_gives_it_to_all_contenders_too() -> None:
    spec = {**SPEC, "start": ["defaults", {"lr": 0.5, "kind": "b"}]}
    comparison = compare(spec=spec)
    assert firsts(comparison) == firsts(compare(start="defaults"))
    for run in comparison.results.runs.values():
        assert run.evaluations[1].params == {"lr": 0.5, "kind": "b"}


def test_it_comes_before_the_shared_first_design() -> None:
    comparison = compare(start="defaults", first=2)
    for seed in range(2):
        tried = [
            [evaluation.params for evaluation in run.evaluations]
            for (_, _, number), run in comparison.results.runs.items()
            if number == seed
        ]
        assert tried[0] == tried[1] == tried[2]
        assert tried[0][0]["lr"] == 0.25


def test_without_it_no_contender_has_it() -> None:
    assert all(point["lr"] != 0.25 for point in firsts(compare()))


def test_the_settings_have_the_values_and_a_match_without_is_another(tmp_path: Path) -> None:
    compare(start="defaults", out=tmp_path)
    (problem,) = json.loads((tmp_path / "match.json").read_text())["problems"]
    assert problem["spec"]["start"][0]["lr"] == 0.25
    compare(start="defaults", out=tmp_path, seeds=3)
    with pytest.raises(RequestError, match="holds another match.*\n.*start: .*0.25.* None now"):
        compare(out=tmp_path)


def test_an_objective_without_defaults_is_refused_by_the_name_of_its_problem() -> None:
    with pytest.raises(RequestError, match=r"m: <lambda>\(\) has no default value to start"):
        compare(objective=lambda params: 1.0, start="defaults")
    with pytest.raises(RequestError, match="no start point 'default'"):
        compare(start="default")


def test_an_objective_is_prepared_once() -> None:
    problem = Problem("m", Spec(**SPEC, start="defaults"), train)
    prepared = problem.prepared
    changed = with_start(problem, None)
    assert changed.prepared is prepared
    assert isinstance(changed.spec.start[0], dict)
    assert with_start(Problem("m", Spec(**SPEC), train), None).spec.start == ()
