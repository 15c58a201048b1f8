"""The match: fair, on disk at once, and the same however often it was stopped."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crosstune
from crosstune import Spec
from crosstune.benchmarks.match import run as run_module
from crosstune.benchmarks.match.contender import contender, contenders
from crosstune.benchmarks.match.folder import FolderError, MatchFolder, RunFile
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.match import Match
from crosstune.benchmarks.match.recorder import RunMismatch
from crosstune.benchmarks.match.results import TIME_FIELDS, Evaluation, Results
from crosstune.benchmarks.match.seeding import engine_seed
from crosstune.benchmarks.problems.base import Problem
from crosstune.errors import RequestError
from tests.support.slow import slow_but_first
from tests.unit.benchmarks import match_objectives as objectives
from tests.unit.benchmarks.matches import lines_on_file

THREE = "optuna:tpe,hyperopt:tpe,optuna:random"


def problem(objective: Callable[..., Any] = objectives.smooth, **keys: Any) -> Problem:
    spec = Spec(**{**objectives.SPEC, **keys})
    return Problem(spec.name, spec, objective)


def match(
    objective: Callable[..., Any] = objectives.smooth,
    who: str = THREE,
    limits: RunLimits | None = None,
    **keys: Any,
) -> Match:
    return Match((problem(objective, **keys),), contenders(who), limits or RunLimits(trials=12))


def untimed(results: Results) -> dict[Any, Any]:
    zero = dict.fromkeys(TIME_FIELDS, 0.0)
    return {
        key: replace(run, evaluations=tuple(replace(each, **zero) for each in run.evaluations))
        for key, run in results.runs.items()
    }


@pytest.mark.parametrize("backend", slow_but_first(["optuna", "hyperopt", "keras_tuner"]))
def test_a_run_is_the_study_that_tune_makes(backend: str, tmp_path: Path) -> None:
    who = f"{backend}:random,optuna:tpe"
    results = match(who=who).run(MatchFolder(tmp_path), 2)
    study = crosstune.tune(
        objectives.SPEC,
        objectives.smooth,
        backend=backend,
        sampler="random",
        trials=12,
        seed=engine_seed(1),
        study_name="match-1",
    )
    run = results.runs["match", contender(f"{backend}:random").label, 1]
    assert [each.value for each in run.evaluations] == [trial.value for trial in study.trials]
    assert [dict(each.params) for each in run.evaluations] == [t.params for t in study.trials]
    assert run.end == "done"


def test_the_trials_of_all_contenders_have_the_same_seeds(tmp_path: Path) -> None:
    found: dict[tuple[str, int, int], int] = {}

    def objective(params: dict[str, Any], trial: Any) -> float:
        seeds.append(crosstune.trial_seed(trial))
        return 0.0

    for who in ("optuna:tpe", "hyperopt:rand"):
        seeds: list[int] = []
        both = contenders(f"{who},optuna:qmc")[:1]
        Match((problem(objective),), both, RunLimits(trials=3)).run(MatchFolder(tmp_path / who), 2)
        found |= {(who, i // 3, i % 3): seed for i, seed in enumerate(seeds)}
    assert len(set(found.values())) == 6
    for (who, seed, number), value in found.items():
        assert value == found["optuna:tpe", seed, number], who


def test_seeds_are_further_apart_than_keras_tuner_counts(tmp_path: Path) -> None:
    results = match(who="keras_tuner:random,optuna:random").run(MatchFolder(tmp_path), 3)
    points = [
        {
            repr(each.params)
            for each in results.runs["match", "keras_tuner:random", seed].evaluations
        }
        for seed in range(3)
    ]
    assert not (points[0] & points[1] | points[0] & points[2] | points[1] & points[2])
    with pytest.raises(RequestError, match="1 to 2000 seeds"):
        match().check(2001)
    with pytest.raises(RequestError, match="trials, not 400000"):
        match(limits=RunLimits(trials=400_000)).check(2)


def test_evaluations_are_on_disk_as_they_are_made(tmp_path: Path) -> None:
    folder = MatchFolder(tmp_path)
    seen = []

    def objective(params: dict[str, Any]) -> float:
        seen.append(lines_on_file(tmp_path))
        return 0.0

    match(objective, "optuna:random,optuna:qmc", RunLimits(trials=3)).run(folder, 1)
    assert seen == [0, 1, 2, 4, 5, 6]  # a line more where the first run ended


@pytest.mark.parametrize("examples", slow_but_first([4, 15]))
def test_a_run_cut_at_any_byte_goes_on_to_the_same(
    examples: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(cut=st.floats(0, 1), objective=st.sampled_from(["curved", "failing", "tested"]))
    def goes_on_to_the_same(cut: float, objective: str) -> None:
        whole = tmp_path_factory.mktemp("whole")
        game = match(getattr(objectives, objective), "optuna:tpe+hyperband,hyperopt:tpe+median")
        uninterrupted = game.run(MatchFolder(whole), 2)
        key = ("match", "optuna:tpe+hyperband", 1)
        path = MatchFolder(whole).run_file(key).path
        text = path.read_bytes()
        path.write_bytes(text[: int(cut * len(text))])
        resumed = game.run(MatchFolder(whole), 2)
        assert untimed(resumed) == untimed(uninterrupted)

    goes_on_to_the_same()


def test_only_what_is_new_is_evaluated(tmp_path: Path) -> None:
    calls = []

    def objective(params: dict[str, Any]) -> float:
        calls.append(params)
        return float(params["x"])

    folder = MatchFolder(tmp_path)

    def evaluated(who: str, seeds: int, trials: int) -> int:
        calls.clear()
        match(objective, who, RunLimits(trials=trials)).run(folder, seeds)
        return len(calls)

    assert evaluated("optuna:tpe,optuna:random", 2, 4) == 16
    assert evaluated("optuna:tpe,optuna:random", 2, 4) == 0
    assert evaluated("optuna:tpe,optuna:random", 3, 4) == 8
    assert evaluated("optuna:tpe,optuna:random,hyperopt:tpe", 3, 4) == 12
    assert evaluated("optuna:tpe,optuna:random,hyperopt:tpe", 3, 6) == 18
    raised = folder.read()
    (tmp_path / "fresh").mkdir()
    at_once = match(objective, "optuna:tpe,optuna:random,hyperopt:tpe", RunLimits(trials=6))
    assert untimed(at_once.run(MatchFolder(tmp_path / "fresh"), 3)) == untimed(raised)


@pytest.mark.parametrize("trials", slow_but_first([5, 12]))
def test_two_jobs_find_what_one_finds(tmp_path: Path, trials: int) -> None:
    limits = RunLimits(trials=trials)
    game = match(who="optuna:tpe,optuna:random", limits=limits)
    one = game.run(MatchFolder(tmp_path / "1"), 2)
    two = game.run(MatchFolder(tmp_path / "2"), 2, jobs=2)
    assert untimed(one) == untimed(two)


def test_a_changed_proposal_is_an_error(tmp_path: Path) -> None:
    game = match(limits=RunLimits(trials=4))
    game.run(MatchFolder(tmp_path), 1)
    path = MatchFolder(tmp_path).run_file(("match", "optuna:tpe", 0)).path
    lines = [json.loads(line) for line in path.read_text().splitlines()[:2]]
    lines[1]["params"]["x"] = 0.25
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(RunMismatch, match="trial 1 had .*'x': 0.25.* and its sampler proposes"):
        game.run(MatchFolder(tmp_path), 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"space": {"x": {"type": "float", "low": 0.0, "high": 1.0}}}, "space"),
        ({"metric": "loss"}, "metric: 'value' there, 'loss' now"),
        ({"limits": RunLimits(trials=3)}, "trials: 4 there, 3 now; a budget can only be raised"),
        ({"limits": RunLimits(epochs=9)}, "epochs: None there, 9 now"),
        ({"limits": RunLimits(trials=4, first=2)}, "first: 0 there, 2 now"),
        ({"who": "optuna:tpe,optuna:qmc"}, "hyperopt:tpe, optuna:random took part there"),
    ],
)
def test_a_folder_of_another_match_is_refused(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    usual = {"limits": RunLimits(trials=4), "objective": objectives.scored_apart}
    match(**usual).run(MatchFolder(tmp_path), 1)
    with pytest.raises(RequestError, match=f"holds another match(.|\n)*{message}"):
        match(**{**usual, **change}).run(MatchFolder(tmp_path), 1)


def test_a_folder_of_another_version_is_refused(tmp_path: Path) -> None:
    match(limits=RunLimits(trials=2)).run(MatchFolder(tmp_path), 1)
    file = tmp_path / "match.json"
    held = json.loads(file.read_text())
    held["versions"]["optuna"] = "3.0"
    file.write_text(json.dumps(held))
    with pytest.raises(RequestError, match="version of optuna: '3.0' there"):
        match(limits=RunLimits(trials=2)).run(MatchFolder(tmp_path), 2)
    held["format"] = 99
    file.write_text(json.dumps(held))
    with pytest.raises(RequestError, match="has the format 99, and this crosstune reads 1"):
        match(limits=RunLimits(trials=2)).run(MatchFolder(tmp_path), 2)
    file.write_text("[")
    with pytest.raises(RequestError, match="is not a file of a match"):
        MatchFolder(tmp_path).read()


def test_a_folder_is_one_match_at_a_time(tmp_path: Path) -> None:
    with (
        MatchFolder(tmp_path).alone(),
        pytest.raises(RequestError, match="another match is running"),
        MatchFolder(tmp_path).alone(),
    ):
        pass


def test_a_line_that_is_none_is_an_error_that_names_it(tmp_path: Path) -> None:
    match(limits=RunLimits(trials=2)).run(MatchFolder(tmp_path), 1)
    path = MatchFolder(tmp_path).run_file(("match", "optuna:tpe", 0)).path
    path.write_bytes(b"garbage\n" + path.read_bytes())
    with pytest.raises(FolderError, match="0000.jsonl:1: not a line of a match"):
        MatchFolder(tmp_path).read()


def test_names_stay_inside_the_folder(tmp_path: Path) -> None:
    game = match(name="../<b>é", limits=RunLimits(trials=2))
    game.run(MatchFolder(tmp_path / "in"), 1)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert MatchFolder(tmp_path / "in").read().settings.problems[0].name == "../<b>é"


def test_failures_are_kept_with_their_reasons(tmp_path: Path) -> None:
    results = match(objectives.failing, "optuna:random,hyperopt:tpe").run(MatchFolder(tmp_path), 2)
    for run in results.runs.values():
        failed = [each for each in run.evaluations if each.state == "failed"]
        assert failed
        assert all(each.value is None for each in failed)
        assert {each.error for each in failed} <= {"ValueError: no luck with a", "'value' = NaN"}


def test_a_run_that_never_works_is_a_failed_run(tmp_path: Path) -> None:
    results = match(objectives.broken, "optuna:random,optuna:qmc").run(MatchFolder(tmp_path), 1)
    run = results.runs["match", "optuna:random", 0]
    assert run.end == "failed"
    assert "the first 3 trials all failed" in str(run.error)
    assert len(run.evaluations) == 3


def test_a_sampler_that_raises_fails_its_run_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from optuna.samplers import TPESampler

    def explode(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("in the sampler")

    monkeypatch.setattr(TPESampler, "infer_relative_search_space", explode)
    results = match(who="optuna:tpe,optuna:random").run(MatchFolder(tmp_path), 1)
    run = results.runs["match", "optuna:tpe", 0]
    assert run.end == "failed"
    assert "the sampler failed on trial 0: ZeroDivisionError: in the sampler" in str(run.error)
    assert results.runs["match", "optuna:random", 0].end == "done"


def test_a_small_space_ends_early(tmp_path: Path) -> None:
    space = {"x": {"type": "int", "low": 1, "high": 5}}
    game = match(objectives.scored_apart, "optuna:grid,optuna:random", space=space)
    run = game.run(MatchFolder(tmp_path), 1).runs["match", "optuna:grid", 0]
    assert (run.end, len(run.evaluations)) == ("exhausted", 5)


def test_pruned_trials_count_by_their_epochs(tmp_path: Path) -> None:
    game = match(
        objectives.curved, "optuna:random+successive-halving,optuna:random", RunLimits(epochs=100)
    )
    results = game.run(MatchFolder(tmp_path), 1)
    pruned = results.runs["match", "optuna:random+successive-halving", 0].evaluations
    plain = results.runs["match", "optuna:random", 0].evaluations
    assert len(plain) == 12  # of nine epochs each: the twelfth reaches a hundred
    assert len(pruned) > 20
    assert {each.state for each in pruned} == {"complete", "pruned"}
    assert 100 <= sum(each.epochs for each in pruned) < 109
    for each in pruned:
        assert each.epochs == len(each.reports)
        assert each.value == each.reports[-1][1]


def test_the_spec_s_pruner_is_everybody_s_unless_one_says_none(tmp_path: Path) -> None:
    pruner = {"name": "threshold", "upper": -1.0}
    game = match(objectives.curved, "optuna:random,optuna:random+none", pruner=pruner)
    results = game.run(MatchFolder(tmp_path), 1)
    states = {
        label: {each.state for each in results.runs["match", label, 0].evaluations}
        for label in results.settings.contenders
    }
    assert states == {"optuna:random": {"pruned"}, "optuna:random+none": {"complete"}}


def test_seconds_of_the_objective_and_the_sampler_end_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crosstune.benchmarks.match import recorder

    monkeypatch.setattr(recorder, "_recorded", lambda *_: 1.0)
    limits = RunLimits(seconds=4.5)
    results = match(who="optuna:random,optuna:tpe", limits=limits).run(MatchFolder(tmp_path), 1)
    run = results.runs["match", "optuna:random", 0]
    assert (len(run.evaluations), run.end) == (5, "done")
    assert run.evaluations[-1].ended == pytest.approx(5.0, abs=0.5)


def test_the_first_design_is_shared(tmp_path: Path) -> None:
    results = match(limits=RunLimits(trials=6, first=3)).run(MatchFolder(tmp_path), 2)
    firsts = {
        seed: {
            repr([dict(each.params) for each in results.runs["match", who, seed].evaluations[:3]])
            for who in THREE.split(",")
        }
        for seed in (0, 1)
    }
    assert len(firsts[0]) == len(firsts[1]) == 1
    assert firsts[0] != firsts[1]


@pytest.mark.parametrize(
    ("objective", "tests", "final"),
    [(objectives.tested, True, False), (objectives.scored_apart, False, True)],
)
def test_scores_on_unseen_data(
    objective: Callable[..., Any], tests: bool, final: bool, tmp_path: Path
) -> None:
    results = match(objective, "optuna:random,optuna:tpe").run(MatchFolder(tmp_path), 1)
    for run in results.runs.values():
        assert all((each.test is not None) == tests for each in run.evaluations)
        assert (run.final_test is not None) == final
        if final:
            best = min(run.evaluations, key=lambda each: each.value or 0.0)
            assert run.final_test == best.params["x"]


def test_a_contender_that_cannot_search_the_space_is_refused() -> None:
    space = {
        "p": {"type": "int", "low": 1, "high": 8, "log": True},
        "x": {"type": "float", "low": 0.0, "high": 1.0, "when": {"p": 2}},
    }
    game = match(objectives.constant, "optuna:tpe,keras_tuner:random,optuna:grid", space=space)
    with pytest.raises(RequestError, match="would not be fair") as caught:
        game.check(2)
    assert "keras_tuner:random on match: " in str(caught.value)
    assert "optuna:grid" not in str(caught.value)  # crosstune's own grid has it


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("optuna:tpe", "two contenders or more"),
        ("optuna:tpe,optuna:tpe", "two contenders are called 'optuna:tpe'"),
        ("optuna:tpe,optunna:tpe", "Did you mean 'optuna'"),
        ("optuna:tpe,hyperopt:tpee", "Did you mean 'tpe'"),
        ("optuna:tpe,optuna:tpe+", "is written backend:sampler"),
        ("optuna:tpe,optuna:tpe+medain", "Did you mean 'median'"),
        ([{"backend": "optuna", "samplr": "tpe"}, "optuna:tpe"], "a contender is a mapping"),
    ],
)
def test_contenders_that_make_no_sense(given: Any, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        contenders(given)


def test_by_default_every_engine_meets_random_search() -> None:
    labels = [each.label for each in contenders(None)]
    assert labels == [
        "optuna:tpe",
        "hyperopt:tpe",
        "keras_tuner:bayesian",
        "crosstune:gp",
        "optuna:random",
    ]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (RunLimits(), "needs a budget"),
        (RunLimits(trials=0), "1 to .* trials, not 0"),
        (RunLimits(seconds=math.inf), "seconds has to be above 0"),
        (RunLimits(epochs=-1), "epochs has to be above 0"),
        (RunLimits(trials=1, first=-1), "0 points or more"),
        (RunLimits(trials=1, workers=2), "a simulated clock needs recorded times"),
    ],
)
def test_limits_that_make_no_sense(limits: RunLimits, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        match(limits=limits).check(1)


def test_a_full_disk_ends_the_match_and_keeps_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    game = match(who="optuna:random,optuna:tpe", limits=RunLimits(trials=4))
    added = run_module.RunFile.add
    left = [5]

    def add(self: Any, evaluation: Any) -> None:
        if not left[0]:
            raise FolderError("the folder cannot be written: No space left on device")
        left[0] -= 1
        added(self, evaluation)

    monkeypatch.setattr(run_module.RunFile, "add", add)
    with pytest.raises(FolderError, match="No space left"):
        game.run(MatchFolder(tmp_path), 1)
    monkeypatch.setattr(run_module.RunFile, "add", added)
    assert [len(run.evaluations) for run in MatchFolder(tmp_path).read().runs.values()] == [4, 1]
    assert [len(run.evaluations) for run in game.run(MatchFolder(tmp_path), 1).runs.values()] == [
        4,
        4,
    ]


@given(
    value=st.floats(allow_nan=False),
    params=st.dictionaries(
        st.text(), st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text()
    ),
    # Half a surrogate pair comes from the name of a file that is no UTF-8, in an error.
    error=st.none() | st.text(st.characters() | st.characters(categories=["Cs"])),
    reports=st.lists(st.tuples(st.integers(0, 2**40), st.floats(allow_nan=False))),
)
def test_a_line_is_read_back_as_written(
    value: float,
    params: dict[str, Any],
    error: str | None,
    reports: list[tuple[int, float]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    written = Evaluation(3, "complete", value, params, reports=tuple(reports), error=error)
    file = RunFile(tmp_path_factory.mktemp("line") / "0000.jsonl")
    with file.open():
        file.add(written)
    assert repr(file.read().evaluations) == repr((written,))
