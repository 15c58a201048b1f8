"""A CSV file with text, empty cells, groups and weights in a spec for scikit-learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import crosstune
from crosstune.cli.main import main
from crosstune.errors import SpecError
from crosstune.objectives.sklearn import EstimatorObjective

pytest.importorskip("sklearn")
pytest.importorskip("pandas")

CITIES = ("Bern", "Oslo", "Rome")


def rows() -> list[str]:
    """Forty people; whether one buys depends on the city, and ages are missing."""
    made = ["age,city,home,weight,buys"]
    for i in range(40):
        age = "" if i % 7 == 3 else str(20 + i)
        city = "" if i == 5 else CITIES[i % 3]
        made.append(f"{age},{city},h{i // 4},{1 + i % 2},{'yes' if i % 3 == 0 else 'no'}")
    return made


def objective(folder: Path, **changed: Any) -> EstimatorObjective:
    (folder / "people.csv").write_text("\n".join(rows()) + "\n", encoding="utf-8")
    space = changed.pop("space", {"max_depth": crosstune.Int(1, 3)})
    data = {"csv": "people.csv", "target": "buys", **changed.pop("data", {})}
    described = {
        "estimator": "sklearn.ensemble:HistGradientBoostingClassifier",
        "params": {"random_state": 0, "categorical_features": "from_dtype"},
        "data": data,
        "cv": 2,
        **changed,
    }
    spec = crosstune.Spec(
        objective=described,
        metric={"name": "accuracy", "direction": "maximize"},
        space=space,
        folder=folder,
        seed=0,
    )
    return EstimatorObjective(described, spec)


def test_text_and_empty_cells_reach_an_estimator_that_takes_them(tmp_path: Path) -> None:
    x = objective(tmp_path)._training.x
    assert list(x.columns) == ["age", "city", "home", "weight"]
    assert x["city"].dtype == "category"
    assert list(x["city"].cat.categories) == list(CITIES)
    assert x["city"].isna().sum() == 1
    assert x["age"].dtype == float
    assert x["age"].isna().sum() == 6


def test_a_study_of_such_a_table_runs_and_resumes(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("\n".join(rows()) + "\n", encoding="utf-8")
    keys = {
        "objective": {
            "estimator": [
                "sklearn.preprocessing:OrdinalEncoder",
                "sklearn.impute:SimpleImputer",
                "sklearn.tree:DecisionTreeClassifier",
            ],
            "params": {
                "ordinalencoder__handle_unknown": "use_encoded_value",
                "ordinalencoder__unknown_value": -1,
                "decisiontreeclassifier__random_state": 0,
            },
            "data": {"csv": "people.csv", "target": "buys", "weights": "weight"},
            "cv": 3,
        },
        "metric": {"name": "accuracy", "direction": "maximize"},
        "space": {"decisiontreeclassifier__max_depth": crosstune.Int(1, 4)},
        "folder": tmp_path,
    }
    spec = crosstune.Spec(**keys, seed=0)
    place = tmp_path / "study.journal"
    crosstune.tune(spec, trials=2, storage=place)
    study = crosstune.tune(spec, trials=4, storage=place, resume=True)
    assert study.best_value > 0.8


def test_a_group_is_never_on_both_sides_of_a_split(tmp_path: Path) -> None:
    made = objective(tmp_path, data={"groups": "home"}, test=0.3)
    assert "home" not in made._training.x.columns
    assert made._held_out is not None
    assert not set(made._training.groups) & set(made._held_out.groups)
    for train, validation in made._folds:
        groups = made._training.groups
        assert not set(groups[train]) & set(groups[validation])


def test_weights_count_in_the_fit_and_in_the_score(tmp_path: Path) -> None:
    weighted = objective(tmp_path, data={"weights": "weight"})
    x, y, weights = weighted._training.x, weighted._training.y, weighted._training.weights
    train, validation = weighted._folds[0]
    model = weighted._fitted(weighted._estimator, weighted._training.rows(train))
    by_hand = np.average(
        model.predict(x.iloc[validation]) == y[validation], weights=weights[validation]
    )
    score = weighted._score("accuracy", model, weighted._training.rows(validation))
    assert score == pytest.approx(by_hand)
    assert weighted._fit_weights == "sample_weight"


def test_groups_and_weights_are_among_the_digests(tmp_path: Path) -> None:
    plain = set(objective(tmp_path).evaluated())
    more = set(objective(tmp_path, data={"groups": "home", "weights": "weight"}).evaluated())
    assert more - plain == {"fit parameter 'groups'", "fit parameter 'sample_weight'"}


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {
            "estimator": "sklearn.linear_model:LogisticRegression",
            "params": {},
            "space": {"C": crosstune.Float(0.1, 1)},
        },
        "people.csv:2: the column 'city' holds 'Bern', and the estimator does not take that",
    ),
    ({"data": {"groups": "house"}}, "no column 'house'"),
    ({"data": {"groups": "buys"}}, "are different columns"),
    ({"data": {"weights": "city"}}, "people.csv:2: a weight is a number from 0, not 'Bern'"),
    ({"data": {"group": "home"}}, "Did you mean 'groups'"),
    (
        {
            "data": {"weights": "weight"},
            "estimator": "sklearn.neighbors:KNeighborsClassifier",
            "params": {},
            "space": {"n_neighbors": crosstune.Int(1, 3)},
        },
        "takes no weights",
    ),
]


@pytest.mark.parametrize(("changed", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_a_table_that_does_not_fit_is_refused_before_any_trial(
    tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(SpecError) as refused:
        objective(tmp_path, **changed)
    assert words in str(refused.value)


def test_the_saved_files_hold_the_best_trial_and_a_model_of_all_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    io = pytest.importorskip("skops.io")
    monkeypatch.chdir(tmp_path)
    made = objective(tmp_path, test=0.25)
    keys = {
        "objective": made._described,
        "space": {"max_depth": {"type": "int", "low": 1, "high": 3}},
    }
    metric = {"name": "accuracy", "direction": "maximize"}
    crosstune.Spec(**keys, metric=metric, trials=3, seed=0).save("spec.yaml")
    files = ["--save-params", "best.json", "--save-model", "best.skops"]
    with pytest.raises(SystemExit) as ended:
        main(["run", "spec.yaml", *files])
    assert ended.value.code == 0
    best = json.loads(Path("best.json").read_text())
    assert best["values"]["accuracy"] > 0.5
    model = io.load("best.skops", trusted=io.get_untrusted_types(file="best.skops"))
    assert model.get_params()["max_depth"] == best["params"]["max_depth"]
    by_hand = made.fitted(best["params"])
    assert list(model.predict(made._whole.x)) == list(by_hand.predict(made._whole.x))


def test_several_metrics_run_and_have_no_best_trial_to_save(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("two_metrics.py").write_text(
        "def train(params):\n    return {'a': 1.0, 'b': params['x']}\n"
    )
    space = {"x": {"type": "float", "low": 0, "high": 1}}
    keys = {"objective": "two_metrics:train", "metrics": ["a", "b"], "trials": 2, "space": space}
    crosstune.Spec(**keys).save("spec.yaml")
    with pytest.raises(SystemExit) as ended:
        main(["run", "spec.yaml"])
    assert ended.value.code == 0
    with pytest.raises(SystemExit) as ended:
        main(["run", "spec.yaml", "--save-params", "best.json"])
    assert ended.value.code == 2
    assert "no single best trial to save" in capsys.readouterr().err


def test_a_model_is_never_saved_as_a_pickle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    made = objective(tmp_path)
    space = {"max_depth": {"type": "int", "low": 1, "high": 3}}
    metric = {"name": "accuracy", "direction": "maximize"}
    crosstune.Spec(objective=made._described, space=space, metric=metric).save("spec.yaml")
    with pytest.raises(SystemExit) as ended:
        main(["run", "spec.yaml", "--save-model", "best.pkl"])
    assert ended.value.code == 2
    assert "without running code" in capsys.readouterr().err
    assert not Path("runs").exists()
