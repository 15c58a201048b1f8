"""A described objective is resumed with the data and scores that its study began with."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from crosstune import Spec, tune
from crosstune.errors import RequestError

TABLE = "a,b,kind,species\n" + "".join(f"{i % 7},{i % 5},{i % 3},{i % 2}\n" for i in range(30))
OBJECTIVE = {
    "estimator": "sklearn.linear_model:LogisticRegression",
    "data": {"csv": "t.csv", "target": "species"},
    "cv": 3,
}


@pytest.fixture
def resume(tmp_path: Path) -> Any:
    (tmp_path / "t.csv").write_text(TABLE)

    def resumed(trials: int, metric: str = "accuracy", **described: Any) -> Any:
        spec = Spec(
            space={"C": {"type": "float", "low": 1e-3, "high": 1e3, "log": True}},
            metric={"name": metric, "direction": "maximize"},
            objective={**OBJECTIVE, **described},
            folder=tmp_path,
            backend="hyperopt",
            sampler="random",
        )
        return tune(spec, trials=trials, storage=tmp_path / "s.journal", resume=True)

    return resumed


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"data": {"csv": "t.csv", "target": "kind"}}, "X .*y "),
        ({"data": "sklearn.datasets:load_iris"}, "X .*y "),
        ({"cv": 4}, "splits"),
        ({"test": 0.5}, "X .*y "),
        ({"metric": "f1_macro"}, "metric .then accuracy, now f1_macro"),
        ({"params": {"max_iter": 50}}, "'max_iter'"),
        ({"estimator": "sklearn.svm:SVC"}, "estimator"),
    ],
)
def test_what_changed_in_the_spec_is_named(resume: Any, changed: Any, named: str) -> None:
    study = resume(1)
    with pytest.raises(RequestError, match=named):
        resume(2, **changed)
    assert len(study.user_attrs["crosstune:runs"]) == 1


def test_a_table_that_changed_is_named(resume: Any, tmp_path: Path) -> None:
    resume(1)
    (tmp_path / "t.csv").write_text(TABLE.replace("6,", "7,"))
    with pytest.raises(RequestError, match="differs in: X"):
        resume(2)


def test_further_scores_and_a_fixed_parameter_at_its_default_may_be_added(resume: Any) -> None:
    resume(1)
    assert len(resume(2, scoring=["f1_macro"], params={"max_iter": 100}).trials) == 2


def test_a_study_without_the_record_is_resumed_with_one_notice(
    resume: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("crosstune.tuning.opening.agree", lambda *_, **__: None)
        resume(1)
    with caplog.at_level(logging.WARNING, "crosstune"):
        resume(2)
        resume(3)
    assert sum("has no record of the data" in message for message in caplog.messages) == 1
