"""A match scores the best feasible trial of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import crosstune
from crosstune.benchmarks.compare import read
from crosstune.benchmarks.match.contender import contender
from crosstune.benchmarks.match.folder import MatchFolder
from crosstune.benchmarks.match.results import Evaluation, MatchRun, Results
from crosstune.benchmarks.statistics import summarize
from crosstune.errors import RequestError
from tests.unit.benchmarks import matches

SPEC: dict[str, Any] = {
    "name": "m",
    "metric": "loss",
    "space": {"x": {"type": "float", "low": -10, "high": 10}},
}


def train(params: dict[str, Any], trial: Any) -> float:
    trial.set_constraint("memory", 5 - params["x"])
    return float(params["x"])


def run(values: list[float], constraints: list[float]) -> MatchRun:
    made = matches.run(values)
    return replace(
        made,
        evaluations=tuple(
            replace(each, constraints={"c": constraint})
            for each, constraint in zip(made.evaluations, constraints, strict=True)
        ),
    )


def results(by: dict[str, list[MatchRun]], **more: Any) -> Results:
    return matches.results({"m": by}, maximize=False, **more)


TWO = {
    "a": [run([9.0, 1.0], [0.0, 1.0]), run([8.0, 7.0], [0.0, -1.0])],
    "b": [run([6.0, 5.5], [0.0, 0.0]), run([-3.0, 6.0], [2.0, 0.0])],
}


def scores(found: Results) -> dict[str, float]:
    return {each.contender: each.score for each in summarize(found).standings}


def test_a_run_scores_its_best_feasible_trial() -> None:
    assert scores(results(TWO)) == {"a": 8.0, "b": 5.75}


def test_a_note_says_how_many_trials_were_feasible() -> None:
    notes = summarize(results(TWO)).notes
    assert "Trials on m have constraints. Feasible were: a 3 of 4; b 3 of 4." in notes


def test_curves_are_of_the_best_feasible_trial_so_far() -> None:
    curve = summarize(results(TWO)).curves["m"]["a"]["trials"]
    assert list(curve.mean) == [8.5, 8.0]


def test_a_run_without_a_feasible_trial_is_the_worst_and_no_error() -> None:
    by = {"a": [run([-9.0, -8.0], [1.0, 1.0]), TWO["a"][1]], "b": TWO["b"]}
    found = summarize(results(by))
    assert scores(results(by))["a"] == 7.0
    (note,) = (note for note in found.notes if "no feasible trial" in note)
    assert note.startswith("a has no feasible trial on m under seed 0")
    assert not np.isnan(found.curves["m"]["a"]["trials"].mean[-1])


def test_a_match_without_any_feasible_trial_says_so() -> None:
    by = {name: [run([1.0], [1.0]), run([2.0], [3.0])] for name in "ab"}
    with pytest.raises(RequestError, match="On m no trial is feasible: all 4 are infeasible[.]"):
        summarize(results(by))


def test_a_match_without_any_feasible_trial_says_what_became_of_the_others() -> None:
    odd = run([1.0, 2.0, 3.0], [1.0, 0.0, 0.0])
    pruned, failed = (
        replace(odd.evaluations[at], state=state, error=error)
        for at, state, error in ((1, "pruned", None), (2, "failed", "ValueError: no"))
    )
    odd = replace(odd, evaluations=(odd.evaluations[0], pruned, failed))
    by = {name: [odd, odd] for name in "ab"}
    with pytest.raises(RequestError) as caught:
        summarize(results(by))
    assert "no trial is feasible: 4 are infeasible, 4 were pruned, 4 failed with " in str(
        caught.value
    )


def test_constraints_are_kept_on_file_and_those_without_write_none(tmp_path: Path) -> None:
    file = MatchFolder(tmp_path).run_file(("m", "a", 0))
    with file.open():
        file.add(Evaluation(0, "complete", 1.0, {}, constraints={"c": float("inf"), "d": -1.0}))
        file.add(Evaluation(1, "complete", 1.0, {}))
    assert "constraints" not in file.path.read_text().splitlines()[1]
    first, second = file.read().evaluations
    assert (dict(first.constraints or {}), second.constraints) == (
        {"c": float("inf"), "d": -1.0},
        None,
    )


@pytest.mark.optuna5
def test_a_constrained_match_continues_as_it_began(tmp_path: Path) -> None:
    who = ["optuna:tpe", "hyperopt:rand"]
    asked: dict[str, Any] = {"contenders": who, "seeds": 2, "trials": 16}
    whole = crosstune.compare(SPEC, train, out=tmp_path / "whole", **asked)
    crosstune.compare(SPEC, train, out=tmp_path / "cut", **{**asked, "trials": 13})
    again = crosstune.compare(SPEC, train, out=tmp_path / "cut", **asked)

    def points(found: Any) -> Any:
        return {
            key: [(each.params, each.constraints) for each in run.evaluations]
            for key, run in found.results.runs.items()
        }

    assert points(again) == points(whole) == points(read(tmp_path / "whole"))
    assert all(each.score >= 5 for each in whole.summary.standings)
    assert any("hyperopt:rand cannot use constraints" in note for note in whole.summary.notes)
    assert not any("optuna:tpe cannot use" in note for note in whole.summary.notes)


@pytest.mark.optuna5
def test_an_objective_with_a_test_of_its_own_survives_a_run_without_a_feasible_trial(
    tmp_path: Path,
) -> None:
    class Model:
        def __call__(self, params: dict[str, Any], trial: Any) -> float:
            trial.set_constraint("memory", 1.0 if params["x"] < 9.9 else -1.0)
            return float(params["x"])

        def test(self, params: dict[str, Any]) -> dict[str, float]:
            return {"loss": params["x"]}

    spec = {**SPEC, "start": [{"x": -10.0}]}
    found = crosstune.tune(spec, Model(), trials=1)
    assert len(found.trials) == 1
    from crosstune.benchmarks.match.limits import RunLimits
    from crosstune.benchmarks.match.match import Match
    from crosstune.benchmarks.problems.base import Problem

    loaded = crosstune.Spec(**spec)
    made = Match(
        (Problem("m", loaded, Model()),),
        (contender("optuna:tpe"), contender("optuna:random")),
        RunLimits(trials=1),
    ).run(MatchFolder(tmp_path), 1)
    assert {run.end for run in made.runs.values()} == {"done"}


def test_a_contender_has_no_constraints_of_its_own() -> None:
    with pytest.raises(RequestError, match="constraints_func"):
        contender(
            {
                "backend": "optuna",
                "sampler": {"name": "tpe", "constraints_func": lambda trial: [0.0]},
            }
        )
