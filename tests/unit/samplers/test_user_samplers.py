"""A user's own Optuna sampler proposes in `tune`, resumed runs, contenders and `exec`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest

import crosstune
from crosstune.benchmarks.match.contender import contender
from crosstune.engines.user_samplers import name_of
from crosstune.errors import RequestError, UnknownName
from crosstune.samplers.named import named_algorithm
from crosstune.study.trials import trial_values
from crosstune.takeover.choice import ScriptEngine
from tests.unit.samplers.user_sampler import Middle, Raises, Unseeded

NAME = "tests.unit.samplers.user_sampler:Middle"
SPACE = {
    "x": {"type": "float", "low": 0, "high": 1},
    "n": {"type": "choice", "values": ["a", "b"]},
}
SPEC: dict[str, Any] = {"space": SPACE, "seed": 3}


def tuned(sampler: Any, **keys: Any) -> optuna.Study:
    return crosstune.tune(SPEC, lambda params: params["x"], sampler=sampler, trials=8, **keys)


def points(study: optuna.Study) -> list[dict[str, Any]]:
    return [trial.params for trial in study.trials]


def test_a_class_its_name_and_a_plain_study_propose_the_same() -> None:
    by_hand = optuna.create_study(sampler=Middle(seed=3))
    by_hand.optimize(
        lambda t: t.suggest_float("x", 0, 1) + (t.suggest_categorical("n", ["a", "b"]) == "c"),
        n_trials=8,
    )
    assert points(tuned(Middle)) == points(tuned(NAME)) == points(by_hand)
    assert all(point["x"] <= 0.5 for point in points(by_hand))


def test_the_record_names_the_sampler() -> None:
    (record,) = tuned(Middle).user_attrs["crosstune:runs"]
    assert (record["backend"], record["sampler"], record["seed"]) == ("optuna", NAME, 3)


def test_options_go_to_the_class_and_a_wrong_one_is_refused() -> None:
    study = tuned({"name": NAME, "part": 0.1})
    assert max(point["x"] for point in points(study)) <= 0.1
    with pytest.raises(UnknownName, match="no option"):
        tuned({"name": NAME, "parts": 0.1})


def test_an_instance_is_used_itself(caplog: pytest.LogCaptureFixture) -> None:
    sampler = Middle(seed=9)
    study = tuned(sampler)
    assert study.sampler is sampler
    assert "has its own seed" in caplog.text


def test_two_instances_have_two_names() -> None:
    one, other = Middle(), Middle()
    assert name_of(one) == name_of(one)
    assert name_of(one).startswith(f"{NAME}()")
    assert name_of(other) not in (name_of(one), name_of(Middle))


def test_a_class_resumes_to_the_same_trials_and_an_instance_does_not(tmp_path: Path) -> None:
    place = tmp_path / "a.journal"
    crosstune.tune(SPEC, lambda params: params["x"], sampler=Middle, trials=4, storage=place)
    study = tuned(Middle, storage=place, resume=True)
    assert points(study) == points(tuned(Middle))
    with pytest.raises(RequestError, match="Pass its class"):
        tuned(Middle(), storage=place, resume=True)


def test_parameters_that_optuna_has_no_distribution_for_are_searched_too() -> None:
    spec = {"space": {"x": {"type": "normal", "mu": 0, "sigma": 1}}, "seed": 1}
    study = crosstune.tune(spec, lambda params: params["x"], sampler=Middle, trials=6)
    assert all(trial_values(trial, spec)["x"] <= 0 for trial in study.trials)  # the lower half


def test_a_sampler_without_a_seed_is_said_to_have_none(caplog: pytest.LogCaptureFixture) -> None:
    tuned(Unseeded)
    assert "takes no seed, so another run has other trials" in caplog.text


@pytest.mark.parametrize(
    ("sampler", "words"),
    [
        ("tests.unit.samplers.user_sampler:Absent", "no sampler"),
        ("tests.unit.samplers.user_sampler:nothing", "is no sampler, but 3"),
        ("no.such.module:Sampler", "no sampler"),
        (Raises, "cannot be made: ValueError: no licence"),
    ],
)
def test_a_sampler_that_cannot_be_had_is_refused(sampler: Any, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        tuned(sampler)


def test_a_users_sampler_is_optunas_and_of_no_other_backend() -> None:
    with pytest.raises(RequestError, match="for Optuna, and not for hyperopt"):
        tuned(NAME, backend="hyperopt")


def test_it_is_a_contender_by_class_and_by_name() -> None:
    assert contender(Middle) == contender(f"optuna:{NAME}") == contender(NAME)
    assert contender(Middle).label == f"optuna:{NAME}"
    assert contender(f"{NAME}+median").pruner is not None
    with pytest.raises(RequestError, match="give the class"):
        contender(Middle())  # type: ignore[arg-type]


def test_exec_makes_one_for_each_study() -> None:
    from dataclasses import replace

    engine = ScriptEngine(sampler=NAME, seed=1).engine
    made = [replace(engine, seed=seed).sampler(None) for seed in (1, 2)]
    assert [type(sampler) for sampler in made] == [Middle, Middle]
    assert made[0] is not made[1]


def test_the_typo_in_a_backend_is_still_one() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'optuna'"):
        named_algorithm("optunna:tpe")
