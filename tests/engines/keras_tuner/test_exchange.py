"""Exported folders in Keras Tuner's own hands, and Keras Tuner's own searches as studies."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.study import Study
from optuna.trial import TrialState

import crosstune
from crosstune import Spec
from crosstune.adapters.keras_tuner.library import keras_tuner as kt
from crosstune.engines.record_names import SPACE
from crosstune.errors import RequestError
from crosstune.exchange import IMPORTED
from tests.support.slow import slow_but_first
from tests.unit.exchange.test_exchange import ENGINES, KINDS, records, spec, study

TUNERS = (kt.RandomSearch, kt.BayesianOptimization, kt.GridSearch)


def without_models(tuner: Any) -> Any:
    """The tuner with the documented way to tune what is no Keras model."""

    def run_trial(self: Any, trial: Any, *_: Any, **__: Any) -> Any:
        hp = trial.hyperparameters
        return self.hypermodel.fit(hp, self.hypermodel.build(hp))

    return type(tuner.__name__, (tuner,), {"run_trial": run_trial})


def in_order(tuner: Any) -> list[Any]:
    return [tuner.oracle.trials[trial_id] for trial_id in tuner.oracle.start_order]


class Written(kt.HyperModel):  # type: ignore[misc]  # untyped
    """The space of the exported study as a Keras Tuner user writes it; it trains nothing."""

    def build(self, hp: Any) -> Any:
        hp.Choice("model", ['"mlp"', '"tree"', "null"])
        with hp.conditional_scope("model", ['"mlp"']):
            hp.Choice("optimizer", ['"sgd"', '"a \\"b\\", c\\n"', "3"])
        hp.Float("lr", 1e-5, 1, sampling="log")

    def fit(self, hp: Any, model: Any, **_: Any) -> float:
        return float(hp.get("lr"))


def opened(
    path: Path,
    tuner: Any = kt.RandomSearch,
    direction: str = "max",
    metric: str = "objective",
    **given: Any,
) -> Any:
    return without_models(tuner)(
        Written(),
        objective=kt.Objective(metric, direction),
        directory=str(path.parent),
        project_name=path.name,
        overwrite=False,
        **{"max_trials": 40, **given},
    )


def exported(source: Study, folder: Path, **options: Any) -> Path:
    crosstune.export_study(source, folder / "project", format="keras_tuner", **options)
    return folder / "project"


# Out.


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("engine", slow_but_first(ENGINES))
def test_a_tuner_opens_the_folder(
    engine: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = study(engine, kind)
    up = source.direction.name == "MAXIMIZE"
    (metric,) = source.metric_names or ["objective"]
    tuner = opened(exported(source, tmp_path), direction="max" if up else "min", metric=metric)
    tuner.reload()
    assert len(tuner.oracle.trials) == 12
    statuses = {TrialState.COMPLETE: "COMPLETED", TrialState.FAIL: "FAILED"}
    for trial, held in zip(source.trials, in_order(tuner), strict=True):
        assert held.status == statuses.get(trial.state, "INVALID")
        assert held.score == (trial.value if trial.state is TrialState.COMPLETE else None)
        if held.score is not None:
            assert held.best_step == max(trial.intermediate_values)
            assert held.metrics.get_direction(metric) == ("max" if up else "min")
        for name, value in trial.params.items():
            if type(value) in (int, float) and name not in ("kind", "alike", "optimizer"):
                assert held.hyperparameters.get(name) == value
        # Nothing is active there that was not in the trial.
        names = set(held.hyperparameters.values)
        assert set(trial.params) - {"fixed_too"} == names
        held.hyperparameters.ensure_active_values()
        if trial.state is not TrialState.FAIL and kind == "declared":
            assert set(held.hyperparameters.values) == names
    best = tuner.get_best_hyperparameters(3)
    ranked = sorted(
        (t for t in source.trials if t.state is TrialState.COMPLETE),
        key=lambda t: t.value,
        reverse=up,
    )
    name = "lr" if kind == "declared" else "x"
    assert [held.get(name) for held in best] == [t.params[name] for t in ranked[:3]]
    capsys.readouterr()
    tuner.results_summary(12)
    shown = capsys.readouterr().out
    assert f"Score: {source.best_value}" in shown
    assert "pruned at step" in shown


@pytest.mark.parametrize("tuner", slow_but_first(TUNERS))
def test_every_tuner_but_hyperband_opens_the_folder(tuner: Any, tmp_path: Path) -> None:
    source = study("hyperopt", "declared")
    there = opened(exported(source, tmp_path), tuner)
    assert there.get_best_hyperparameters()[0].get("lr") == source.best_params["lr"]


@pytest.mark.parametrize("tuner", slow_but_first(TUNERS[:2]))
def test_a_search_goes_on_and_what_it_adds_comes_back(tuner: Any, tmp_path: Path) -> None:
    source = study("optuna", "declared")
    path = exported(source, tmp_path)
    assert source.metric_names is not None
    there = opened(path, tuner, max_trials=16, metric=source.metric_names[0])
    there.search(verbose=0)
    assert len(there.oracle.trials) == 16
    for held in in_order(there)[12:]:
        names = set(held.hyperparameters.values)
        assert ("optimizer" in names) == (held.hyperparameters.get("model") == '"mlp"')
        assert ("depth" in names) == (held.hyperparameters.get("model") != '"mlp"')
    back = crosstune.import_study(path, format="keras_tuner")
    assert records(back)[:12] == records(study("optuna", "declared"))
    assert len(back.trials) == 16
    for trial in back.trials[12:]:
        assert trial.value == trial.params["lr"]
        assert trial.params["model"] in ("mlp", "tree", None)


def test_a_search_that_goes_on_tries_no_point_again(tmp_path: Path) -> None:
    """Guards the private name for the hash of a point: without it these are tried twice."""
    small = spec(
        x={"type": "choice", "values": ["a", "b", "c"]},
        y={"type": "float", "low": 0, "high": 1, "step": 0.5},
    )
    source = crosstune.tune(small, lambda params: params["y"], sampler="grid", trials=9)
    assert len({tuple(t.params.values()) for t in source.trials}) == 9
    path = exported(source, tmp_path)

    class Same(Written):
        def build(self, hp: Any) -> Any:
            hp.Choice("x", ["a", "b", "c"])
            hp.Float("y", 0, 1, step=0.5)

        def fit(self, hp: Any, model: Any, **_: Any) -> float:
            return 0.0

    there = without_models(kt.RandomSearch)(
        Same(),
        objective=kt.Objective("objective", "max"),
        max_trials=20,
        directory=str(tmp_path),
        project_name=path.name,
    )
    there.search(verbose=0)
    assert len(there.oracle.trials) == 9


def test_the_objective_has_the_name_that_is_asked_for(tmp_path: Path) -> None:
    path = exported(study("optuna", "declared"), tmp_path, metric="val_accuracy")
    state = json.loads((path / "trial_0000" / "trial.json").read_text())
    assert list(state["metrics"]["metrics"]) == ["val_accuracy"]
    named = optuna.create_study()
    named.set_metric_names(["val_loss"])
    named.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    shutil.rmtree(path)
    state = json.loads((exported(named, tmp_path) / "trial_0000" / "trial.json").read_text())
    assert list(state["metrics"]["metrics"]) == ["val_loss"]


def test_a_value_that_is_no_report_has_a_history_of_its_own(tmp_path: Path) -> None:
    source = optuna.create_study()

    def objective(trial: optuna.Trial) -> float:
        trial.report(1.0, 0)
        trial.report(0.5, 4)
        return trial.suggest_float("x", 2, 3)

    source.optimize(objective, n_trials=2)
    path = exported(source, tmp_path)
    tuner = opened(path, direction="min")
    held = in_order(tuner)[0]
    assert (held.score, held.best_step) == (source.trials[0].value, 4)
    assert held.metrics.get_best_value("objective") == held.score
    assert [seen.mean() for seen in held.metrics.get_history("reports")] == [1.0, 0.5]


def test_what_was_changed_in_the_folder_is_taken_as_it_is_now(tmp_path: Path) -> None:
    source = study("optuna", "declared")
    path = exported(source, tmp_path)
    file = path / "trial_0000" / "trial.json"
    state = json.loads(file.read_text())
    state["hyperparameters"]["values"]["lr"] = 0.25
    file.write_text(json.dumps(state))
    back = crosstune.import_study(path, format="keras_tuner")
    assert back.trials[0].params == {**source.trials[0].params, "lr": 0.25}
    assert records(back)[1:] == records(source)[1:]


# In.


class Searched(kt.HyperModel):  # type: ignore[misc]  # untyped
    def build(self, hp: Any) -> Any:
        hp.Choice("model", ["mlp", "tree"])
        with hp.conditional_scope("model", ["mlp"]):
            hp.Boolean("wide")
            with hp.conditional_scope("wide", [True]):
                hp.Int("units", 32, 96, step=32)
        with hp.conditional_scope("model", ["tree"]):
            hp.Int("depth", 1, 4)
        hp.Float("lr", 1e-4, 1, sampling="log")
        hp.Fixed("seed", 7)

    def fit(self, hp: Any, model: Any, **_: Any) -> dict[str, float]:
        if hp.get("lr") < 1e-3:
            raise kt.errors.FailedTrialError("diverged")
        return {"val_loss": hp.get("lr"), "val_accuracy": 1 - hp.get("lr"), "loss": 0.25}


def search(folder: Path, tuner: Any = kt.RandomSearch, **given: Any) -> Any:
    found = without_models(tuner)(
        Searched(),
        objective=kt.Objective("val_accuracy", "max"),
        seed=3,
        directory=str(folder),
        project_name="searched",
        max_consecutive_failed_trials=99,
        **given,
    )
    found.search(verbose=0)
    return found


def test_a_search_is_read_with_its_space_and_its_failures(tmp_path: Path) -> None:
    tuner = search(tmp_path, max_trials=20)
    back = crosstune.import_study(tmp_path / "searched", format="keras_tuner")
    assert (back.study_name, back.direction.name) == ("searched", "MAXIMIZE")
    assert back.user_attrs[IMPORTED]["notes"] == []
    assert back.user_attrs[SPACE]["units"]["when"] == {"wide": True}
    assert len(back.trials) == 20
    for trial, held in zip(back.trials, in_order(tuner), strict=True):
        assert trial.params == held.hyperparameters.values
        failed = held.hyperparameters.get("lr") < 1e-3
        assert trial.state is (TrialState.FAIL if failed else TrialState.COMPLETE)
        if failed:
            assert "diverged" in trial.user_attrs["message"]
        else:
            assert trial.value == held.score == 1 - trial.params["lr"]
            assert trial.user_attrs == {"val_loss": trial.params["lr"], "loss": 0.25}
            assert trial.intermediate_values == {held.best_step: trial.value}
    assert {trial.state for trial in back.trials} == {TrialState.COMPLETE, TrialState.FAIL}
    best = tuner.get_best_hyperparameters()[0].values
    assert back.best_params == best


def test_a_value_of_what_is_not_active_is_left_out(tmp_path: Path) -> None:
    search(tmp_path, max_trials=8)
    for file in (tmp_path / "searched").glob("trial_*/trial.json"):
        state = json.loads(file.read_text())
        state["hyperparameters"]["values"] |= {"units": 32, "depth": 1}
        file.write_text(json.dumps(state))
    back = crosstune.import_study(tmp_path / "searched", format="keras_tuner")
    for trial in back.trials:
        assert ("depth" in trial.params) == (trial.params["model"] == "tree")
        assert ("units" in trial.params) == bool(trial.params.get("wide"))


def test_a_search_of_keras_tuner_goes_on_in_crosstune(tmp_path: Path) -> None:
    search(tmp_path, max_trials=6)
    place = str(tmp_path / "s.journal")
    back = crosstune.import_study(tmp_path / "searched", format="keras_tuner", storage=place)
    own = Spec(name="searched", metric={"direction": "maximize"}, space=back.user_attrs[SPACE])
    on = crosstune.tune(
        own, lambda params: params["lr"], backend="hyperopt", storage=place, trials=9, resume=True
    )
    assert len(on.trials) == 9


def test_hyperbands_rungs_are_budgets(tmp_path: Path) -> None:
    search(tmp_path, kt.Hyperband, max_epochs=4, factor=2)
    back = crosstune.import_study(tmp_path / "searched", format="keras_tuner")
    budgets = [crosstune.budget(trial) for trial in back.trials]
    assert {held.epochs for held in budgets if held} == {1, 2, 4} or {2, 4} <= {
        held.epochs for held in budgets if held
    }
    continued = [(t, held) for t, held in zip(back.trials, budgets, strict=True)
                 if held and held.resume_from is not None]  # fmt: skip
    assert continued
    for trial, held in continued:
        assert back.trials[held.resume_from].params == trial.params
    assert not any(name.startswith("tuner/") for t in back.trials for name in t.params)


def test_an_objective_that_the_folder_does_not_tell_has_to_be_named(tmp_path: Path) -> None:
    class Alike(Searched):
        def fit(self, hp: Any, model: Any, **_: Any) -> dict[str, float]:
            return {"a": hp.get("lr"), "b": hp.get("lr"), "c": 0.5}

    without_models(kt.RandomSearch)(
        Alike(), objective=kt.Objective("a", "min"), max_trials=2, directory=str(tmp_path),
        project_name="alike",
    ).search(verbose=0)  # fmt: skip
    with pytest.raises(RequestError, match="several metrics fit .* --metric with one of a, b"):
        crosstune.import_study(tmp_path / "alike", format="keras_tuner")
    back = crosstune.import_study(tmp_path / "alike", format="keras_tuner", metric="a")
    assert [t.user_attrs for t in back.trials] == [{"b": t.value, "c": 0.5} for t in back.trials]
    with pytest.raises(RequestError, match="no metric 'd'"):
        crosstune.import_study(tmp_path / "alike", format="keras_tuner", metric="d")


def test_a_space_that_cannot_be_declared_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Reverse(Searched):
        def build(self, hp: Any) -> Any:
            hp.Float("lr", 1e-4, 1, sampling="reverse_log")

    without_models(kt.RandomSearch)(
        Reverse(), objective=kt.Objective("loss", "min"), max_trials=3, directory=str(tmp_path),
        project_name="reverse", max_consecutive_failed_trials=99,
    ).search(verbose=0)  # fmt: skip
    back = crosstune.import_study(tmp_path / "reverse", format="keras_tuner", metric="loss")
    assert "no space is declared: 'lr'" in caplog.text
    assert SPACE not in back.user_attrs
    assert all(1e-4 <= trial.params["lr"] <= 1 for trial in back.trials)


@pytest.mark.parametrize(
    ("file", "held", "message"),
    [
        ("oracle.json", None, "has no oracle.json, so it is not a project folder of Keras Tuner"),
        ("oracle.json", '{"hyperparameters": {"sp', "oracle.json is damaged"),
        ("oracle.json", "[]", "oracle.json is damaged"),
        ("oracle.json", "{}", "oracle.json is damaged, or is not a file of Keras Tuner: KeyError"),
        ("trial_0003/trial.json", '{"trial_id": "00', "trial.json is damaged"),
        ("trial_0003/trial.json", "3", "trial.json is damaged"),
        ("crosstune.json", '{"name"', "crosstune.json is damaged"),
    ],
)
def test_a_bad_folder_is_one_clear_line(
    file: str, held: str | None, message: str, tmp_path: Path
) -> None:
    path = exported(study("optuna", "declared"), tmp_path)
    (path / file).unlink()
    if held is not None:
        (path / file).write_text(held)
    with pytest.raises(RequestError, match=message) as raised:
        crosstune.import_study(path, format="keras_tuner")
    assert "\n" not in str(raised.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="gone is not there"):
        crosstune.import_study(tmp_path / "gone", format="keras_tuner")


def test_a_trial_whose_file_is_gone_is_said_to_be_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = exported(study("optuna", "declared"), tmp_path)
    whole = len(crosstune.import_study(path, format="keras_tuner").trials)
    assert "left out" not in caplog.text
    (path / "trial_0003" / "trial.json").unlink()
    back = crosstune.import_study(path, format="keras_tuner")
    assert len(back.trials) == whole - 1
    assert "1 trial is left out: its trial.json is not there" in caplog.text
