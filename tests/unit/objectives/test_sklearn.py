from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from crosstune import Spec, tune
from crosstune.errors import CrosstuneError, RequestError
from crosstune.objectives.sklearn import EstimatorObjective

OBJECTIVE = {
    "estimator": "sklearn.linear_model:LogisticRegression",
    "params": {"max_iter": 2000},
    "data": "sklearn.datasets:load_iris",
    "cv": 3,
}
SPACE = {"C": {"type": "float", "low": 1e-3, "high": 1e3, "log": True}}
METRIC = {"name": "accuracy", "direction": "maximize"}


def spec(objective: dict[str, Any] | None = None, **keys: Any) -> Spec:
    described = {**OBJECTIVE, **(objective or {})}
    return Spec(**{"space": SPACE, "metric": METRIC, "seed": 0, **keys, "objective": described})


def test_the_value_is_scikit_learn_s_own_score() -> None:
    study = tune(spec(start=[{"C": 0.01}]), trials=1)
    x, y = load_iris(return_X_y=True)
    by_hand = cross_val_score(LogisticRegression(C=0.01, max_iter=2000), x, y, cv=3)
    assert study.best_value == pytest.approx(by_hand.mean())


def test_further_scores_are_kept() -> None:
    study = tune(spec({"scoring": ["f1_macro", "recall_macro"]}), trials=1)
    assert set(study.best_trial.user_attrs) == {"f1_macro", "recall_macro"}


def test_the_mean_so_far_is_reported_after_each_fold() -> None:
    trial = tune(spec(), trials=1).trials[0]
    assert (list(trial.intermediate_values), trial.intermediate_values[2]) == (
        [0, 1, 2],
        trial.value,
    )


def test_a_pruner_ends_a_trial_between_folds() -> None:
    study = tune(spec(pruner={"name": "threshold", "lower": 1.5}), trials=2)
    assert [len(trial.intermediate_values) for trial in study.trials] == [1, 1]


def test_a_list_of_estimators_is_a_pipeline() -> None:
    steps = ["sklearn.preprocessing:StandardScaler", "sklearn.linear_model:LogisticRegression"]
    study = tune(
        spec(
            {"estimator": steps, "params": {}},
            space={"logisticregression__C": SPACE["C"]},
        ),
        trials=1,
    )
    assert study.best_value > 0.5


def test_the_part_held_out_is_scored_by_every_scorer() -> None:
    objective = EstimatorObjective({**OBJECTIVE, "test": 0.2, "scoring": ["f1_macro"]}, spec())
    scores = objective.test({"C": 1.0})
    assert scores is not None
    assert list(scores) == ["accuracy", "f1_macro"]


def test_without_a_test_part_there_is_nothing_to_score() -> None:
    assert EstimatorObjective(OBJECTIVE, spec()).test({"C": 1.0}) is None


def table(folder: Path, text: str) -> EstimatorObjective:
    (folder / "data.csv").write_text(text, encoding="utf-8")
    made = spec({"data": {"csv": "data.csv", "target": "kind"}, "cv": 2})
    object.__setattr__(made, "folder", folder)
    return EstimatorObjective(made.objective, made)  # type: ignore[arg-type]


def test_a_table_is_read_beside_the_spec(tmp_path: Path) -> None:
    objective = table(tmp_path, "\ufeffa,kind,b\n1,x,2\n3,y,4\n5,x,6\n7,y,8\n")
    assert np.array_equal(objective._training.x, [[1, 2], [3, 4], [5, 6], [7, 8]])


def test_a_column_of_numbers_is_a_numeric_target(tmp_path: Path) -> None:
    objective = table(tmp_path, "a,kind\n1,0\n2,1\n3,0\n4,1\n")
    assert objective._training.y.dtype == float


TABLES = [
    ("", "is empty"),
    ("a,b\n1,2\n", "no column 'kind'. Known: a, b"),
    ("a,kind\n1,x,2\n", "data.csv:2: 3 fields under 2 columns"),
    ("a,kind\n1,x\nz,y\n3,x\n4,y\n", "data.csv:3: the column 'a' holds 'z', and the estimator"),
    ("a,kind\n1,x\n,y\n3,x\n4,y\n", "data.csv:3: the column 'a' is empty, and the estimator"),
    ("a,kind\n1,x\n2,\n", "data.csv:3: the target is empty"),
    ("a,kind\n", "data.csv has a header and no rows"),
    ("a,kind\n1,x\n", "n_splits=2"),
]


@pytest.mark.parametrize(("text", "words"), TABLES)
def test_a_table_that_cannot_be_used_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(RequestError) as refused:
        table(tmp_path, text)
    assert words in str(refused.value)


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"estimatr": "a"}, "no key 'estimatr'"),
    ({"estimator": 3}, "needed"),
    ({"estimator": []}, "an estimator is needed"),
    ({"estimator": "sklearn.linear_model:LogisticRegresion"}, "Did you mean 'LogisticRegression'"),
    ({"estimator": "sklearn.nothing:A"}, "there is no module 'sklearn.nothing'"),
    ({"estimator": "math:pi"}, "math:pi is no estimator"),
    ({"estimator": "sklearn.pipeline:Pipeline"}, "failed: TypeError"),
    ({"params": {"max_itr": 3}}, "Did you mean 'max_iter'"),
    ({"data": "sklearn.datasets:load_irs"}, "load_iris"),
    ({"data": "math:sqrt"}, "math:sqrt() failed"),
    ({"data": "os:getcwd"}, "has to return features and target, not str"),
    ({"data": {"csv": "a.csv"}}, "'target' is missing"),
    ({"data": {"csv": "none.csv", "target": "a"}}, "none.csv cannot be read: No such file"),
    ({"cv": 1}, "a number of 2 or more is needed, not 1"),
    ({"cv": 1000}, "n_splits=1000"),
    ({"scoring": ["f1_macr"]}, "Did you mean 'f1_macro'"),
    ({"test": 1.5}, "less than 1"),
]


@pytest.mark.parametrize(("changed", "words"), FAULTS, ids=lambda x: str(x)[:50])
def test_a_fault_in_the_description_is_refused_and_placed(
    changed: dict[str, Any], words: str
) -> None:
    made = spec(changed)
    with pytest.raises(RequestError) as refused:
        EstimatorObjective(made.objective, made)  # type: ignore[arg-type]
    assert words in str(refused.value)


def test_a_parameter_that_the_estimator_lacks_is_refused() -> None:
    made = spec(space={"CC": SPACE["C"]})
    with pytest.raises(CrosstuneError, match=r"space.CC: no parameter of the estimator 'CC'"):
        EstimatorObjective(OBJECTIVE, made)


def test_a_score_cannot_be_minimized() -> None:
    made = spec(metric="accuracy")
    with pytest.raises(RequestError, match="the direction has to be maximize"):
        EstimatorObjective(OBJECTIVE, made)


def test_a_value_that_the_estimator_refuses_fails_its_trial_alone() -> None:
    space = {"solver": {"type": "choice", "values": ["lbfgs", "nonsense"]}}
    study = tune(spec(space=space, start=[{"solver": "lbfgs"}, {"solver": "nonsense"}]), trials=2)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "FAIL"]
