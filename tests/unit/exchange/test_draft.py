"""The draft of a spec: the space of a study, its conditions as far as its trials show them."""

from __future__ import annotations

from typing import Any

import optuna
import pytest

import crosstune
from crosstune.errors import RequestError
from crosstune.exchange.draft import Draft, draft
from crosstune.exchange.study_data import read_study
from crosstune.spec.spec import Spec


def drafted(objective: Any, trials: int = 40, **keys: Any) -> Draft:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0), **keys)
    study.optimize(objective, n_trials=trials)
    return draft(read_study(study))


def conditional(trial: optuna.Trial) -> float:
    kind = trial.suggest_categorical("kind", ["sgd", "adam", "rms"])
    deep = trial.suggest_int("layers", 1, 3)
    total = 0.0
    if kind != "adam":
        total += trial.suggest_float("momentum", 0, 1)
    if deep == 3:
        total += trial.suggest_int("units", 8, 64, log=True)
    return total


def test_each_distribution_becomes_its_parameter() -> None:
    def objective(trial: optuna.Trial) -> float:
        trial.suggest_float("lr", 1e-5, 1, log=True)
        trial.suggest_float("rate", 0, 1, step=0.25)
        trial.suggest_int("n", 2, 10, step=2)
        trial.suggest_categorical("flag", [False, True])
        trial.suggest_categorical("c", ["a", None, 3])
        return 1.0

    assert drafted(objective, 2).keys["space"] == {
        "lr": {"type": "float", "low": 1e-5, "high": 1.0, "log": True},
        "rate": {"type": "float", "low": 0.0, "high": 1.0, "step": 0.25},
        "n": {"type": "int", "low": 2, "high": 10, "step": 2},
        "flag": {"type": "bool"},
        "c": {"type": "choice", "values": ["a", None, 3]},
    }


def test_conditions_are_guessed_from_missing_parameters_and_said() -> None:
    made = drafted(conditional)
    space = made.keys["space"]
    assert space["momentum"]["when"] == {"kind": ["sgd", "rms"]}
    assert space["units"]["when"] == {"layers": 3}
    assert "when" not in space["kind"]
    assert "guess: momentum only when kind is 'sgd' or 'rms', as in 40 of 40 trials" in made.notes


def test_the_draft_accepts_every_point_of_its_study() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(conditional, n_trials=30)
    space = Spec(**draft(read_study(study)).keys).space
    for trial in study.trials:
        assert space.check_point(trial.params) == trial.params


def test_a_parameter_that_no_choice_explains_has_no_condition_and_a_note() -> None:
    def objective(trial: optuna.Trial) -> float:
        trial.suggest_categorical("kind", ["a", "b"])
        return trial.suggest_float("x", 0, 1) if trial.number % 3 else 0.0

    made = drafted(objective)
    assert "when" not in made.keys["space"]["x"]
    assert any("no choice explains it" in note for note in made.notes)


def test_two_trials_are_no_evidence_for_a_condition() -> None:
    def objective(trial: optuna.Trial) -> float:
        kind = trial.suggest_categorical("kind", ["a", "b"])
        return trial.suggest_float("x", 0, 1) if kind == "a" else 0.0

    study = optuna.create_study()
    for kind in ("a", "a", "b", "a"):
        study.enqueue_trial({"kind": kind})
    study.optimize(objective, n_trials=4)
    assert "when" not in draft(read_study(study)).keys["space"]["x"]


def test_failed_trials_that_ended_early_are_no_evidence() -> None:
    def objective(trial: optuna.Trial) -> float:
        trial.suggest_categorical("kind", ["a", "b"])
        if trial.number % 4 == 0:
            raise ValueError("before x")
        return trial.suggest_float("x", 0, 1)

    study = optuna.create_study()
    study.optimize(objective, n_trials=20, catch=(ValueError,))
    made = draft(read_study(study))
    assert "when" not in made.keys["space"]["x"]
    assert not any(note.startswith(("guess: x", "x is not")) for note in made.notes)


def test_a_study_of_crosstune_gives_its_own_spec_without_a_guess_of_the_space() -> None:
    spec = Spec(
        name="mine",
        space={
            "kind": {"type": "choice", "values": ["a", "b"]},
            "x": {"type": "normal", "mu": 0, "sigma": 1, "when": {"kind": "a"}},
        },
        metric={"name": "loss", "direction": "maximize"},
        backend="hyperopt",
        sampler="rand",
        pruner="median",
        seed=7,
    )
    study = crosstune.tune(spec, lambda params: params.get("x", 0.0), trials=6)
    made = draft(read_study(study))
    again = Spec(**made.keys)
    assert again.space == spec.space
    for key in ("name", "metric", "backend", "sampler", "pruner", "seed"):
        assert getattr(again, key) == getattr(spec, key), key
    assert again.trials == 6
    assert not any("only when" in note for note in made.notes)


def test_a_range_that_changed_is_drafted_whole_and_said() -> None:
    made = drafted(lambda trial: trial.suggest_float("x", 0, 1 + trial.number), 3)
    assert made.keys["space"]["x"] == {"type": "float", "low": 0.0, "high": 3.0}
    assert "guess: x had 3 ranges, and has all of them here" in made.notes


def test_a_study_without_parameters_gives_no_draft() -> None:
    with pytest.raises(RequestError, match="no parameters"):
        drafted(lambda trial: 1.0, 2)


def test_several_objectives_are_metrics_with_their_directions() -> None:
    study = optuna.create_study(directions=["minimize", "maximize"])
    study.set_metric_names(["loss", "speed"])
    study.optimize(lambda trial: (trial.suggest_float("x", 0, 1), 1.0), n_trials=3)
    assert draft(read_study(study)).keys["metrics"] == [
        {"name": "loss", "direction": "minimize"},
        {"name": "speed", "direction": "maximize"},
    ]


def test_a_script_s_draft_has_nothing_of_the_search_that_showed_it() -> None:
    study = crosstune.tune(
        {"space": {"x": {"type": "float", "low": 0, "high": 1}}, "seed": 1},
        lambda params: params["x"],
        sampler="random",
        trials=3,
    )
    keys = draft(read_study(study), script="train").keys
    assert keys["name"] == "train"
    assert not {"trials", "seed", "sampler", "backend", "pruner"} & set(keys)
