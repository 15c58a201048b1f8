"""An objective may ask sampler and pruner at odd moments; a resumed study takes the same way."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

import crosstune
from crosstune import Spec, checkpoints
from crosstune.benchmarks.match.contender import contender
from crosstune.benchmarks.match.folder import RunFile
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.results import TIME_FIELDS
from crosstune.benchmarks.match.run import MatchTask, carry_out
from crosstune.benchmarks.problems.base import Problem
from crosstune.engines.record_names import QUESTIONS
from crosstune.objectives import prepare
from crosstune.resume import ResumeMismatch
from crosstune.tuning.front import settle
from crosstune.tuning.loop import run, run_plan
from crosstune.tuning.opening import open_study
from crosstune.tuning.request import StudyRequest
from tests.support.slow import slow_but, slow_but_first
from tests.unit.resume.support import DIRECT, Killed, rows, snapshot_never

Train = Callable[[dict[str, Any], optuna.Trial], float]
WHOLE = {"x": 0.5, "n": 3, "c": "b"}
START = [WHOLE, {"x": 0.1}, {"n": 2, "c": "a"}]
LOOKS: dict[str, Callable[[optuna.Trial], object]] = {
    "budget": crosstune.budget,
    "checkpoint": checkpoints.find,
    "relative_params": lambda trial: trial.relative_params,
    "seed": crosstune.trial_seed,
}
ENGINES: dict[str, dict[str, Any]] = {
    "optuna tpe": {"sampler": {"name": "tpe", "n_startup_trials": 3}},
    "optuna cmaes": {"sampler": {"name": "cmaes", "n_startup_trials": 2}},
    "optuna nsga2": {"sampler": {"name": "nsga2", "population_size": 4}},
    "optuna qmc": {"sampler": "qmc"},
    "optuna gp": {"sampler": {"name": "gp", "n_startup_trials": 3}, "trials": 8},
    "optuna random": {"sampler": "random"},
    "hyperopt tpe": {"sampler": {"name": "tpe", "n_startup_jobs": 3}},
    "hyperopt anneal": {"sampler": "anneal"},
    "keras_tuner bayesian": {"sampler": {"name": "bayesian", "num_initial_points": 3}, "trials": 8},
    "keras_tuner random": {"sampler": "random"},
    "keras_tuner hyperband": {"sampler": {"name": "hyperband", "max_epochs": 4, "factor": 2}},
    "crosstune gp": {"sampler": "gp", "trials": 9},
    "crosstune random": {"sampler": "random"},
}
BY_DEFAULT = ["optuna tpe", "hyperopt tpe", "keras_tuner random", "crosstune gp"]


def worth(params: dict[str, Any]) -> float:
    return float(params["x"]) + int(params["n"]) / 8 + len(str(params["c"])) * ord(params["c"]) / 99


def both(
    folder: Path, spec: dict[str, Any], train: Train, at: int, **options: Any
) -> tuple[list[Any], list[Any]]:
    """The rows of a whole study, and of one that was interrupted in a trial and resumed."""
    stop: int | None = None

    def stopping(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == stop:
            raise KeyboardInterrupt
        return train(params, trial)

    whole = crosstune.tune(spec, stopping, storage=folder / "whole.journal", **options)
    stop, place = at, folder / "stopped.journal"
    with pytest.raises(KeyboardInterrupt):
        crosstune.tune(spec, stopping, storage=place, **options)
    stop = None
    return rows(whole), rows(crosstune.tune(spec, stopping, storage=place, resume=True, **options))


@pytest.mark.parametrize("engine", slow_but(ENGINES, BY_DEFAULT))
def test_a_look_at_the_budget_does_not_change_what_a_resumed_study_proposes(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot_never(monkeypatch)

    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        for look in LOOKS.values():
            look(trial)
        return worth(params)

    spec = {
        "space": DIRECT, "start": START, "seed": 7, "name": "s", "trials": 10,
        "backend": engine.split()[0], **ENGINES[engine],
    }  # fmt: skip
    whole, resumed = both(tmp_path, spec, train, at=6)
    assert resumed == whole


@pytest.mark.parametrize("look", LOOKS)
def test_each_look_alone_is_repeated(
    look: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in a trial that is given up before anything is suggested."""
    snapshot_never(monkeypatch)
    stop: int | None = None

    def objective(trial: optuna.Trial) -> float:
        if trial.number == stop:
            raise KeyboardInterrupt
        LOOKS[look](trial)
        if trial.number % 3 == 1:
            raise optuna.TrialPruned
        return trial.suggest_float("x", 0.0, 1.0) + trial.suggest_int("n", 1, 8)

    space = {name: DIRECT[name] for name in ("x", "n")}
    spec = {"space": space, "start": [{"x": 0.5, "n": 3}], "seed": 7, "name": "s", "trials": 9}
    whole = rows(crosstune.tune(spec, objective, storage=tmp_path / "whole.journal"))
    stop = 5
    with pytest.raises(KeyboardInterrupt):
        crosstune.tune(spec, objective, storage=tmp_path / "s.journal")
    stop = None
    again = crosstune.tune(spec, objective, storage=tmp_path / "s.journal", resume=True)
    assert rows(again) == whole


def test_a_look_at_the_budget_asks_no_engine_that_sets_none() -> None:
    spec = {"space": DIRECT, "start": [WHOLE], "seed": 7, "trials": 6}

    def looking(params: dict[str, Any], trial: optuna.Trial) -> float:
        assert crosstune.budget(trial) is None
        return worth(params)

    def plain(params: dict[str, Any]) -> float:
        return worth(params)

    for backend in ("optuna", "hyperopt"):
        one, other = (crosstune.tune(spec, f, backend=backend) for f in (looking, plain))
        assert [t.params for t in one.trials] == [t.params for t in other.trials]


# Reports, and questions to the pruner.


def only_some_ask(trial: optuna.Trial, values: list[float]) -> None:
    for step, value in enumerate(values if trial.number % 3 else values[:2]):
        trial.report(value, step)
        if trial.number % 2 and trial.should_prune():
            raise optuna.TrialPruned


def nobody_asks(trial: optuna.Trial, values: list[float]) -> None:
    for step, value in enumerate(values if trial.number > 3 else values[:2]):
        trial.report(value, step)
    if trial.number > 5 and trial.should_prune():
        raise optuna.TrialPruned


def asks_before_reporting(trial: optuna.Trial, values: list[float]) -> None:
    if trial.number == 2:
        trial.should_prune()
        return
    for step, value in enumerate(values if trial.number > 2 else values[:3]):
        trial.report(value, step)
        if trial.number > 4 and trial.should_prune():
            raise optuna.TrialPruned


def asks_twice_and_now_and_then(trial: optuna.Trial, values: list[float]) -> None:
    for step, value in enumerate(values):
        trial.report(value, step)
        if step % 3 == 2 and (trial.should_prune() or trial.should_prune()):
            raise optuna.TrialPruned


def reports_backwards(trial: optuna.Trial, values: list[float]) -> None:
    for step, value in enumerate(values):
        trial.report(value, len(values) + (step if step % 2 else -step))
        if trial.should_prune():
            raise optuna.TrialPruned


def does_not_listen(trial: optuna.Trial, values: list[float]) -> None:
    for step, value in enumerate(values):
        trial.report(value, step * 2)
        trial.report(value + 1, step * 2)  # Optuna ignores the second
        trial.should_prune()


def leaves_without_asking(trial: optuna.Trial, values: list[float]) -> None:
    for step, value in enumerate(values):
        trial.report(value, step)
        if trial.number in (1, 6):
            raise SystemExit(3)
        if trial.should_prune():
            raise optuna.TrialPruned


HABITS = {
    habit.__name__: habit
    for habit in (
        only_some_ask,
        nobody_asks,
        asks_before_reporting,
        asks_twice_and_now_and_then,
        reports_backwards,
        does_not_listen,
        leaves_without_asking,
    )
}


class Counting(optuna.pruners.BasePruner):
    """A pruner that remembers how often it was asked, so that every question counts."""

    def __init__(self) -> None:
        self.asked = 0

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        self.asked += 1
        return self.asked % 5 == 0


def habitual(habit: str) -> Train:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        first = worth(params)
        HABITS[habit](trial, [first + (trial.number * 7 % 5) / (step + 1) for step in range(8)])
        return first

    return train


def spec_of(pruner: Any) -> dict[str, Any]:
    return {
        "space": DIRECT, "sampler": {"name": "tpe", "n_startup_trials": 4}, "name": "s",
        "trials": 14, "seed": 3, "pruner": pruner,
    }  # fmt: skip


# By default each habit is tried alone or in order, in turn.
@pytest.mark.parametrize(
    ("habit", "workers"),
    slow_but(
        list(product(HABITS, (None, 2))),
        [(habit, (None, 2)[n % 2]) for n, habit in enumerate(HABITS)],
    ),
)
@pytest.mark.parametrize("pruner", slow_but_first(["hyperband", "successive-halving"]))
def test_a_resumed_study_prunes_as_it_would_have(
    habit: str, pruner: str, workers: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot_never(monkeypatch)
    options: dict[str, Any] = {}
    with ThreadPoolExecutor(2) as pool:
        if workers is not None:
            options = {"workers": workers, "executor": pool, "lag": 1}
        whole, resumed = both(tmp_path, spec_of(pruner), habitual(habit), at=9, **options)
    assert resumed == whole


@pytest.mark.parametrize("habit", HABITS)
def test_each_question_to_a_pruner_is_repeated(
    habit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot_never(monkeypatch)
    spec = Spec(**spec_of(None))
    stop: int | None = None

    def stopping(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == stop:
            raise KeyboardInterrupt
        return habitual(habit)(params, trial)

    def counted(place: Path, *, resume: bool = False) -> optuna.Study:
        study = open_study(
            settle(
                StudyRequest(
                    spec=spec, own_loop=True, pruner=Counting(), storage=place, resume=resume
                )
            )
        )
        run(study, prepare(spec, stopping, None), trials=spec.trials, seconds=None)
        return study

    whole = counted(tmp_path / "whole.journal")
    stop = 9
    with pytest.raises(KeyboardInterrupt):
        counted(tmp_path / "s.journal")
    stop = None
    resumed = counted(tmp_path / "s.journal", resume=True)
    assert rows(resumed) == rows(whole)
    assert resumed.pruner.asked == whole.pruner.asked  # type: ignore[attr-defined]


def test_a_usual_trial_costs_no_attribute() -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        for step in range(3):
            trial.report(worth(params), step)
            trial.should_prune()
        return worth(params)

    study = crosstune.tune({"space": DIRECT, "pruner": "hyperband"}, train, trials=3)
    assert all(not trial.user_attrs for trial in study.trials)
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE}


def test_a_note_that_makes_no_sense_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot_never(monkeypatch)
    place = tmp_path / "s.journal"
    spec = {"space": DIRECT, "pruner": "hyperband", "seed": 1, "trials": 4, "name": "s"}
    study = crosstune.tune(spec, habitual("nobody_asks"), storage=place)
    text = place.read_text()
    note = '"crosstune:questions":'
    assert note in text
    for odd in (
        "7",
        '{"asks":[1e9,"a",null]}',
        '{"asks":{},"reports":-4}',
        '{"asks":[],"steps":"a"}',
    ):
        lines = [
            line[: line.index(note)] + note + odd + "}}" if note in line else line
            for line in text.splitlines()
        ]
        place.write_text("\n".join(lines) + "\n")
        try:
            study = crosstune.tune(
                spec, habitual("nobody_asks"), storage=place, resume=True, trials=6
            )
        except ResumeMismatch:
            continue
        assert len(study.trials) == 6


@pytest.mark.parametrize("habit", ["nobody_asks", "asks_before_reporting"])
def test_a_match_that_is_continued_repeats_the_questions(habit: str, tmp_path: Path) -> None:
    """A scheduler with a whole start point, and a pruner that remembers."""
    pytest.importorskip("keras_tuner")
    stop: int | None = None

    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == stop:
            raise Killed
        if habit == "asks_before_reporting":
            crosstune.budget(trial)
        return habitual(habit)(params, trial)

    problem = Problem("p", Spec(space=DIRECT, name="p", start=[WHOLE]), train)
    named = (
        {"backend": "hyperopt", "pruner": "hyperband"}
        if habit == "nobody_asks"
        else {"backend": "keras_tuner", "sampler": ENGINES["keras_tuner hyperband"]["sampler"]}
    )

    def evaluations(path: Path) -> list[Any]:
        carry_out(MatchTask(problem, contender(named), 3, RunLimits(trials=12), path))
        run = RunFile(path).read()
        assert run.end == "done", run.error
        timeless = dict.fromkeys(TIME_FIELDS, 0.0)
        return [replace(each, **timeless) for each in run.evaluations]

    whole = evaluations(tmp_path / "whole.jsonl")
    assert any(each.questions for each in whole)
    stop = 8
    with pytest.raises(Killed):
        evaluations(tmp_path / "stopped.jsonl")
    stop = None
    assert evaluations(tmp_path / "stopped.jsonl") == whole


@pytest.mark.parametrize(
    "engine", ["optuna tpe", "hyperopt tpe", "keras_tuner random", "crosstune random"]
)
def test_points_that_are_queued_meanwhile_are_met_again(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a callback after a trial, or in it."""
    snapshot_never(monkeypatch)

    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == 3:
            trial.study.enqueue_trial({"x": 0.25, "n": 2})
        return worth(params)

    def queue(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        if trial.number == 1:
            study.enqueue_trial(WHOLE)
            study.enqueue_trial({"c": "a"})

    spec = {"space": DIRECT, "seed": 7, "name": "s", "trials": 12, "backend": engine.split()[0]}
    spec = {**spec, **ENGINES[engine]}
    whole, resumed = both(tmp_path, spec, train, at=7, callbacks=[queue])
    assert resumed == whole


@pytest.mark.parametrize(
    ("habit", "workers"), slow_but_first([(2, None), (3, 2), (2, 2), (3, None)], 2)
)
def test_a_retry_from_a_checkpoint_repeats_the_questions_before_it(
    habit: int, workers: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The objective asks at every second or third report only."""
    snapshot_never(monkeypatch)
    spec = Spec(**spec_of(None))
    stop: int | None = None

    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        found = checkpoints.find(trial)
        for step in range(0 if found is None else found.step, 8):
            trial.report(worth(params), step)
            if step % habit == habit - 1:
                trial.should_prune()
            checkpoints.save(trial, b"weights", step=step + 1)
            if trial.number == stop and step == 4:
                raise KeyboardInterrupt
        return worth(params)

    def counted(place: Path, *, resume: bool = False) -> optuna.Study:
        with ThreadPoolExecutor(2) as pool:
            in_order = {"workers": workers, "executor": pool, "lag": 1} if workers else {}
            plan = settle(
                StudyRequest(
                    spec=spec,
                    objective=train,
                    pruner=Counting(),
                    trials=8,
                    storage=place,
                    resume=resume,
                    **in_order,
                )
            )
            study = open_study(plan)
            run_plan(plan, study)
        return study

    def kept(study: optuna.Study) -> list[Any]:
        return [
            (t.params, list(t.intermediate_values), t.user_attrs[QUESTIONS]) for t in study.trials
        ]

    whole = counted(tmp_path / "whole.journal")
    stop = 5
    with pytest.raises(KeyboardInterrupt):
        counted(tmp_path / "s.journal")
    stop = None
    resumed = counted(tmp_path / "s.journal", resume=True)
    assert kept(resumed) == kept(whole)
    if workers is None:
        assert resumed.pruner.asked == whole.pruner.asked  # type: ignore[attr-defined]
