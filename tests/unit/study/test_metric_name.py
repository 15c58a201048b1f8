"""A new study names its metric, so that a dashboard shows more than "Objective 0"."""

from __future__ import annotations

from pathlib import Path

import pytest

import crosstune
from crosstune.study.storage import open_storage

SPEC = {"space": {"x": {"type": "float", "low": 0.0, "high": 1.0}}, "trials": 2}


@pytest.mark.parametrize("backend", ["optuna", "crosstune"])
def test_a_study_has_the_metric_of_its_spec(backend: str, tmp_path: Path) -> None:
    place = tmp_path / "study.journal"
    keys = {**SPEC, "metric": "loss", "name": "s", "sampler": "random", "backend": backend}
    study = crosstune.tune(keys, lambda params: params["x"], storage=place)
    assert study.metric_names == ["loss"]
    again = crosstune.tune(keys, lambda params: params["x"], trials=3, storage=place, resume=True)
    assert (again.metric_names, len(again.trials)) == (["loss"], 3)


def test_a_metric_that_nobody_named_stays_optuna_s_value() -> None:
    study = crosstune.tune(SPEC, lambda params: params["x"])
    assert study.metric_names is None
    assert "value" in study.trials_dataframe()


def test_a_study_without_the_name_is_resumed_as_it_is(tmp_path: Path) -> None:
    place = tmp_path / "study.journal"
    crosstune.tune(SPEC, lambda params: params["x"], storage=place)
    keys = {**SPEC, "metric": "loss", "trials": 3}
    study = crosstune.tune(
        keys, lambda params: params["x"], storage=open_storage(place), resume=True
    )
    assert (study.metric_names, len(study.trials)) == (None, 3)


def test_a_search_of_scikit_learn_names_its_score() -> None:
    from sklearn.tree import DecisionTreeClassifier

    search = crosstune.SearchCV(
        DecisionTreeClassifier(), {"max_depth": [1, 2]}, scoring="accuracy", cv=2, refit=False
    )
    search.fit([[0], [1], [0], [1]], [0, 1, 0, 1])
    assert search.study_.metric_names == ["score"]
