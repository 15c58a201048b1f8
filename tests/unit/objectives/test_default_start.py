"""`start: defaults`: the default values of each kind of objective, and of objectives without."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import crosstune
from crosstune import Spec, tune
from crosstune.errors import RequestError
from crosstune.objectives import prepare, tell_dialect
from crosstune.objectives.estimator_defaults import CONSTANT_IN_CATBOOST, estimator_defaults

SPACE: dict[str, Any] = {
    "lr": {"type": "float", "low": 0.01, "high": 1.0, "log": True},
    "depth": {"type": "int", "low": 1, "high": 9},
}
DEFAULTS = {"lr": 0.1, "depth": 3}


def by_params(params: dict[str, Any], lr: float = 0.1, depth: int = 3) -> float:
    return float(params["lr"] * params["depth"])


def by_trial(trial: Any, lr: float = 0.1, depth: int = 3) -> float:
    x = trial.suggest_float("lr", 0.01, 1.0, log=True)
    return float(x * trial.suggest_int("depth", 1, 9))


def by_name(lr: float = 0.1, depth: int = 3) -> float:
    return lr * depth


def by_name_with_trial(lr: float = 0.1, trial: Any = None, depth: int = 3) -> float:
    trial.set_user_attr("seen", trial.number)
    return lr * depth


class Model:
    def __call__(self, params: dict[str, Any], *, lr: float = 0.1, depth: int = 3) -> float:
        return float(params["lr"] * params["depth"])


def other(params: dict[str, Any], lr: float = 0.7, depth: int = 3) -> float:
    return by_params(params)


FUNCTIONS = [
    by_params,
    by_trial,
    by_name,
    by_name_with_trial,
    Model(),
    partial(other, lr=0.1),
    lambda lr=0.1, **more: lr,
]


@pytest.mark.parametrize("objective", FUNCTIONS[:-1])
def test_the_default_arguments_of_a_function_come_first(objective: Any) -> None:
    study = tune({"space": SPACE, "seed": 0}, objective, trials=2, start="defaults")
    assert study.trials[0].params == DEFAULTS
    assert study.trials[0].value == pytest.approx(0.3)
    assert study.trials[1].params != DEFAULTS


def test_a_function_of_hyperopt_has_them_too() -> None:
    hyperopt = pytest.importorskip("hyperopt")
    space = {"lr": hyperopt.hp.uniform("lr", 0, 1), "depth": hyperopt.hp.choice("depth", [2, 3])}
    study = tune(space, by_params, trials=2, seed=0, backend="hyperopt", start="defaults")
    assert study.trials[0].params == DEFAULTS


def test_off_unless_asked_for() -> None:
    study = tune({"space": SPACE, "seed": 0}, by_params, trials=1)
    (run,) = study.user_attrs["crosstune:runs"]
    assert study.trials[0].params != DEFAULTS
    assert "defaults" not in run
    assert run["native"]


def test_it_may_stand_among_points_and_in_a_file_s_keys() -> None:
    spec = Spec(space=SPACE, seed=0, start=[{"lr": 0.5, "depth": 1}, "defaults", {"lr": 0.25}])
    study = tune(spec, by_params, trials=4)
    assert [trial.params["lr"] for trial in study.trials[:3]] == [0.5, 0.1, 0.25]
    again = tune(spec, by_params, trials=2, start=["defaults", {"lr": 0.2}])
    assert [trial.params["lr"] for trial in again.trials] == [0.1, 0.2]


def test_the_record_has_the_values_and_what_was_left_out(caplog: pytest.LogCaptureFixture) -> None:
    def objective(params: dict[str, Any], lr: float = 0.1, depth: Any = None) -> float:
        return 1.0

    with caplog.at_level(logging.WARNING, "crosstune"):
        study = tune({"space": SPACE, "seed": 0}, objective, trials=1, start="defaults")
    (run,) = study.user_attrs["crosstune:runs"]
    why = "its default null is not in the range of this int (low: 1, high: 9)"
    assert run["defaults"] == {
        "of": "objective()",
        "params": {"lr": 0.1},
        "skipped": {"depth": why},
    }
    assert caplog.messages.count(f"start: defaults: 'depth' is left out: {why}") == 1
    assert study.trials[0].params["lr"] == 0.1


def test_if_no_value_fits_the_study_begins_without(caplog: pytest.LogCaptureFixture) -> None:
    def objective(params: dict[str, Any], lr: float = 7.0) -> float:
        return 1.0

    spec: dict[str, Any] = {"space": SPACE, "seed": 0}
    study = tune(spec, objective, trials=3, start=["defaults", {"lr": 0.5}])
    plain = tune(spec, objective, trials=3, start=[{"lr": 0.5}])
    assert [trial.params for trial in study.trials] == [trial.params for trial in plain.trials]
    assert "no default value of objective() fits, so there is no default trial" in caplog.text


WITHOUT: list[Any] = [
    lambda params: 1.0,
    lambda params, other=3: 1.0,
    lambda trial: trial.suggest_float("lr", 0.01, 1.0, log=True),
]


@pytest.mark.parametrize("objective", WITHOUT)
def test_an_objective_without_defaults_is_refused(objective: Any) -> None:
    with pytest.raises(RequestError, match=r"<lambda>\(\) has no default value .*: lr, depth\."):
        tune({"space": SPACE}, objective, trials=1, start="defaults")


def test_a_study_without_an_objective_is_refused() -> None:
    with pytest.raises(RequestError, match="there is no objective whose default"):
        crosstune.create_study({"space": SPACE, "start": "defaults"})


def test_a_study_takes_those_of_the_spec_s_objective() -> None:
    spec = {"space": SPACE, "start": "defaults", "objective": f"{__name__}:by_params"}
    (trial,) = crosstune.create_study(spec).trials
    assert trial.system_attrs["fixed_params"] == DEFAULTS


def test_a_wrong_word_is_refused_with_the_right_one() -> None:
    with pytest.raises(RequestError, match="start: no start point 'default'.*mean 'defaults'"):
        tune({"space": SPACE}, by_params, trials=1, start="default")
    for start in (3, {"lr": 0.1}):
        with pytest.raises(RequestError, match="start: a list is needed, not"):
            tune({"space": SPACE}, by_params, trials=1, start=start)  # type: ignore[arg-type]
    with pytest.raises(RequestError, match=r"start\.1: a mapping is needed, not 3"):
        tune({"space": SPACE}, by_params, trials=1, start=["defaults", 3])  # type: ignore[list-item]


# By name.


def test_a_function_with_defaults_alone_takes_the_values_by_name() -> None:
    study = tune({"space": SPACE, "seed": 0}, by_name_with_trial, trials=3)
    for trial in study.trials:
        assert trial.value == trial.params["lr"] * trial.params["depth"]
        assert trial.user_attrs["seen"] == trial.number
    assert tell_dialect(FUNCTIONS[-1]) == "crosstune"


def test_an_inactive_parameter_keeps_its_default_argument() -> None:
    space = {**SPACE, "momentum": {"type": "float", "low": 0, "high": 1, "when": {"depth": 1}}}

    def objective(lr: float = 0.1, depth: int = 3, momentum: float = -1.0) -> float:
        return momentum

    for trial in tune({"space": space, "seed": 0}, objective, trials=8).trials:
        assert trial.value == trial.params.get("momentum", -1.0)


def test_a_name_that_the_function_does_not_have_is_refused() -> None:
    def objective(lr: float = 0.1, dept: int = 3) -> float:
        return 1.0

    with pytest.raises(RequestError, match=r"no parameter of the objective 'depth'.*mean 'dept'"):
        prepare(Spec(space=SPACE), objective, None)
    prepare(Spec(space=SPACE), FUNCTIONS[-1], None)


@pytest.mark.parametrize("objective", [lambda: 0, lambda trial=None: 0, lambda a, b=1: 0])
def test_a_function_without_names_to_fill_is_refused(objective: Any) -> None:
    with pytest.raises(RequestError):
        tell_dialect(objective)


# Estimators.

SKLEARN = {
    "estimator": ["sklearn.preprocessing:StandardScaler", "sklearn.linear_model:SGDClassifier"],
    "data": "sklearn.datasets:load_iris",
    "cv": 2,
    "params": {"sgdclassifier__random_state": 0},
}
METRIC = {"name": "accuracy", "direction": "maximize"}


def described(space: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {"space": space, "metric": METRIC, "seed": 0, "start": "defaults", **keys}


def test_a_pipeline_has_the_values_of_its_steps() -> None:
    space = {
        "sgdclassifier__alpha": {"type": "float", "low": 1e-6, "high": 1.0, "log": True},
        "sgdclassifier__penalty": {"type": "choice", "values": ["l1", "l2"]},
        "standardscaler__with_mean": {"type": "bool"},
    }
    study = tune(described(space, objective=SKLEARN), trials=2)
    assert study.trials[0].params == {
        "sgdclassifier__alpha": 0.0001,
        "sgdclassifier__penalty": "l2",
        "standardscaler__with_mean": True,
    }


def test_a_fixed_value_of_the_description_is_the_default() -> None:
    space = {"sgdclassifier__alpha": {"type": "float", "low": 1e-6, "high": 1.0, "log": True}}
    objective = {**SKLEARN, "params": {"sgdclassifier__alpha": 0.01}}
    study = tune(described(space, objective=objective), trials=1)
    assert study.trials[0].params == {"sgdclassifier__alpha": 0.01}


def test_none_of_scikit_learn_is_a_value_and_a_step_is_an_object() -> None:
    pipeline = make_pipeline(StandardScaler(), RandomForestClassifier())
    names = ["randomforestclassifier__max_depth", "standardscaler", "no_such__name"]
    values = estimator_defaults(pipeline, names).values
    assert values == {
        "randomforestclassifier__max_depth": None,
        "standardscaler": pipeline.steps[0][1],
    }


def test_an_estimator_that_is_given_counts_as_it_is() -> None:
    assert estimator_defaults(SVC(C=7), ["C", "gamma"]).values == {"C": 7, "gamma": "scale"}


def test_lightgbm_says_its_defaults() -> None:
    library = pytest.importorskip("lightgbm")
    defaults = estimator_defaults(library.LGBMRegressor(), ["num_leaves", "learning_rate"])
    assert defaults.values == {"num_leaves": 31, "learning_rate": 0.1}


XGBOOST = {
    "n_estimators": 100,
    "max_depth": 6,
    "learning_rate": 0.3,
    "gamma": 0,
    "min_child_weight": 1,
    "subsample": 1,
    "colsample_bytree": 1,
    "reg_lambda": 1,
    "reg_alpha": 0,
    "scale_pos_weight": 1,
    "max_bin": 256,
    "booster": "gbtree",
    "tree_method": "auto",
    "grow_policy": "depthwise",
}
"""As https://xgboost.readthedocs.io/en/stable/parameter.html has them."""


def test_xgboost_has_the_documented_defaults() -> None:
    library = pytest.importorskip("xgboost")
    defaults = estimator_defaults(library.XGBClassifier(), [*XGBOOST, "base_score", "no_such"])
    assert defaults.values == XGBOOST
    assert list(defaults.unknown) == ["base_score"]


def test_xgboost_s_forest_and_linear_booster_have_their_own() -> None:
    library = pytest.importorskip("xgboost")
    names = ["n_estimators", "learning_rate", "subsample", "max_depth"]
    forest = estimator_defaults(library.XGBRFRegressor(), names).values
    assert forest == {"n_estimators": 100, "learning_rate": 1.0, "subsample": 0.8, "max_depth": 6}
    linear = estimator_defaults(library.XGBRegressor(booster="gblinear"), names)
    assert linear.values == {"n_estimators": 100, "learning_rate": 0.5}
    assert set(linear.unknown) == {"subsample", "max_depth"}


def test_a_value_that_is_set_in_xgboost_counts() -> None:
    library = pytest.importorskip("xgboost")
    pipeline = make_pipeline(StandardScaler(), library.XGBClassifier(max_depth=3))
    names = ["xgbclassifier__max_depth", "xgbclassifier__learning_rate"]
    assert list(estimator_defaults(pipeline, names).values.values()) == [3, 0.3]


CATBOOST = {
    "iterations": 1000,
    "n_estimators": 1000,
    "depth": 6,
    "max_depth": 6,
    "l2_leaf_reg": 3,
    "random_strength": 1,
    "rsm": 1,
    "border_count": 254,
    "min_data_in_leaf": 1,
}
"""As https://catboost.ai/docs/en/references/training-parameters/ has them, on the CPU."""


def test_catboost_has_the_documented_defaults_that_are_the_same_for_all_data() -> None:
    library = pytest.importorskip("catboost")
    unsaid = ["learning_rate", "subsample", "bootstrap_type"]
    defaults = estimator_defaults(library.CatBoostClassifier(), [*CATBOOST, *unsaid, "no_such"])
    assert defaults.values == CATBOOST
    assert list(defaults.unknown) == unsaid
    assert not CONSTANT_IN_CATBOOST & set(unsaid)


def test_catboost_in_a_spec() -> None:
    pytest.importorskip("catboost")
    objective = {
        "estimator": "catboost:CatBoostClassifier",
        "params": {"iterations": 2, "logging_level": "Silent", "allow_writing_files": False},
        "data": "sklearn.datasets:load_iris",
        "cv": 2,
    }
    space = {
        "depth": {"type": "int", "low": 2, "high": 8},
        "learning_rate": {"type": "float", "low": 0.01, "high": 0.9, "log": True},
    }
    study = tune(described(space, objective=objective), trials=1)
    (run,) = study.user_attrs["crosstune:runs"]
    assert study.trials[0].params["depth"] == 6
    assert run["defaults"]["skipped"] == {
        "learning_rate": "CatBoostClassifier does not say its default value of 'learning_rate'"
    }
    with pytest.raises(RequestError, match="no parameter of the estimator 'dept'"):
        tune(described({"dept": space["depth"]}, objective=objective), trials=1)
