"""Constraints that the objective sets itself, on engines that have none of their own.

Such an engine is made anew once a trial has constraints. So with the first point fixed, a run is
the one of a spec with these constraints.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import optuna
import pytest

import crosstune
from crosstune import Float, Spec
from crosstune.engines.record import records
from crosstune.samplers.named import named_sampler
from tests.support.slow import slow_but

pytestmark = pytest.mark.optuna5

ENGINES = [
    "hyperopt:tpe",
    "hyperopt:anneal",
    "hyperopt:mix",
    "crosstune:gp",
    "keras_tuner:bayesian",
]
EACH = pytest.mark.parametrize("label", slow_but(ENGINES, ["hyperopt:tpe", "crosstune:gp"]))
SPACE = {"x": Float(0, 1), "y": Float(0, 1)}
START = [{"x": 0.5, "y": 0.5}]
LEAST = 1.5


def returning(params: dict[str, Any]) -> dict[str, float]:
    return {"loss": params["x"] + params["y"] ** 2, "m": params["x"] + params["y"]}


def setting(params: dict[str, Any], trial: Any) -> float:
    trial.set_constraint("m", LEAST - returning(params)["m"])
    return returning(params)["loss"]


def spec_of(label: str, **keys: Any) -> Spec:
    backend, sampler = label.split(":")
    trials = 8 if label == "keras_tuner:bayesian" else 26
    return Spec(
        space=SPACE, metric="loss", trials=trials, seed=1, backend=backend, sampler=sampler, **keys
    )


def points(study: Any) -> list[dict[str, Any]]:
    return [trial.params for trial in study.trials]


@EACH
def test_they_count_as_those_of_the_spec_do(label: str, caplog: pytest.LogCaptureFixture) -> None:
    by_itself = crosstune.tune(spec_of(label, start=START), setting)
    of_spec = spec_of(label, start=START, constraints=[{"metric": "m", "min": LEAST}])
    assert points(by_itself) == points(crosstune.tune(of_spec, returning))
    (record,) = records(by_itself)
    assert record["native"] is False
    assert any("become one value" in note for note in record["notes"])
    assert "cannot use constraints" not in caplog.text


@EACH
def test_without_any_the_run_is_the_native_one(label: str) -> None:
    (record,) = records(crosstune.tune(spec_of(label), lambda params: returning(params)["loss"]))
    assert record["native"] is True


@EACH
def test_a_killed_run_continues_to_the_same_trials(label: str, tmp_path: Path) -> None:
    whole = crosstune.tune(spec_of(label), setting)
    place = str(tmp_path / "a.journal")
    for trials in (1, 5, len(whole.trials)):
        again = crosstune.tune(spec_of(label), setting, trials=trials, storage=place, resume=True)
    assert points(again) == points(whole)


@EACH
def test_a_sampler_that_is_thawed_goes_on_as_the_first_would(label: str) -> None:
    studies = [crosstune.create_study(spec_of(label)) for _ in range(2)]

    def objective(trial: optuna.Trial) -> float:
        return setting({name: trial.suggest_float(name, 0, 1) for name in SPACE}, trial)

    first, second = studies
    first.optimize(objective, n_trials=5)
    second.add_trials(first.trials)
    frozen = copy.deepcopy(first.sampler.freeze(first))  # type: ignore[attr-defined]
    second.sampler.thaw(second, frozen)  # type: ignore[attr-defined]
    for study in studies:
        study.optimize(objective, n_trials=2)
    assert points(first) == points(second)


@pytest.mark.parametrize("label", slow_but(["hyperopt:tpe", "crosstune:gp"], ["hyperopt:tpe"]))
def test_any_number_of_workers_in_order_has_the_same_history(label: str) -> None:
    runs = [crosstune.tune(spec_of(label), setting, workers=n, lag=1) for n in (1, 2)]
    assert points(runs[0]) == points(runs[1])


@EACH
def test_a_sampler_that_learns_the_space_uses_them(label: str) -> None:
    def run(**options: Any) -> optuna.Study:
        study = optuna.create_study(sampler=named_sampler(label, seed=0, options=options))
        study.enqueue_trial(START[0])
        study.optimize(
            lambda trial: setting({name: trial.suggest_float(name, 0, 1) for name in SPACE}, trial),
            n_trials=8,
        )
        return study

    assert points(run()) == points(run(scalarise="chebyshev"))


def test_a_study_of_an_earlier_version_continues_as_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = str(tmp_path / "a.journal")
    with monkeypatch.context() as earlier:
        earlier.setattr("crosstune.engines.record.FORMAT", 3)
        whole = crosstune.tune(spec_of("hyperopt:tpe"), setting)
        crosstune.tune(spec_of("hyperopt:tpe"), setting, trials=22, storage=place)
    again = crosstune.tune(spec_of("hyperopt:tpe"), setting, storage=place, resume=True)
    assert points(again) == points(whole)
    assert points(again) != points(crosstune.tune(spec_of("hyperopt:tpe"), setting))
