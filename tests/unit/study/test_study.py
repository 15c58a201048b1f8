"""Choosing an engine, and what the study keeps of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest

import crosstune
from crosstune import Choice, Float, Int, Normal, Space, Spec
from crosstune.engines.record_names import RUNS
from crosstune.errors import RequestError, SpecError, StudyExists, UnknownName, Unsupported
from crosstune.samplers import GridSampler, HyperoptSampler
from crosstune.study.choice import choose
from tests.support.slow import slow_but_first

SPACE = Space({"x": Float(0.0, 1.0), "n": Int(1, 3)})


def value(params: dict[str, Any]) -> float:
    return params["x"] + params["n"]


def record(study: optuna.Study) -> dict[str, Any]:
    (only,) = study.user_attrs[RUNS]
    return only  # type: ignore[no-any-return]


@pytest.mark.parametrize("backend", slow_but_first(["optuna", "hyperopt", "keras_tuner"]))
def test_a_study_keeps_its_engine_seed_and_versions(backend: str) -> None:
    kept = record(crosstune.tune({"space": SPACE, "seed": 5}, value, backend=backend, trials=2))
    assert (kept["backend"], kept["seed"], kept["native"]) == (backend, 5, True)
    assert kept["versions"]["optuna"] == optuna.__version__
    assert len(kept["versions"]) in (3, 4)


def test_a_study_keeps_its_space() -> None:
    study = crosstune.tune({"space": SPACE}, value, trials=1)
    assert Space(study.user_attrs["crosstune:space"]) == SPACE


def test_without_a_seed_the_one_that_was_drawn_is_kept_and_repeats_the_run() -> None:
    first = crosstune.tune({"space": SPACE}, value, trials=5)
    again = crosstune.tune({"space": SPACE}, value, trials=5, seed=record(first)["seed"])
    assert [t.params for t in first.trials] == [t.params for t in again.trials]


def test_start_points_are_marked_not_native() -> None:
    study = crosstune.tune({"space": SPACE, "start": [{"x": 0.5}]}, value, trials=2)
    assert not record(study)["native"]


def test_a_learnt_space_is_marked_not_native() -> None:
    study = optuna.create_study(sampler=HyperoptSampler(seed=0))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    assert not record(study)["native"]
    assert record(study)["notes"] == ["the space is learnt from the trials"]


def test_a_learnt_space_under_hyperband_is_marked_too() -> None:
    pruner = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=3)
    study = optuna.create_study(sampler=HyperoptSampler(seed=0), pruner=pruner)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    assert not record(study)["native"]


def test_an_instance_in_place_of_a_name_is_refused_with_where_it_goes() -> None:
    with pytest.raises(RequestError, match=r"own, as in optuna.create_study\(pruner"):
        crosstune.tune({"space": SPACE}, value, pruner=optuna.pruners.MedianPruner())  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="a name, or a mapping with a name and options, not 7"):
        choose(Spec(space=SPACE), sampler=7)  # type: ignore[arg-type]


def test_a_native_sampler_unknown_to_another_backend_becomes_its_bayesian() -> None:
    chosen = choose(Spec(space=SPACE, sampler="gp"), backend="hyperopt")
    assert chosen.algorithm == "tpe"
    assert chosen.notes == ("hyperopt has no sampler 'gp', so its 'bayesian' runs",)


def test_a_sampler_asked_for_by_name_is_never_replaced() -> None:
    with pytest.raises(UnknownName, match="no hyperopt sampler 'gp'"):
        choose(Spec(space=SPACE), backend="hyperopt", sampler="gp")


def test_options_in_a_spec_reach_the_sampler() -> None:
    spec = Spec(space=SPACE, sampler={"name": "tpe", "n_startup_trials": 3})
    assert choose(spec).options == {"n_startup_trials": 3}
    with pytest.raises(UnknownName, match="Did you mean 'n_startup_trials'"):
        choose(Spec(space=SPACE, sampler={"name": "tpe", "n_startup_trial": 3}))


def test_a_resumed_study_goes_on_to_its_budget_with_new_points(tmp_path: Path) -> None:
    place = tmp_path / "s.journal"
    spec = {"space": SPACE, "seed": 0}
    for backend in ("hyperopt", "optuna", "keras_tuner"):
        crosstune.tune(spec, value, backend=backend, sampler="random", trials=4,
                       storage=place, study_name=backend)  # fmt: skip
        study = crosstune.tune(spec, value, backend=backend, sampler="random", trials=9,
                               storage=place, study_name=backend, resume=True)  # fmt: skip
        assert len(study.trials) == 9
        assert len({trial.params["x"] for trial in study.trials}) == 9
        kept = record(study)
        assert (kept["native"], kept["resumed"]) == (True, [4])


def test_a_resumed_grid_covers_what_is_left(tmp_path: Path) -> None:
    space = Space({"n": Int(1, 3), "c": Choice(["a", "b"])})
    for backend in ("hyperopt", "optuna", "keras_tuner"):
        for budget in (4, 50):
            study = crosstune.tune(
                {"space": space, "seed": 0}, lambda params: params["n"], backend=backend,
                sampler="grid", trials=budget, storage=tmp_path / "s.journal",
                study_name=backend, resume=budget == 50,
            )  # fmt: skip
        points = [tuple(trial.params.values()) for trial in study.trials]
        assert len(points) == len(set(points)) == 6


def test_a_study_may_be_continued_by_another_engine(tmp_path: Path) -> None:
    place = tmp_path / "s.journal"
    crosstune.tune({"space": SPACE, "seed": 0}, value, trials=3, storage=place)
    study = crosstune.tune(
        {"space": SPACE, "seed": 0}, value, backend="hyperopt", trials=6, storage=place, resume=True
    )
    assert [run["backend"] for run in study.user_attrs[RUNS]] == ["optuna", "hyperopt"]
    assert len(study.sampler.native) == 6  # three of them Optuna's


def test_a_study_that_is_there_is_not_run_into(tmp_path: Path) -> None:
    place = tmp_path / "s.journal"
    crosstune.tune({"space": SPACE}, value, trials=2, storage=place)
    with pytest.raises(StudyExists, match="has 2 finished trials"):
        crosstune.tune({"space": SPACE}, value, trials=2, storage=place)


def test_resuming_with_another_space_shows_the_difference(tmp_path: Path) -> None:
    place = tmp_path / "s.journal"
    crosstune.tune({"space": SPACE}, value, trials=2, storage=place)
    other = Space({"x": Float(0.0, 2.0), "n": Int(1, 3)})
    with pytest.raises(RequestError, match=r'x: .*"high": 1.0.* -> .*"high": 2.0'):
        crosstune.tune({"space": other}, value, trials=4, storage=place, resume=True)


def test_an_objective_with_another_range_than_the_space_is_an_error() -> None:
    with pytest.raises(SpecError, match="asks for 'x' in FloatDistribution"):
        crosstune.tune(
            {"space": {"x": Float(0.0, 1.0)}}, lambda trial: trial.suggest_float("x", 0.0, 2.0)
        )


def test_the_order_of_an_objectives_parameters_does_not_matter() -> None:
    def objective(trial: optuna.Trial, params: dict[str, Any]) -> float:
        return params["x"] + trial.number

    assert len(crosstune.tune({"space": SPACE}, objective, trials=2).trials) == 2


@pytest.mark.parametrize(
    "item", [Choice(["a", "b"], weights=[0.9, 0.1]), Normal(0.0, 1.0, low=-1.0, high=1.0, step=0.5)]
)
def test_a_grid_takes_each_value_once_whatever_its_odds(item: Any) -> None:
    space = Space({"w": item})
    study = optuna.create_study(sampler=GridSampler(space=space))
    study.optimize(lambda trial: float(len(trial.relative_params)), n_trials=50)
    points = [t.params for t in study.trials if t.state.name == "COMPLETE"]
    assert len(study.trials) <= 6
    assert len(points) == len(study.trials) - 1


def test_brute_force_refuses_a_space_without_an_end() -> None:
    with pytest.raises(Unsupported, match="'x' is searched as a real number"):
        crosstune.tune({"space": SPACE}, value, sampler="brute-force")
