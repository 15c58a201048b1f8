"""The rule of reconciliation where it is hardest: walks through a grid, and strange trials."""

from __future__ import annotations

import pickle
from typing import Any

import optuna
import pytest
from optuna.distributions import IntDistribution
from optuna.trial import create_trial

import crosstune
from crosstune import Bool, Choice, Float, Int, Space, adapters
from crosstune.errors import SpecError, Unsupported
from crosstune.samplers import GridSampler, HyperoptSampler, KerasTunerSampler
from crosstune.samplers.engine import EngineSampler
from crosstune.samplers.scheduled.settings import Scheduler

FINITE = Space({"n": Int(1, 3), "b": Bool()})
WALKS = {
    "keras_tuner": lambda: KerasTunerSampler("grid", space=FINITE, seed=1),
    "crosstune": lambda: GridSampler(space=FINITE, seed=1),
    "optuna": lambda: crosstune.create_study({"space": FINITE}, sampler="grid", seed=1).sampler,
}


def value(trial: optuna.Trial) -> float:
    return trial.suggest_int("n", 1, 3) + trial.suggest_categorical("b", [False, True])


@pytest.mark.parametrize("walk", WALKS)
def test_a_walk_evaluates_every_point_once_whatever_was_queued(walk: str) -> None:
    study = optuna.create_study(sampler=WALKS[walk]())
    study.enqueue_trial({"n": 2, "b": True})  # whole
    study.enqueue_trial({"n": 2})  # in part
    study.optimize(value, n_trials=50)
    complete = [t for t in study.trials if t.state.name == "COMPLETE"]
    points = [(t.params["n"], t.params["b"]) for t in complete]
    assert set(points) == {(n, b) for n in (1, 2, 3) for b in (False, True)}
    assert points.count((2, True)) <= 2  # a part that was drawn may hit the first
    assert len(points) <= 7


@pytest.mark.parametrize("walk", WALKS)
def test_a_walk_covers_the_grid_with_two_threads(walk: str) -> None:
    study = optuna.create_study(sampler=WALKS[walk]())
    study.optimize(value, n_trials=30, n_jobs=2)
    complete = [t for t in study.trials if t.state.name == "COMPLETE"]
    assert sorted((t.params["n"], t.params["b"]) for t in complete) == [
        (n, b) for n in (1, 2, 3) for b in (False, True)
    ]


@pytest.mark.parametrize("backend", ["optuna", "hyperopt", "keras_tuner"])
def test_the_grid_role_covers_the_same_finite_space_on_every_backend(backend: str) -> None:
    space = Space({"k": Choice(["a", "b"]), "n": Int(1, 3, when={"k": "a"}), "b": Bool()})
    study = crosstune.tune(
        {"space": space, "seed": 0}, lambda params: 1.0, backend=backend, sampler="grid", trials=50
    )
    points = {tuple(trial.params.items()) for trial in study.trials}
    assert len(points) == len(study.trials) == 8


def test_a_trial_outside_the_space_is_left_out_and_named(caplog: pytest.LogCaptureFixture) -> None:
    study = optuna.create_study(sampler=HyperoptSampler(space=FINITE, seed=0))
    study.add_trial(
        create_trial(params={"n": 9}, distributions={"n": IntDistribution(1, 9)}, value=0.0)
    )
    study.optimize(value, n_trials=3)
    assert len(study.sampler.native) == 3
    assert "trial 0 is outside the space" in caplog.text


def test_a_parameter_that_is_not_in_the_space_is_an_error() -> None:
    study = optuna.create_study(sampler=HyperoptSampler(space=FINITE, seed=0))
    with pytest.raises(SpecError, match="'z', which is not in the space: n, b"):
        study.optimize(lambda trial: trial.suggest_float("z", 0, 1), n_trials=1)


def test_another_range_than_the_spaces_is_an_error_and_not_drawn_again() -> None:
    study = optuna.create_study(sampler=HyperoptSampler(space=Space({"n": Int(5, 9)}), seed=0))
    with pytest.raises(SpecError, match="asks for 'n' in IntDistribution"):
        study.optimize(lambda trial: trial.suggest_int("n", 1, 3), n_trials=1)


def test_a_scheduler_refuses_several_objectives() -> None:
    scheduler = Scheduler.of("i-epoch", {"max_epochs": 4})
    sampler = EngineSampler(
        adapters.get("hyperopt"), "tpe", space=FINITE, seed=0, scheduler=scheduler
    )
    study = optuna.create_study(sampler=sampler, directions=["minimize", "maximize"])
    with pytest.raises(Unsupported, match="learning curves of one metric"):
        study.optimize(lambda trial: (value(trial), 1.0), n_trials=1)


def test_one_sampler_in_two_studies_starts_anew() -> None:
    def run(sampler: Any) -> list[dict[str, Any]]:
        study = optuna.create_study(sampler=sampler)
        study.optimize(value, n_trials=4)
        return [trial.params for trial in study.trials]

    shared = GridSampler(space=FINITE, seed=0)
    assert run(shared) == run(shared)


def test_a_space_that_was_not_declared_is_learnt() -> None:
    study = optuna.create_study(sampler=HyperoptSampler("tpe", seed=0))

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", -1, 1)
        if trial.suggest_categorical("kind", ["a", "b"]) == "a":
            return x**2 + trial.suggest_float("only a", 0, 1)
        return x**2 + 0.5

    study.optimize(objective, n_trials=60)
    late = [trial.value for trial in study.trials[-15:]]
    early = [trial.value for trial in study.trials[:15]]
    assert sum(late) < sum(early)


def test_the_same_seed_learns_the_same_way() -> None:
    def run() -> list[dict[str, Any]]:
        study = optuna.create_study(sampler=HyperoptSampler("tpe", seed=5))
        study.optimize(lambda t: t.suggest_float("x", 0, 1) + t.suggest_int("n", 1, 3), n_trials=30)
        return [trial.params for trial in study.trials]

    assert run() == run()


def test_a_choice_of_objects_is_learnt_by_position() -> None:
    study = optuna.create_study(sampler=HyperoptSampler("rand", seed=0))
    choices = [(1, 2), (3, 4), None]

    def objective(trial: optuna.Trial) -> float:
        assert trial.suggest_categorical("pair", choices) in choices
        return 1.0

    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna's, on choices that storages cannot hold
        study.optimize(objective, n_trials=20)
    assert {trial.params["pair"] for trial in study.trials} == set(choices)


def test_two_studies_in_one_process_do_not_disturb_each_other() -> None:
    def run(*, interleaved: bool) -> list[dict[str, Any]]:
        mine = optuna.create_study(sampler=KerasTunerSampler("random", space=FINITE2, seed=3))
        other = optuna.create_study(sampler=KerasTunerSampler("random", space=FINITE2, seed=4))
        for _ in range(10):
            mine.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
            if interleaved:
                other.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
        return [trial.params for trial in mine.trials]

    assert run(interleaved=True) == run(interleaved=False)


FINITE2 = Space({"x": Float(0, 1)})


@pytest.mark.parametrize("walk", ["hyperopt", "keras_tuner", "crosstune"])
def test_a_sampler_of_ours_is_pickled_with_its_space_and_seed(walk: str) -> None:
    sampler: Any = {
        "hyperopt": lambda: HyperoptSampler("tpe", space=FINITE, seed=3, n_startup_jobs=5),
        "keras_tuner": lambda: KerasTunerSampler("random", space=FINITE, seed=3),
        "crosstune": lambda: GridSampler(space=FINITE, seed=3, points=4),
    }[walk]()
    copied = pickle.loads(pickle.dumps(sampler))

    def run(sampler: Any) -> list[dict[str, Any]]:
        study = optuna.create_study(sampler=sampler)
        study.optimize(value, n_trials=5)
        return [trial.params for trial in study.trials]

    assert run(copied) == run(sampler)
    assert copied.options == sampler.options


@pytest.mark.parametrize("backend", ["hyperopt", "keras_tuner", "optuna"])
def test_a_copy_of_a_sampler_repeats_nothing_and_is_marked(backend: str) -> None:
    space = Space({"x": Float(0.0, 1.0), "s": Float(0.0, 1.0, step=0.1)})
    study = crosstune.create_study({"space": space, "seed": 1}, backend=backend, sampler="random")

    def objective(trial: optuna.Trial) -> float:
        return trial.suggest_float("x", 0, 1) + trial.suggest_float("s", 0, 1, step=0.1)

    study.optimize(objective, n_trials=6)
    study = pickle.loads(pickle.dumps(study))
    study.optimize(objective, n_trials=6)
    assert len({trial.params["x"] for trial in study.trials}) == 12
    assert [run["native"] for run in study.user_attrs["crosstune:runs"]] == [True, False]


def test_one_sampler_between_two_studies_goes_on_in_each() -> None:
    sampler = HyperoptSampler("rand", space=FINITE2, seed=1)
    studies = [optuna.create_study(sampler=sampler, study_name=str(i)) for i in range(2)]
    for _ in range(4):
        for study in studies:
            study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    for study in studies:
        assert len({trial.params["x"] for trial in study.trials}) == 4
