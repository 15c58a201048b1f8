"""Studies with several metrics or constraints, from the spec to the best trials."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

import crosstune
from crosstune import Choice, Float, Spec
from crosstune.cli.main import main
from crosstune.engines.feasibility import front
from crosstune.engines.record import records
from crosstune.engines.record_names import ERROR
from crosstune.errors import ObjectiveError, RequestError
from crosstune.samplers import HyperoptSampler
from crosstune.tuning import measures

SPACE = {"x": Float(0, 1), "y": Float(0, 1), "kind": Choice(["a", "b"])}
TWO = {"metrics": [{"name": "f", "direction": "maximize"}, "g"]}
LIMITED = {"constraints": [{"metric": "m", "max": 0.7}]}


def spec(**keys: Any) -> Spec:
    return Spec(**{"space": SPACE, "trials": 12, "seed": 0, **keys})


def objective(params: dict[str, Any]) -> dict[str, float]:
    x, y = params["x"], params["y"]
    return {"f": x - y * y, "g": x + y * y, "m": x + y}


def points(study: Any) -> list[dict[str, Any]]:
    return [trial.params for trial in study.trials]


@pytest.mark.optuna5
@pytest.mark.parametrize("engine", ["optuna:tpe", "optuna:nsga3", "hyperopt:tpe", "crosstune:gp"])
def test_a_study_with_two_metrics_and_a_constraint(engine: str) -> None:
    backend, sampler = engine.split(":")
    made = crosstune.tune(spec(**TWO, **LIMITED), objective, backend=backend, sampler=sampler)
    assert made.metric_names == ["f", "g"]
    assert {t.number for t in front(made)} == {t.number for t in made.best_trials}
    assert all(t.user_attrs["m"] <= 0.7 for t in made.best_trials)
    assert made.trials[0].constraints == {"m <= 0.7": made.trials[0].user_attrs["m"] - 0.7}
    (record,) = records(made)
    assert record["native"] is (backend == "optuna")
    assert ("scalarise" in record["options"]) is (backend != "optuna")


@pytest.mark.optuna5
def test_a_native_study_is_that_of_optuna_by_hand() -> None:
    import optuna

    def by_hand(trial: optuna.Trial) -> tuple[float, float]:
        params = {
            "x": trial.suggest_float("x", 0, 1),
            "y": trial.suggest_float("y", 0, 1),
            "kind": trial.suggest_categorical("kind", ["a", "b"]),
        }
        returned = objective(params)
        trial.set_constraint("m", returned["m"] - 0.7)
        return returned["f"], returned["g"]

    hand = optuna.create_study(
        directions=["maximize", "minimize"], sampler=optuna.samplers.TPESampler(seed=0)
    )
    hand.optimize(by_hand, n_trials=20)
    ours = crosstune.tune(spec(**TWO, **LIMITED, trials=20), objective, backend="optuna")
    assert points(ours) == points(hand)


@pytest.mark.optuna5
def test_a_latent_space_has_a_mirror_with_all_objectives() -> None:
    latent = {**SPACE, "n": crosstune.Normal(0, 1)}
    made = crosstune.tune(
        spec(**TWO, **LIMITED, space=latent, trials=14), objective, sampler="nsga2"
    )
    native = made.sampler.native  # type: ignore[attr-defined]
    assert len(native.directions) == 2
    assert [t.values for t in native.trials[:13]] == [t.values for t in made.trials[:13]]
    assert native.trials[0].constraints == made.trials[0].constraints


@pytest.mark.optuna5
@pytest.mark.parametrize("keys", [{**TWO, **LIMITED}, {"metric": "g", **LIMITED}])
def test_a_killed_scalarised_run_continues_to_the_same_trials(
    keys: dict[str, Any], tmp_path: Path
) -> None:
    whole = crosstune.tune(spec(**keys, trials=16), objective, backend="hyperopt")
    place = str(tmp_path / "a.journal")
    for trials in (9, 16):
        again = crosstune.tune(
            spec(**keys), objective, backend="hyperopt", trials=trials, storage=place, resume=True
        )
    assert points(again) == points(whole)


@pytest.mark.optuna5
def test_a_penalised_search_finds_the_feasible_best() -> None:
    limited = spec(metric="g", constraints=[{"metric": "m", "min": 1.6}], trials=60)
    study = crosstune.tune(limited, objective, backend="hyperopt")
    feasible = sum(t.user_attrs["m"] >= 1.6 for t in study.trials[20:])
    assert feasible >= 7  # of 40, of which 3.2 are feasible at random


@pytest.mark.optuna5
def test_constraints_that_the_objective_sets_count_if_it_is_asked_for() -> None:
    def setting(params: dict[str, Any], trial: Any) -> float:
        trial.set_constraint("m", 1.6 - objective(params)["m"])
        return objective(params)["g"]

    sampler = {"name": "tpe", "scalarise": "chebyshev"}
    by_itself = crosstune.tune(
        spec(metric="g", trials=30), setting, backend="hyperopt", sampler=sampler
    )
    limited = spec(metric="g", constraints=[{"metric": "m", "min": 1.6}], trials=30)
    assert points(by_itself) == points(crosstune.tune(limited, objective, backend="hyperopt"))


def test_what_an_objective_may_return() -> None:
    pairs = crosstune.tune(spec(**TWO, trials=3), lambda params: (params["x"], 1))
    assert [t.values for t in pairs.trials] == [[t.params["x"], 1.0] for t in pairs.trials]
    with pytest.raises(ObjectiveError, match="returned 3 values, and the spec has 2 metrics"):
        crosstune.tune(spec(**TWO), lambda params: (1, 2, 3))
    with pytest.raises(ObjectiveError, match="has to return 'f', 'g', as a mapping or as a tuple"):
        crosstune.tune(spec(**TWO), lambda params: 1.0)


@pytest.mark.optuna5
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"g": None}, "no 'g'"),
        ({"g": math.nan}, "'g' = NaN"),
        ({"m": None}, "a constraint on 'm', which the objective did not return"),
        ({"m": math.nan}, "'m' = NaN, and there is a constraint on it"),
        ({"m": "large"}, "the constraint on 'm' needs a number, not 'large'"),
    ],
)
@pytest.mark.parametrize("workers", [None, 1])
def test_a_metric_that_one_trial_lacks_fails_that_trial(
    change: dict[str, Any], error: str, workers: int | None
) -> None:
    if workers and error != "no 'g'":
        pytest.skip("one case is enough")

    def lacking(params: dict[str, Any], trial: Any) -> dict[str, Any]:
        returned = {**objective(params), **(change if trial.number == 1 else {})}
        return {name: value for name, value in returned.items() if value is not None}

    made = crosstune.tune(spec(**TWO, **LIMITED, trials=3), lacking, workers=workers)
    states = [trial.state for trial in made.trials]
    assert states == [TrialState.COMPLETE, TrialState.FAIL, TrialState.COMPLETE]
    assert error in made.trials[1].user_attrs[ERROR]


@pytest.mark.optuna5
@pytest.mark.parametrize(
    ("keys", "options", "message"),
    [
        (TWO, {"pruner": "median"}, "Leave the pruner out"),
        (TWO, {"repeats": 2}, "crosstune.remeasure"),
        (TWO, {"backend": "keras_tuner", "sampler": "hyperband"}, "how far each trial is trained"),
        (LIMITED, {"backend": "keras_tuner", "sampler": "hyperband"}, "does not take constraints"),
        (TWO, {"sampler": "cmaes"}, "its own generations"),
        (TWO, {"sampler": {"name": "random", "scalarise": "weighted"}}, "nothing to scalarise"),
        (
            TWO,
            {"sampler": {"name": "tpe", "scalarise": "weighted", "weights": [1, 2, 3]}},
            "there are 3 weights, and the study has 2 objectives",
        ),
        (
            TWO,
            {"sampler": {"name": "tpe", "scalarise": "weighted", "weights": {"f": 1}}},
            "none for the metric 'g'",
        ),
    ],
)
def test_what_is_not_possible_is_refused_with_the_reason(
    keys: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        crosstune.tune(spec(**keys), objective, **options)


def test_constraints_are_refused_on_an_older_optuna(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "IN_OBJECTIVE", False)
    monkeypatch.setattr(measures.optuna, "__version__", "4.8.0")
    with pytest.raises(RequestError, match=r"need Optuna 5 or later, and this is Optuna 4\.8\.0"):
        crosstune.tune(spec(**LIMITED), objective)


@pytest.mark.optuna5
def test_a_study_with_other_measures_is_not_continued(tmp_path: Path) -> None:
    place = str(tmp_path / "a.journal")
    crosstune.tune(spec(**TWO, trials=2), objective, storage=place)
    for keys, message in (
        ({"metrics": ["f", "g"]}, "made to maximize, minimize, and the spec says minimize, minim"),
        ({}, "made to maximize, minimize, and the spec says minimize"),
        ({"metrics": [TWO["metrics"][0], "m"]}, "has the metrics f, g, and the spec says f, m"),
        ({**TWO, **LIMITED}, "with no constraints, and the spec has the constraints m <= 0.7"),
    ):
        with pytest.raises(RequestError, match=message):
            crosstune.tune(spec(**keys), objective, storage=place, resume=True)


@pytest.mark.optuna5
def test_any_number_of_workers_in_order_has_the_same_history() -> None:
    runs = [
        crosstune.tune(
            spec(**TWO, **LIMITED, trials=24), objective, backend="hyperopt", workers=n, lag=1
        )
        for n in (1, 2)
    ]
    assert points(runs[0]) == points(runs[1])


def test_a_sampler_in_a_study_with_two_directions() -> None:
    import optuna

    study = optuna.create_study(
        directions=["maximize", "minimize"], sampler=HyperoptSampler(seed=0)
    )
    study.optimize(lambda trial: (trial.suggest_float("x", 0, 1), trial.number), n_trials=4)
    assert records(study)[0]["native"] is False


def test_the_front_of_an_earlier_study_comes_first_and_is_learnt_from() -> None:
    earlier = crosstune.tune(spec(**TWO), objective, sampler="random")
    front_points = [trial.params for trial in front(earlier)]
    for start in (earlier, front(earlier)):
        first = crosstune.tune(spec(**TWO, seed=1), objective, start=start)
        assert points(first)[: len(front_points)] == front_points
    two = spec(**TWO, seed=1, trials=8)
    learning, alone = (
        crosstune.tune(two, objective, backend="crosstune", warm_start=earlier_ones)
        for earlier_ones in ([earlier], [])
    )
    assert points(learning) != points(alone)
    with pytest.raises(RequestError, match="nothing of which points are good for others"):
        crosstune.tune(spec(metric="f"), objective, backend="crosstune", warm_start=[earlier])
    with pytest.raises(RequestError, match="nothing to start from: no trial has a value"):
        crosstune.tune(spec(**TWO), objective, start=crosstune.create_study(spec(**TWO)))


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["run", *arguments])
    return int(ended.value.code or 0)


@pytest.mark.optuna5
def test_run_ends_with_the_front(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "made.py").write_text(
        "def objective(params):\n"
        "    x, y = params['x'], params['y']\n"
        "    return {'f': x - y * y, 'g': x + y * y, 'm': x + y}\n"
    )
    spec(**TWO, **LIMITED, objective="made:objective").save("a.yaml")
    assert run("a.yaml", "--backend", "hyperopt", "--json") == 0
    ended = capsys.readouterr()
    summary = json.loads(ended.out)
    assert summary["best_value"] is None
    assert {"f", "g"} == set(summary["best_trials"][0]["values"])
    assert f"The front: {len(summary['best_trials'])} of" in ended.err
    assert run("a.yaml", "--save-params", "best.json") == 2
    assert "no single best trial to save" in capsys.readouterr().err
    spec(**TWO, constraints=[{"metric": "m", "max": -1}], objective="made:objective").save("b.yaml")
    assert run("b.yaml") == 1
    ended = capsys.readouterr()
    assert "the least violated is trial" in ended.err
    assert "m <= -1 by" in ended.err


@pytest.fixture
def spec_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A spec with two metrics, whose objective does not return the second in trial 1."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "lacking", raising=False)
    (tmp_path / "lacking.py").write_text(
        "def objective(params, trial):\n"
        "    returned = {'f': params['x'], 'g': params['y']}\n"
        "    return {'f': params['x']} if trial.number == 1 else returned\n"
    )
    spec(**TWO, objective="lacking:objective", trials=4, sampler="random").save("a.yaml")
    return tmp_path / "a.yaml"


def test_run_names_the_metric_that_one_trial_lacks(
    spec_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("a.yaml", "--json") == 0
    ended = capsys.readouterr()
    assert json.loads(ended.out)["trials"] == {"complete": 3, "failed": 1}
    (line,) = [line for line in ended.err.splitlines() if line.startswith("trial 1 failed: ")]
    assert "no 'g'" in line


def test_run_refuses_stored_directions_that_differ_with_both(
    spec_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("a.yaml", "--storage", "a.journal") == 0
    spec_file.write_text(spec_file.read_text().replace("maximize", "minimize"))
    assert run("a.yaml", "--storage", "a.journal", "--resume") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "was made to maximize, minimize, and the spec says minimize, minimize" in said
