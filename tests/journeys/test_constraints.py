"""Infeasible trials: every surface names the best trial that `study.best_trial` names."""

from __future__ import annotations

import csv
import io
import json
import logging
import pickle
from pathlib import Path
from typing import Any

import hyperopt
import keras_tuner
import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.study import Study, StudyDirection
from rich.console import Console

import crosstune
from crosstune import Float, Space
from crosstune.adapters.hyperopt import exporting as to_hyperopt
from crosstune.benchmarks.match.results import Evaluation, MatchRun, best_evaluation
from crosstune.callbacks import TensorBoardCallback
from crosstune.cli import console
from crosstune.cli.main import main
from crosstune.engines.feasibility import best_trial, why_no_best
from crosstune.exchange import export_study, to_csv
from crosstune.exchange.study_data import read_study
from crosstune.pruners.curve import CurvePruner
from crosstune.pruners.curve.finished_trials import FinishedTrials
from crosstune.samplers import HyperoptSampler
from crosstune.study.warm_start import finished
from tests.support.constrained import Row, best_number, study, trial
from tests.support.tensorboard_reader import curves, runs

SPACE = Space({"x": Float(-100, 100)})
FEASIBLE = study([(3.0, 0.0), (-9.0, 1.0), (None, None), (2.0, -1.0), (-5.0, 0.1)])
HOPELESS = [(3.0, 1.0), (-9.0, 0.5)]


def named(made: Study) -> dict[str, float | None]:
    """The value of the best trial, by the surface that names it; None where it names none."""
    maximize = made.direction == StudyDirection.MAXIMIZE
    contents = read_study(made)
    found = {
        "table": _first_in_table(made),
        "live line": _last_live(made),
        "hyperopt": _argmin(made, maximize),
        "csv": _best_in_csv(to_csv.table(contents), maximize),
        "warm start": _first_of(finished(made)[0]["trials"], maximize),
        "curve pruner": _to_beat(made, maximize),
    }
    run = _run(made)
    best = best_evaluation(run, maximize=maximize)
    found["match"] = None if best is None else best.value
    return found


def _first_in_table(made: Study) -> float | None:
    rows = list(console.table(made, "loss", SPACE).columns[1].cells)
    return float(str(rows[0])) if rows else None


def _last_live(made: Study) -> float | None:
    said = io.StringIO()
    with console.LiveLine(Console(file=said), ["loss"], None, 0) as line:
        line(made, made.trials[-1])
    words = said.getvalue().split()
    return float(words[-1]) if words else None


def _argmin(made: Study, maximize: bool) -> float | None:
    trials, _ = to_hyperopt.trials_of(read_study(made))
    try:
        loss = trials.best_trial["result"]["loss"]
    except hyperopt.exceptions.AllTrialsFailed:
        return None
    return -loss if maximize else loss


def _best_in_csv(table: dict[str, list[str]], maximize: bool) -> float | None:
    rows = [dict(zip(table, cells, strict=True)) for cells in zip(*table.values(), strict=True)]
    values = [
        float(row["value"])
        for row in rows
        if row["value"] and not float(row.get("constraints_0") or 0) > 0
    ]
    return (max if maximize else min)(values, default=None)


def _first_of(trials: list[list[Any]], maximize: bool) -> float | None:
    complete = [value for _, value, state in trials if state == "complete"]
    return (max if maximize else min)(complete, default=None)


def _to_beat(made: Study, maximize: bool) -> float | None:
    past = FinishedTrials(made.direction)
    for each in made.trials:
        each.intermediate_values = {1: 0.0}
        past.read([each])
    values = [held.value for held in past.curves(range(len(made.trials)))]
    best = min((value for value in values if np.isfinite(value)), default=None)
    return None if best is None else -best if maximize else best


def _run(made: Study) -> MatchRun:
    return MatchRun(
        tuple(
            Evaluation(
                each.number,
                "complete" if each.value is not None else "failed",
                each.value,
                each.params,
                constraints={
                    str(i): c for i, c in enumerate(each.system_attrs.get("constraints", []))
                }
                or None,
            )
            for each in made.trials
        ),
        "done",
    )


VALUES = st.integers(-50, 50).map(float)
ROWS: st.SearchStrategy[list[Row]] = st.lists(
    st.tuples(st.none() | VALUES, st.sampled_from([-1.0, 0.0, 0.5, 2.0])),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60)
@given(rows=ROWS, direction=st.sampled_from(["minimize", "maximize"]))
def test_every_surface_names_the_best_of_the_study(rows: list[Row], direction: str) -> None:
    made = study(rows, direction)
    number = best_number(made)
    expected = None if number is None else made.trials[number].value
    assert named(made) == dict.fromkeys(named(made), expected)


def test_trials_without_constraints_are_feasible() -> None:
    assert best_number(study([(1.0, None), (0.0, None)])) == 1
    assert set(named(study([(1.0, None), (0.0, None)])).values()) == {0.0}


def test_the_table_is_of_the_feasible_trials() -> None:
    table = console.table(FEASIBLE, "loss", SPACE)
    assert (str(table.title), table.row_count) == ("The best of 2 feasible trials", 2)


def test_a_live_line_says_that_no_trial_is_feasible_yet() -> None:
    said = io.StringIO()
    with console.LiveLine(Console(file=said, force_terminal=True, width=200), ["x"], 9, 0) as line:
        made = study(HOPELESS)
        line(made, made.trials[-1])
    assert "no feasible trial yet" in said.getvalue()


def command(*arguments: str | Path) -> Any:
    """The exit status of a command of crosstune, in this process."""
    with pytest.raises(SystemExit) as ended:
        main([str(each) for each in arguments])
    return ended.value.code


def spec(folder: Path, objective: str) -> Path:
    (folder / f"constrained_{objective}.py").write_text(
        "def train(params, trial):\n"
        "    trial.set_constraint('memory', 5 - params['x'])\n"
        "    return params['x']\n"
        "def hopeless(params, trial):\n"
        "    trial.set_constraint('memory', 1.0)\n"
        "    return params['x']\n"
    )
    path = folder / "spec.yaml"
    path.write_text(
        f"objective: constrained_{objective}:{objective}\nmetric: loss\ntrials: 6\nseed: 0\n"
        "sampler: random\n"
        "space:\n  x: {type: float, low: -10, high: 10}\n"
        "start:\n  - {x: -10.0}\n  - {x: 5.0}\n"
    )
    return path


@pytest.mark.optuna5
def test_run_heads_its_table_with_the_best_of_its_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    status = command("run", spec(tmp_path, "train"), "--json", "--tensorboard", "logs")
    done = capsys.readouterr()
    assert status == 0, done.err
    assert json.loads(done.out)["best_value"] == 5.0
    assert "complete trials violate a constraint" in done.err
    head = next(line for line in done.err.splitlines() if line.startswith("│"))
    assert [cell.strip() for cell in head.strip("│").split("│")][:2] == ["1", "5"]
    (log,) = (found for name, found in runs(tmp_path / "logs").items() if name.endswith("/study"))
    assert curves(log)["best/loss"][-1][1] == 5.0


@pytest.mark.optuna5
def test_run_says_that_no_trial_is_feasible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command("run", spec(tmp_path, "hopeless"), "--json") == 1
    done = capsys.readouterr()
    assert json.loads(done.out)["best_value"] is None
    assert "no trial is feasible: all 6 complete trials violate a constraint" in done.err
    assert "no trial has a value" not in done.err


def test_a_study_without_a_best_trial_says_why() -> None:
    made = study(HOPELESS)
    assert best_trial(made) is None
    assert why_no_best(made) == "no trial is feasible: all 2 complete trials violate a constraint"
    assert why_no_best(study([(None, None)])) == "no trial has a value"


@pytest.mark.parametrize("rows", [[(3.0, 0.0), (-9.0, 1.0), (2.0, -1.0)], HOPELESS])
def test_tensorboard_shows_the_best_feasible_value(rows: list[Row], tmp_path: Path) -> None:
    made = study(rows)
    with TensorBoardCallback(tmp_path, made):
        pass
    read = runs(tmp_path)
    (name,) = (name for name in read if name.endswith("/study"))
    number = best_number(made)
    shown = curves(read[name]).get("best/value", [])
    assert [value for _, value in shown][-1:] == ([] if number is None else [2.0])


def test_tensorboard_shows_the_constraints_of_a_trial(tmp_path: Path) -> None:
    made = study([(3.0, 0.5)])
    with TensorBoardCallback(tmp_path, made):
        pass
    (name,) = (name for name in runs(tmp_path) if name.endswith("trial-00000"))
    assert curves(runs(tmp_path)[name])["constraints/0"] == [(0, 0.5)]


def test_an_infeasible_trial_keeps_its_loss_in_hyperopt_and_comes_back_complete(
    tmp_path: Path,
) -> None:
    export_study(FEASIBLE, tmp_path / "t.pkl", format="hyperopt")
    trials = pickle.loads((tmp_path / "t.pkl").read_bytes())
    assert [r.get("loss") for r in trials.results] == [3.0, -9.0, None, 2.0, -5.0]
    assert [r["status"] for r in trials.results] == ["ok", "fail", "fail", "ok", "fail"]
    again = crosstune.import_study(tmp_path / "t.pkl", format="hyperopt")
    assert [t.value for t in again.trials] == [3.0, -9.0, None, 2.0, -5.0]
    assert again.best_trial.number == FEASIBLE.best_trial.number


def test_an_infeasible_trial_is_not_among_the_best_of_keras_tuner(tmp_path: Path) -> None:
    export_study(FEASIBLE, tmp_path / "project", format="keras_tuner", metric="loss")
    tuner = keras_tuner.RandomSearch(
        lambda hp: None,
        objective=keras_tuner.Objective("loss", "min"),
        directory=str(tmp_path),
        project_name="project",
    )
    found = tuner.oracle.get_best_trials(2)
    assert [held.score for held in found] == [2.0, 3.0]
    again = crosstune.import_study(tmp_path / "project", format="keras_tuner")
    assert again.best_trial.number == FEASIBLE.best_trial.number
    assert [t.value for t in again.trials] == [3.0, -9.0, None, 2.0, -5.0]


def test_a_table_has_a_column_of_each_constraint(tmp_path: Path) -> None:
    export_study(FEASIBLE, tmp_path / "t.csv", format="csv")
    rows = list(csv.DictReader((tmp_path / "t.csv").open()))
    assert [row["constraints_0"] for row in rows] == ["0.0", "1.0", "", "-1.0", "0.1"]


def test_a_warm_start_begins_with_the_best_feasible_point() -> None:
    early = optuna.create_study(study_name="early")
    rng = np.random.default_rng(0)
    for x in rng.uniform(-10, 10, 30):
        early.add_trial(trial(float(x), 5 - float(x)))
    declared = crosstune.create_study(
        {"space": SPACE, "seed": 1}, backend="crosstune", warm_start=early
    )
    declared.optimize(lambda t: t.suggest_float("x", -100, 100), n_trials=1)
    assert declared.trials[0].params["x"] == pytest.approx(early.best_params["x"])


def test_a_warm_start_keeps_the_best_feasible_trial_of_a_long_study() -> None:
    rows: list[Row] = [(-90.0 + i / 10, 1.0) for i in range(300)]
    early = study([(5.0, 0.0), *rows])
    (held,) = finished(early)
    assert [value for _, value, state in held["trials"] if state == "complete"] == [5.0]


def test_the_curve_pruner_does_not_take_an_infeasible_trial_for_the_leader() -> None:
    def curve(end: float) -> dict[int, float]:
        return {step: end + 1 / step for step in range(1, 11)}

    def pruned(*constraints: float) -> bool:
        made = optuna.create_study(pruner=CurvePruner())
        for end, constraint in zip((0.0, 0.01, 0.02), constraints, strict=False):
            made.add_trial(trial(end, constraint, intermediate_values=curve(end)))
        for end in (5.0, 5.1, 5.2):
            made.add_trial(trial(end, 0.0, intermediate_values=curve(end)))
        asked = made.ask()
        asked.suggest_float("x", -100, 100)
        for step in range(1, 10):
            asked.report(curve(4.9)[step], step)
            if asked.should_prune():
                return True
        return False

    assert pruned(0.0, 0.0, 0.0)
    assert not pruned(1.0, 1.0, 1.0)


def test_keras_tuner_leaves_infeasible_trials_out_of_the_best(tmp_path: Path) -> None:
    from crosstune.adapters.keras_tuner.inside import Oracle

    def constraint(t: optuna.trial.FrozenTrial) -> list[float]:
        return [5 - t.params["x"]]

    sampler = optuna.samplers.TPESampler(seed=0, constraints_func=constraint)
    space = keras_tuner.HyperParameters()
    space.Float("x", -10.0, 10.0)
    oracle = Oracle(sampler, keras_tuner.Objective("loss", "min"), 12, hyperparameters=space)
    oracle._set_project_dir(tmp_path, "project")
    for _ in range(12):
        asked = oracle.create_trial("tuner0")
        oracle.update_trial(asked.trial_id, {"loss": asked.hyperparameters.values["x"]})
        asked.status = "COMPLETED"
        oracle.end_trial(asked)
    (first, *_) = oracle.get_best_trials(3)
    assert first.score == oracle.study.best_value >= 5


def test_a_search_of_scikit_learn_ranks_infeasible_candidates_last() -> None:
    from sklearn.datasets import load_iris
    from sklearn.tree import DecisionTreeClassifier

    def shallow(t: optuna.trial.FrozenTrial) -> list[float]:
        return [t.params["max_depth"] - 3]

    x, y = load_iris(return_X_y=True)
    search = crosstune.SearchCV(
        DecisionTreeClassifier(random_state=0),
        param_distributions={"max_depth": crosstune.Int(1, 5)},
        sampler={"name": "tpe", "constraints_func": shallow},
        n_trials=8,
        seed=0,
        cv=2,
    ).fit(x, y)
    depths = [params["max_depth"] for params in search.cv_results_["params"]]
    ranks = list(search.cv_results_["rank_test_score"])
    assert search.best_params_["max_depth"] <= 3
    assert max(r for r, d in zip(ranks, depths, strict=True) if d <= 3) < min(
        r for r, d in zip(ranks, depths, strict=True) if d > 3
    )
    assert search.best_params_ == search.study_.best_params


ENGINES = [
    ("hyperopt", "rand"),
    ("keras_tuner", "random"),
    ("crosstune", "random"),
    ("optuna", "random"),
    ("optuna", "qmc"),
    ("optuna", "cmaes"),
]


def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
    if trial.number > 0:
        trial.set_constraint("memory", 5 - params["x"])
    return float(params["x"])


@pytest.mark.optuna5
@pytest.mark.filterwarnings("ignore:Constraints have been set")
@pytest.mark.parametrize(("backend", "sampler"), ENGINES)
def test_an_engine_that_cannot_use_constraints_says_so_once(
    backend: str, sampler: str, caplog: pytest.LogCaptureFixture
) -> None:
    crosstune.tune(
        {"space": SPACE, "seed": 0}, objective, backend=backend, sampler=sampler, trials=4
    )
    said = [r.getMessage() for r in caplog.records if "cannot use constraints" in r.getMessage()]
    assert len(said) == 1
    assert said[0].startswith(f"{backend}:{sampler} cannot use constraints")


@pytest.mark.optuna5
@pytest.mark.parametrize("sampler", ["tpe", "tpe-v4", "nsga2", "gp"])
@pytest.mark.parametrize("kind", ["ledger", "mirror"])
def test_an_engine_that_uses_constraints_says_nothing(
    sampler: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    space = {"x": Float(-100, 100)} if kind == "ledger" else {"x": Float(-100, 100, step=0.1)}

    def always(params: dict[str, Any], trial: optuna.Trial) -> float:
        trial.set_constraint("memory", 5 - params["x"])
        return float(params["x"])

    crosstune.tune({"space": space, "seed": 0}, always, sampler=sampler, trials=4)
    assert "constraints" not in caplog.text


@pytest.mark.optuna5
def test_a_mirror_of_optunas_sampler_learns_from_constraints() -> None:
    space = {"x": {"type": "float", "low": -10, "high": 10, "step": 0.25}}

    def always(params: dict[str, Any], trial: optuna.Trial) -> float:
        trial.set_constraint("memory", 5 - params["x"])
        return float(params["x"])

    made = crosstune.tune({"space": space, "seed": 0}, always, sampler="tpe", trials=40)
    assert sum(t.constraints["memory"] <= 0 for t in made.trials[20:]) >= 10


@pytest.mark.optuna5
def test_a_sampler_in_a_study_of_optunas_says_that_it_cannot_use_constraints(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def asks(t: optuna.Trial) -> float:
        t.set_constraint("memory", 1.0)
        return t.suggest_float("x", 0, 1)

    made = optuna.create_study(sampler=HyperoptSampler("rand", seed=0))
    made.optimize(asks, n_trials=3)
    assert caplog.text.count("hyperopt:rand cannot use constraints") == 1
    other = optuna.create_study(sampler=made.sampler)
    other.optimize(asks, n_trials=2)
    assert caplog.text.count("hyperopt:rand cannot use constraints") == 2


@pytest.mark.optuna5
@pytest.mark.parametrize("sampler", ["hyperopt:rand", "optuna:random"])
def test_several_at_a_time_say_once_that_constraints_are_not_used(
    sampler: str, caplog: pytest.LogCaptureFixture
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    backend, _, name = sampler.partition(":")
    with ThreadPoolExecutor(2) as pool:
        made = crosstune.tune(
            {"space": SPACE, "seed": 0},
            objective,
            backend=backend,
            sampler=name,
            trials=5,
            workers=2,
            executor=pool,
        )
    assert caplog.text.count("cannot use constraints") == 1
    assert sum(bool(t.constraints) for t in made.trials) == 4


def test_no_constraint_no_word(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    crosstune.tune(
        {"space": SPACE, "seed": 0}, lambda params: params["x"], backend="hyperopt", trials=3
    )
    assert "constraint" not in caplog.text


def test_a_constraints_func_is_refused_where_it_would_be_given_other_trials() -> None:
    with pytest.raises(crosstune.errors.Unsupported, match="trial.set_constraint"):
        crosstune.create_study(
            {"space": {"x": Float(0, 1, step=0.1)}},
            sampler={"name": "tpe", "constraints_func": lambda t: [0.0]},
        )


@pytest.mark.filterwarnings("ignore")
def test_a_search_of_scikit_learn_without_a_feasible_candidate_says_so() -> None:
    from sklearn.datasets import load_iris
    from sklearn.tree import DecisionTreeClassifier

    search = crosstune.SearchCV(
        DecisionTreeClassifier(),
        param_distributions={"max_depth": crosstune.Int(1, 5)},
        sampler={"name": "tpe", "constraints_func": lambda t: [1.0]},
        n_trials=2,
        cv=2,
    )
    with pytest.raises(ValueError, match="no trial is feasible: all 2 complete trials"):
        search.fit(*load_iris(return_X_y=True))
    assert len(search.study_.trials) == 2
