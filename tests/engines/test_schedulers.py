"""Every scheduler in front of every engine: the same contract, also when a run is resumed."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import optuna
import pytest
from sklearn.dummy import DummyClassifier

import crosstune
from crosstune import Choice, Float, Int
from crosstune.engines.record_names import RUNS, TRIAL_BUDGET
from crosstune.errors import CrosstuneError
from crosstune.samplers.scheduled.configurations import FINISHED, configurations
from crosstune.samplers.scheduled.settings import OPTIONS
from crosstune.study.trials import epochs_trained
from tests.support.slow import slow_but

SPACE = {
    "x": Float(0.0, 1.0),
    "kind": Choice(["a", "b"]),
    "n": Int(1, 5, when={"kind": "a"}),
}
MOST = 12
MOST_SPENT = {"freeze-thaw": 33, "i-epoch": 86, "successive-halving": 48, "hyperband": 48}
"""The most epochs that each scheduler spends on 8 configurations, where whole trainings have 96.
`freeze-thaw` has a share of 21, but all begin with up to 3 and one reaches the end."""
ENGINES = [
    "optuna:tpe",
    "optuna:cmaes",
    "optuna:random",
    "hyperopt:tpe",
    "hyperopt:rand",
    "hyperopt:anneal",
    "keras_tuner:bayesian",
    "keras_tuner:random",
    "crosstune:gp",
    "crosstune:random",
]


def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
    planned = crosstune.budget(trial)
    assert planned is not None
    value = 0.0
    for epoch in range(planned.initial_epoch, planned.epochs):
        value = (params["x"] - 0.3) ** 2 + params.get("n", 3) / 10 + 1 / (epoch + 1)
        trial.report(value, epoch)
    return value


def tune(engine: str, scheduler: str, **more: Any) -> optuna.Study:
    backend, sampler = engine.split(":")
    more = {"objective": objective, "trials": 8, **more}
    return crosstune.tune(
        {"space": SPACE, "seed": 5},
        backend=backend,
        sampler=sampler,
        scheduler={"name": scheduler, "max_epochs": MOST},
        **more,
    )


def rows(study: optuna.Study) -> list[Any]:
    return [
        (t.params, t.state, t.values, t.intermediate_values, t.user_attrs[TRIAL_BUDGET])
        for t in study.trials
    ]


@pytest.mark.parametrize("scheduler", sorted(OPTIONS))
@pytest.mark.parametrize("engine", ENGINES)
def test_every_scheduler_runs_every_engine(engine: str, scheduler: str) -> None:
    study = tune(engine, scheduler)
    begun = configurations(study.trials, maximize=False, max_epochs=MOST)
    assert len(begun) == 8
    for configuration in begun:
        assert all(part.params == configuration.params for part in configuration.parts)
        assert sorted(configuration.curve) == list(range(1, configuration.epochs + 1))
    complete = [trial for trial in study.trials if trial.state.name == "COMPLETE"]
    assert {trial.number for trial in complete} == {c.last for c in begun if c.state == FINISHED}
    assert all(trial.intermediate_values.keys() >= {MOST - 1} for trial in complete)
    record = study.user_attrs[RUNS][-1]
    assert record["scheduler"]["name"] == scheduler
    assert record["native"] is False
    assert study.best_trial in complete
    spent = sum(configuration.spent for configuration in begun)
    assert spent == epochs_trained(study) <= MOST_SPENT[scheduler]


RESUMED = (
    *("optuna:tpe", "optuna:cmaes", "hyperopt:tpe", "hyperopt:rand"),
    *("keras_tuner:bayesian", "keras_tuner:random", "crosstune:gp"),
)


@pytest.mark.parametrize(
    ("engine", "scheduler"),
    slow_but(
        product(RESUMED, sorted(OPTIONS)),
        [
            ("optuna:tpe", "freeze-thaw"),
            ("hyperopt:tpe", "i-epoch"),
            ("keras_tuner:bayesian", "hyperband"),
            ("crosstune:gp", "successive-halving"),
        ],
    ),
)
def test_an_interrupted_study_continues_to_the_same_trials(
    engine: str, scheduler: str, tmp_path: Path
) -> None:
    whole = tune(engine, scheduler)
    storage = str(tmp_path / "study.journal")
    left = [5, 2, 100]

    def interrupted(params: dict[str, Any], trial: optuna.Trial) -> float:
        if not left[0]:
            left.pop(0)
            raise KeyboardInterrupt
        left[0] -= 1
        return objective(params, trial)

    for resume in (False, True):
        with pytest.raises(KeyboardInterrupt):
            tune(engine, scheduler, objective=interrupted, storage=storage, resume=resume)
    study = tune(engine, scheduler, objective=interrupted, storage=storage, resume=True)
    assert rows(study) == rows(whole)


@pytest.mark.parametrize("scheduler", slow_but(sorted(OPTIONS), ["freeze-thaw"]))
def test_a_finished_study_continues_with_more_configurations(
    scheduler: str, tmp_path: Path
) -> None:
    storage = str(tmp_path / "study.journal")
    before = rows(tune("optuna:tpe", scheduler, storage=storage))
    more = tune("optuna:tpe", scheduler, storage=storage, resume=True, trials=12)
    assert rows(more)[: len(before)] == before
    begun = configurations(more.trials, maximize=False, max_epochs=MOST)
    assert len(begun) == 12
    again = tune("optuna:tpe", scheduler, storage=storage, resume=True, trials=12)
    assert rows(again) == rows(more)


@pytest.mark.parametrize("scheduler", sorted(OPTIONS))
def test_start_points_are_configurations(scheduler: str) -> None:
    study = tune("optuna:tpe", scheduler, start=[{"x": 0.31, "kind": "b"}, {"x": 0.9}])
    begun = configurations(study.trials, maximize=False, max_epochs=MOST)
    assert begun[0].params == {"x": 0.31, "kind": "b"}
    assert begun[1].params["x"] == 0.9
    assert len(begun) == 8
    assert all(TRIAL_BUDGET in trial.user_attrs for trial in study.trials)


@pytest.mark.parametrize("scheduler", sorted(OPTIONS))
@pytest.mark.parametrize("backend", ["optuna", "hyperopt", "keras_tuner", "crosstune"])
def test_a_space_that_is_exhausted_ends_the_study(backend: str, scheduler: str) -> None:
    space = {"k": Choice(["a", "b", "c"])}

    def value(params: dict[str, Any]) -> float:
        return float(ord(params["k"]))

    study = crosstune.tune(
        {"space": space, "seed": 0},
        value,
        backend=backend,
        sampler="grid",
        scheduler={"name": scheduler, "max_epochs": 9},
        trials=10,
    )
    begun = configurations(study.trials, maximize=False, max_epochs=9)
    assert sorted(c.params["k"] for c in begun) == ["a", "b", "c"]
    assert study.best_trial.params["k"] == "a"


@pytest.mark.parametrize("told", ["last", "common", "end", "draw", "pruned", "nothing"])
@pytest.mark.parametrize("anew", [True, False])
def test_what_the_engine_is_told_is_an_option(told: str, anew: bool) -> None:
    study = crosstune.tune(
        {"space": SPACE, "seed": 1},
        objective,
        trials=14,
        scheduler={"name": "freeze-thaw", "max_epochs": MOST, "told": told, "anew": anew},
    )
    assert study.user_attrs[RUNS][-1]["scheduler"]["told"] == told
    assert len(configurations(study.trials, maximize=False, max_epochs=MOST)) == 14


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"scheduler": "freeze-thaw"}, "max_epochs"),
        ({"scheduler": "freze-thaw:9"}, "freeze-thaw"),
        ({"scheduler": "freeze-thaw:x"}, "name:epochs"),
        ({"scheduler": "freeze-thaw:1"}, "from 2 on"),
        ({"scheduler": {"name": "i-epoch", "max_epochs": 9, "first": 10}}, "at most"),
        ({"scheduler": {"name": "i-epoch", "max_epochs": 9, "share": 1}}, "share"),
        ({"scheduler": {"name": "freeze-thaw", "max_epochs": 9, "told": "all"}}, "told"),
        ({"scheduler": "freeze-thaw:9", "pruner": "median"}, "pruner"),
        ({"scheduler": "freeze-thaw:9", "repeats": 2, "trials": 9}, "leave"),
        ({"scheduler": "i-epoch:9", "seconds": 1.0}, "trials"),
        ({"scheduler": "i-epoch:9", "patience": 5}, "patience"),
        (
            {"scheduler": "freeze-thaw:9", "backend": "keras_tuner", "sampler": "hyperband"},
            "scheduler itself",
        ),
    ],
)
def test_what_cannot_be_scheduled_is_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(CrosstuneError, match=f"(?i){reason}"):
        crosstune.tune({"space": SPACE, "seed": 1}, objective, **options)


@pytest.mark.parametrize("face", ["SearchCV", "KerasTuner"])
def test_a_face_that_trains_to_the_end_refuses_a_scheduler(face: str, tmp_path: Path) -> None:
    spec = {"space": {"x": Float(0, 1)}, "scheduler": {"name": "i-epoch", "max_epochs": 4}}
    with pytest.raises(CrosstuneError, match="takes no scheduler"):
        if face == "SearchCV":
            crosstune.SearchCV(DummyClassifier(), spec).fit([[0], [1]] * 6, [0, 1] * 6)
        else:
            crosstune.KerasTuner(lambda hp: None, objective="loss", spec=spec, directory=tmp_path)


def test_an_engine_that_reads_curves_is_told_the_last_reports() -> None:
    told = {
        engine: tune(engine, "freeze-thaw").user_attrs[RUNS][-1]["scheduler"]["told"]
        for engine in ("crosstune:gp", "optuna:tpe")
    }
    assert told == {"crosstune:gp": "last", "optuna:tpe": "common"}


def test_a_study_of_an_earlier_version_is_told_what_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = str(tmp_path / "study.journal")
    sampler = {"name": "gp", "without": ["plain"]}
    spec = {"space": SPACE, "seed": 5, "trials": 8, "backend": "crosstune", "sampler": sampler}
    scheduler = {"name": "freeze-thaw", "max_epochs": MOST}
    earlier = {**scheduler, "told": "common"}
    whole = crosstune.tune(spec, objective, scheduler=earlier)

    def interrupted(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == 6:
            raise KeyboardInterrupt
        return objective(params, trial)

    monkeypatch.setattr("crosstune.engines.record.FORMAT", 4)
    with pytest.raises(KeyboardInterrupt):
        crosstune.tune(spec, interrupted, scheduler=earlier, storage=storage)
    resumed = crosstune.tune(spec, objective, scheduler=scheduler, storage=storage, resume=True)
    assert rows(resumed) == rows(whole)
    with pytest.raises(CrosstuneError, match="told"):
        crosstune.tune(
            spec,
            objective,
            scheduler={**scheduler, "told": "nothing"},
            storage=storage,
            resume=True,
        )
