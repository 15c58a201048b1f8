"""`crosstune verify`: what it proves, and that it would notice."""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crosstune import Bool, Float, Int, Space, Spec, adapters
from crosstune.adapters.hyperopt import search as hyperopt_search
from crosstune.cli.console import SafeConsole
from crosstune.cli.main import main
from crosstune.cli.time_left import TimeLeftLine
from crosstune.errors import RequestError, RunError, UnknownName
from crosstune.proofs import processes, side_by_side, verification
from crosstune.proofs.by_hand import Suggestion
from crosstune.proofs.side_by_side import smooth
from crosstune.proofs.verification import Progress, verify
from tests.support.slow import slow_but_first

THIRTEEN = Path(__file__).parents[3] / "examples" / "thirteen.yaml"
SMALL = Spec(space=Space({"x": Float(0.0, 1.0), "b": Bool(), "n": Int(1, 3, when={"b": True})}))
QUICK = {
    "optuna": ["tpe", "tpe-v4", "cmaes", "nsga2", "nsga3", "qmc", "random"],
    "hyperopt": ["tpe", "rand", "anneal", "mix"],
    "keras_tuner": ["random", "grid", "hyperband"],
}


@pytest.mark.parametrize(
    ("seeds", "trials"), [(1, 25), pytest.param(2, 60, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("backend", slow_but_first(QUICK))
def test_every_type_of_parameter_is_searched_as_by_hand(
    backend: str, seeds: int, trials: int
) -> None:
    samplers = QUICK[backend]
    proofs = list(
        verify(THIRTEEN, backends=[backend], samplers=samplers, seeds=seeds, trials=trials)
    )
    assert [proof.sampler for proof in proofs] == samplers
    assert [proof.identical for proof in proofs] == [seeds * trials] * len(proofs)


@pytest.mark.slow
@pytest.mark.parametrize("backend", QUICK)
def test_every_sampler_is_as_by_hand_under_two_seeds(backend: str) -> None:
    for proof in verify(THIRTEEN, backends=[backend], seeds=2, trials=60):
        assert proof.holds or proof.refused


def test_a_wrong_seed_is_noticed_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hyperopt_search, "seed_in_32_bits", lambda seed: seed + 1)
    (proof,) = verify(SMALL, backends=["hyperopt"], samplers=["rand"], seeds=1, trials=5)
    assert not proof.holds
    assert proof.first_difference is not None
    assert (proof.first_difference.seed, proof.first_difference.trial) == (1, 0)


def test_a_difference_late_in_a_run_is_found_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = hyperopt_search.HyperoptEngine
    ask = engine.ask

    def wrong(self: Any, trial: int) -> Any:
        params = ask(self, trial)
        return {**params, "x": 0.5} if trial == 7 else params

    monkeypatch.setattr(engine, "ask", wrong)
    (proof,) = verify(SMALL, backends=["hyperopt"], samplers=["rand"], seeds=1, trials=10)
    assert proof.first_difference is not None
    assert (proof.identical, proof.first_difference.trial) == (9, 7)


def test_what_an_engine_refuses_is_said() -> None:
    (proof,) = verify(SMALL, backends=["optuna"], samplers=["grid"], seeds=1, trials=5)
    assert proof.refused is not None
    assert "crosstune's own" in proof.refused


def test_a_walk_that_ends_early_ends_early_on_both_sides() -> None:
    finite = Spec(space=Space({"b": Bool(), "n": Int(1, 3)}))
    for backend, sampler in (("keras_tuner", "random"), ("optuna", "brute-force")):
        (proof,) = verify(finite, backends=[backend], samplers=[sampler], seeds=2, trials=20)
        assert (proof.identical, proof.suggestions) == (12, 12)


def test_an_unknown_backend_or_sampler_is_an_error() -> None:
    with pytest.raises(UnknownName, match="no backend 'optunna'"):
        list(verify(SMALL, backends=["optunna"]))
    with pytest.raises(RequestError, match="no optuna sampler 'tpee'"):
        list(verify(SMALL, backends=["optuna"], samplers=["tpee"]))


def _proofs_without_cost(jobs: int, **options: Any) -> list[Any]:
    proofs = verify(SMALL, seeds=3, trials=12, jobs=jobs, **options)
    return [replace(proof, ratio=0.0) for proof in proofs]


def test_processes_compare_the_same_suggestions_in_the_same_order() -> None:
    chosen: dict[str, Any] = {"backends": ["optuna", "hyperopt"], "samplers": ["random", "grid"]}
    with pytest.raises(RequestError, match="no hyperopt sampler 'grid'"):
        _proofs_without_cost(2, **chosen)
    chosen["backends"] = ["optuna", "crosstune"]
    alone = _proofs_without_cost(1, **chosen)
    assert [proof.sampler for proof in alone if proof.holds] == ["random"]
    assert any(proof.refused for proof in alone)
    assert _proofs_without_cost(2, **chosen) == alone


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_sampler_that_refuses_is_asked_once(jobs: int) -> None:
    told: list[Progress] = []
    proofs = list(
        verify(
            SMALL,
            backends=["optuna"],
            samplers=["grid", "random"],
            seeds=9,
            trials=3,
            jobs=jobs,
            progress=told.append,
        )
    )
    assert [proof.refused is None for proof in proofs] == [False, True]
    assert proofs[1].identical == 27
    assert (told[-1].done, told[-1].total) == (10, 10)


def test_a_process_that_dies_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_silence", partial(os._exit, 3))
    with pytest.raises(RunError, match="a process of crosstune verify died"):
        list(verify(SMALL, backends=["optuna"], samplers=["random"], seeds=2, trials=2, jobs=2))


def test_a_space_that_cannot_be_pickled_is_searched_in_this_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verification, "pack", lambda space: None)
    monkeypatch.setattr(processes, "Children", None)
    (proof,) = verify(SMALL, backends=["optuna"], samplers=["random"], seeds=2, trials=3, jobs=2)
    assert (proof.identical, proof.suggestions) == (6, 6)


def test_the_time_left_is_known_after_one_run_of_each_sampler() -> None:
    told: list[Progress] = []
    list(
        verify(
            SMALL,
            backends=["optuna"],
            samplers=["tpe", "random"],
            seeds=3,
            trials=3,
            progress=told.append,
        )
    )
    assert [each.done for each in told] == list(range(7))
    assert {each.total for each in told} == {6}
    assert [each.seconds_left is None for each in told] == [True, True, *[False] * 5]
    assert told[-1].seconds_left == pytest.approx(0.0, abs=0.1)


def test_every_parameter_has_its_say_in_the_objective() -> None:
    space = Space({"x": Float(0.0, 1.0), "b": Bool(), "n": Int(1, 3)})
    measure = smooth(space)
    base: dict[str, Any] = {"x": 0.1, "b": True, "n": 2}
    for change in ({"x": 0.9}, {"b": False}, {"n": 3}):
        assert measure(Suggestion({**base, **change})) != measure(Suggestion(base))


def test_the_command_prints_a_line_a_sampler(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(["verify", str(THIRTEEN), "-b", "optuna", "-s", "tpe", "-n", "15", "--seeds", "1",
              "--json"])  # fmt: skip
    captured = capsys.readouterr()
    assert exit_info.value.code == 0
    assert "optuna:tpe" in captured.err
    assert "15 of 15 identical" in captured.err
    (proof,) = json.loads(captured.out)
    assert proof["holds"]


def test_the_command_fails_where_a_suggestion_differs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hyperopt_search, "seed_in_32_bits", lambda seed: seed + 1)
    with pytest.raises(SystemExit) as exit_info:
        main(["verify", str(THIRTEEN), "-b", "hyperopt", "-s", "rand", "-n", "3", "--seeds", "1"])
    assert exit_info.value.code == 1
    assert "first difference: seed 1, trial 0" in capsys.readouterr().err


def test_every_built_in_backend_has_a_run_by_hand() -> None:
    for name in QUICK:
        assert adapters.get(name)
        (proof,) = verify(SMALL, backends=[name], samplers=["random"], seeds=1, trials=2)
        assert proof.holds


def test_the_time_left_is_printed_once_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with TimeLeftLine(SafeConsole(stderr=True)) as line:
        for done, left in ((0, None), (2, None), (3, 91.2), (4, 80.0)):
            line.show(Progress(done, 9, left))
    assert capsys.readouterr().err == "3 of 9 runs, about 1 min 31 s left\n"


def test_a_terminal_shows_the_runs_and_the_time_left() -> None:
    shown = io.StringIO()
    console = SafeConsole(file=shown, force_terminal=True, width=100)
    with TimeLeftLine(console) as line:
        line.show(Progress(0, 9, None))
        line._bar.refresh()
        line.show(Progress(3, 9, 91.2))
        line._bar.refresh()
    assert "0/9 runs" in shown.getvalue()
    assert "time left: not known yet" in shown.getvalue()
    assert "about 1 min 31 s left" in shown.getvalue()


@pytest.mark.optuna5
def test_several_metrics_and_constraints_are_searched_as_by_hand() -> None:
    measures = {"metrics": ["f", "g"], "constraints": [{"metric": "m", "max": 1}]}
    spec = Spec(space=SMALL.space, **measures)
    proofs = list(
        verify(spec, backends=["optuna"], samplers=["tpe", "nsga2", "random"], seeds=1, trials=30)
    )
    assert [(proof.identical, proof.suggestions) for proof in proofs] == [(30, 30)] * 3
    (refused,) = verify(spec, backends=["hyperopt"], samplers=["tpe"], seeds=1, trials=3)
    assert refused.refused is not None
    assert "one value" in refused.refused


@pytest.mark.optuna5
def test_a_constraint_that_the_library_does_not_get_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = side_by_side.SeedTask("optuna", "tpe", 1, 30, 2, constrained=True)
    assert side_by_side.run_task(task, SMALL.space).identical == 30
    by_hand = side_by_side._by_hand("optuna")

    def unconstrained(*arguments: Any, losses: Any = None, **options: Any) -> Any:
        always_met = replace(losses, constraints={"c": lambda suggestion: -1.0})
        return by_hand(*arguments, losses=always_met, **options)

    monkeypatch.setattr(side_by_side, "_by_hand", lambda backend: unconstrained)
    assert side_by_side.run_task(task, SMALL.space).identical < 30
