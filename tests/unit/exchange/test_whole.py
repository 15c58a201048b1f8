"""An import loses nothing without a word: fixed entries, states, ranges, options that repeat."""

from __future__ import annotations

import itertools
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hyperopt
import numpy as np
import optuna
import pytest
from hyperopt import base, hp, rand
from optuna.study import Study
from optuna.trial import TrialState, create_trial

import crosstune
from crosstune.engines.record_names import ERROR
from crosstune.errors import RequestError
from crosstune.exchange import IMPORTED
from tests.unit.exchange.test_exchange import records

FIXED = {
    "integer": 3,
    "nan": float("nan"),
    "infinite": float("-inf"),
    "null": None,
    "truth": True,
    "text": "binary:logistic",
    "tuple": (1, 2.5),
    "list": [1, [2, 3]],
    "nested": {"eta": 0.3, "deeper": {"missing": np.nan, "sizes": (3, 4)}},
    "numbered keys": {1: "a", 2: "b"},
    "numpy integer": np.int64(3),
    "numpy float": np.float32(0.5),
    "array": np.arange(3),
    "function": abs,
}


def drawn(space: Any, n: int = 6, fn: Any = lambda point: point["x"], **more: Any) -> base.Trials:
    trials = hyperopt.Trials()
    hyperopt.fmin(
        fn, space, rand.suggest, n, trials=trials, rstate=np.random.default_rng(0),
        show_progressbar=False, **more,
    )  # fmt: skip
    return trials


def imported(trials: Any, folder: Path, **how: Any) -> Study:
    file = folder / "search.pkl"
    file.write_bytes(pickle.dumps(trials))
    return crosstune.import_study(file, format="hyperopt", **how)


def notes(study: Study) -> str:
    return "\n".join(study.user_attrs[IMPORTED]["notes"])


def check_continued(space: Callable[[], dict[str, Any]], folder: Path) -> None:
    place = str(folder / "s.journal")
    study = imported(drawn(space()), folder, space=space(), storage=place, name="s")
    assert [list(trial.params) for trial in study.trials] == [["x"]] * 6
    on = crosstune.tune(
        {"space": space(), "seed": 0}, lambda point: point["x"], backend="optuna", trials=8,
        storage=place, study_name="s", resume=True,
    )  # fmt: skip
    assert [trial.state for trial in on.trials] == [TrialState.COMPLETE] * 8


@pytest.mark.parametrize("entry", FIXED)
def test_a_search_with_a_fixed_entry_is_imported_and_continued(entry: str, tmp_path: Path) -> None:
    check_continued(lambda: {"x": hp.uniform("x", 0, 1), entry: FIXED[entry]}, tmp_path)


def test_fixed_entries_in_a_nested_dictionary_are_no_parameters_either(tmp_path: Path) -> None:
    check_continued(lambda: {"x": hp.uniform("x", 0, 1), "more": {"inner": dict(FIXED)}}, tmp_path)


def test_an_hp_space_in_a_spec_reads_a_search_as_the_space_itself_does(tmp_path: Path) -> None:
    space = {"x": hp.choice("x", [np.nan, 0.5, "a", ("t", 1)]), "missing": np.nan}
    trials = drawn(space, fn=lambda point: 0.0, n=12)
    by_space = imported(trials, tmp_path, space=space)
    by_spec = imported(trials, tmp_path, spec=crosstune.Spec(space=space))
    assert records(by_spec) == records(by_space)
    assert {trial.params["x"] for trial in by_space.trials} <= {"nan", 0.5, "a", "t"}


def test_a_study_exported_and_read_with_its_hp_space_is_what_it_was(tmp_path: Path) -> None:
    def space() -> dict[str, Any]:
        return {"x": hp.uniform("x", 0, 1), "units": hp.choice("units", [16, 16, 32]), "seed": 3}

    def objective(point: dict[str, Any], trial: optuna.Trial) -> float:
        trial.report(point["x"], 1)
        if trial.number == 2:
            raise optuna.TrialPruned
        if trial.number == 3:
            raise ValueError("boom")
        return float(point["x"])

    first = crosstune.tune({"space": space(), "seed": 0}, objective, backend="hyperopt", trials=6)
    for reading in ({}, {"space": space()}, {"spec": crosstune.Spec(space=space())}):
        crosstune.export_study(first, tmp_path / "e.pkl", format="hyperopt", force=True)
        back = crosstune.import_study(tmp_path / "e.pkl", format="hyperopt", **reading)
        assert records(back) == records(first)


def test_an_import_that_made_parameters_of_fixed_entries_is_continued(tmp_path: Path) -> None:
    space = {"x": hp.uniform("x", 0, 1), "seed": 3}
    place = str(tmp_path / "s.journal")
    x = {"type": "float", "low": 0.0, "high": 1.0}
    early = crosstune.create_study(
        {"name": "s", "space": {"x": x, "seed": {"type": "constant", "value": 3}}}, storage=place
    )
    early.set_user_attr(IMPORTED, {"from": "hyperopt", "source": "s.pkl", "notes": []})
    early.add_trial(
        create_trial(
            params={"x": 0.5, "seed": 3},
            distributions={
                "x": optuna.distributions.FloatDistribution(0, 1),
                "seed": optuna.distributions.CategoricalDistribution([3]),
            },
            value=0.5,
        )
    )
    on = crosstune.tune(
        {"space": space}, lambda point: point["x"], backend="crosstune", trials=3, storage=place,
        study_name="s", resume=True,
    )  # fmt: skip
    assert len(on.trials) == 3


@pytest.mark.parametrize("options", [[16, 16, 32], ["a", "b", "a"], [None, None], [1, 1.0, True]])
def test_options_that_repeat_keep_their_values(options: list[Any], tmp_path: Path) -> None:
    space = {"x": hp.uniform("x", 0, 1), "units": hp.choice("units", options)}
    trials = drawn(space, n=20)
    study = imported(trials, tmp_path, space=space)
    for trial, doc in zip(study.trials, trials.trials, strict=True):
        option = options[doc["misc"]["vals"]["units"][0]]
        assert (type(trial.params["units"]), trial.params["units"]) == (type(option), option) or (
            len({(type(o), o) for o in options}) > len(set(options))  # the study has JSON texts
            and json.loads(trial.params["units"]) == option
        )
    seen: list[Any] = []
    crosstune.tune(
        {"space": space, "seed": 0}, lambda point: seen.append(point["units"]) or 0.0,
        backend="optuna", trials=5,
    )  # fmt: skip
    assert all(any(type(s) is type(o) and s == o for o in options) for s in seen)


def test_repeated_options_read_from_hyperopt_keep_values_and_odds() -> None:
    read = crosstune.adapters.get("hyperopt").read({"units": hp.choice("units", [16, 16, 32])})
    assert read["units"].values == (16, 32)
    assert read["units"].weights == pytest.approx((2 / 3, 1 / 3))


def test_repeated_options_with_parameters_under_them_stay_apart() -> None:
    space = hp.choice("a", [("t", hp.uniform("b", 0, 1)), ("t", hp.uniform("c", 0, 1))])
    held = crosstune.Spec(space=space).space
    assert len(held["a"].values) == 2
    assert held["b"].when != held["c"].when


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (base.JOB_STATE_ERROR, "ValueError: boom"),
        (base.JOB_STATE_CANCEL, "cancelled"),
    ],
)
def test_trials_that_hyperopt_hides_are_failed_trials(
    state: int, message: str, tmp_path: Path
) -> None:
    def fails(point: dict[str, float]) -> float:
        if point["x"] > 0.5:
            raise ValueError("boom")
        return point["x"]

    space = {"x": hp.uniform("x", 0, 1)}
    trials = drawn(space, 8, fails, catch_eval_exceptions=True)
    hidden = 8 - len(trials.trials)
    assert hidden
    for doc in trials._dynamic_trials:
        if doc["state"] == base.JOB_STATE_ERROR:
            doc["state"] = state
    study = imported(trials, tmp_path, space=space)
    failed = [trial for trial in study.trials if trial.state is TrialState.FAIL]
    assert (len(study.trials), len(failed)) == (8, hidden)
    assert all(message in trial.user_attrs[ERROR] for trial in failed)
    assert all(trial.params["x"] > 0.5 for trial in failed)


@pytest.mark.parametrize("state", [base.JOB_STATE_NEW, base.JOB_STATE_RUNNING])
def test_trials_that_have_not_ended_are_left_out_and_this_is_said(
    state: int, tmp_path: Path
) -> None:
    trials = drawn({"x": hp.uniform("x", 0, 1)}, 4)
    trials.trials[1]["state"] = state
    study = imported(trials, tmp_path)
    assert len(study.trials) == 3
    assert "1 unfinished trials are left out" in notes(study)


def test_what_json_cannot_hold_of_a_result_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def result(point: dict[str, float]) -> dict[str, Any]:
        plain = {"status": "ok", "loss": np.float32(point["x"]), "attachments": {"log": b"text"}}
        return {**plain, "n": np.int64(3), "curve": np.arange(3), "model": object()}

    study = imported(drawn({"x": hp.uniform("x", 0, 1)}, 2, result), tmp_path)
    assert [trial.user_attrs for trial in study.trials] == [{"n": 3, "curve": [0, 1, 2]}] * 2
    assert "'model' of the results is not kept" in caplog.text
    assert "attachments" in notes(study)


def test_a_point_outside_the_hp_space_is_left_out_and_not_moved_into_it(tmp_path: Path) -> None:
    space = {"x": hp.uniform("x", 0, 1), "n": hp.randint("n", 3), "c": hp.choice("c", ["a", "b"]),
             "q": hp.quniform("q", 0, 1, 0.25), "l": hp.loguniform("l", -3, 0)}  # fmt: skip
    good = {"x": 1.0, "n": 2, "c": 1, "q": 1.0, "l": 1.0}
    outside = [{"x": 5.0}, {"n": 3}, {"c": 2}, {"q": 1.5}, {"l": 1.5}, {"x": float("nan")}]
    points = [{**good, **one} for one in outside]
    trials = hyperopt.trials_from_docs([])
    docs = drawn({**space, "y": 0}, 12).trials
    for doc, point in zip(docs, points, strict=False):
        doc["misc"]["vals"] = {name: [value] for name, value in point.items()}
    docs[6]["misc"]["vals"] = {name: [value] for name, value in good.items()}
    trials = hyperopt.trials_from_docs(docs)
    study = imported(trials, tmp_path, space=space)
    assert len(study.trials) == 6
    assert "6 trials are left out" in notes(study)
    assert study.trials[0].params == {**good, "c": "b"}


def with_an_outsider() -> Study:
    source = optuna.create_study(study_name="old")
    source.enqueue_trial({"x": 5.0})
    with pytest.warns(UserWarning, match="out of range"):
        source.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=5)
    assert source.trials[0].params == {"x": 5.0}
    return source


@pytest.mark.parametrize("format", ["optuna", "hyperopt", "keras_tuner"])
@pytest.mark.parametrize("declared", [False, True])
def test_a_trial_outside_its_own_range_is_left_out_and_this_is_said(
    format: str, declared: bool, tmp_path: Path
) -> None:
    crosstune.export_study(with_an_outsider(), tmp_path / "out", format=format)
    spec = {"space": {"x": {"type": "float", "low": 0, "high": 1}}} if declared else None
    study = crosstune.import_study(tmp_path / "out", format=format, spec=spec)
    assert [0 <= trial.params["x"] <= 1 for trial in study.trials] == [True] * 4
    assert "1 trial is left out" in notes(study)
    assert "trial 0" in notes(study)
    assert "5.0" in notes(study)


def test_rungs_point_to_the_trials_they_continue_after_one_is_left_out(tmp_path: Path) -> None:
    source = with_an_outsider()
    later = source.ask()
    later.suggest_float("x", 0, 1)
    rung = {"epochs": 4, "initial_epoch": 2, "resume_from": 2, "bracket": 0, "round": 1}
    later.set_user_attr("crosstune:budget", rung)
    source.tell(later, 0.5)
    crosstune.export_study(source, tmp_path / "s.db", format="optuna")
    study = crosstune.import_study(tmp_path / "s.db", format="optuna")
    budget = crosstune.budget(study.trials[-1])
    assert budget is not None
    assert budget.resume_from is not None
    assert study.trials[budget.resume_from].params == source.trials[2].params


ODD = [None, float("nan"), float("inf"), True, 1.5, "1", "None", (1, 2), -0.0]


@pytest.mark.filterwarnings("ignore:Choices for a categorical distribution")
@pytest.mark.parametrize("format", ["hyperopt", "keras_tuner", "journal", "sqlite"])
@pytest.mark.parametrize("kind", range(3))
def test_a_round_trip_keeps_every_kind_of_option_state_and_report(
    format: str, kind: int, tmp_path: Path
) -> None:
    choices = [ODD, [float("nan"), 0.5], [16, 32, 16]][kind]
    if format == "sqlite":  # Optuna's own copy takes a tuple there for another set of choices
        choices = [choice for choice in choices if not isinstance(choice, tuple)]
    held = optuna.distributions.CategoricalDistribution(choices)
    fixed = optuna.distributions.CategoricalDistribution([choices[0]])
    source = optuna.create_study(study_name="odd", direction="maximize")
    states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
    for choice, state in itertools.product(choices, states):
        complete = state is TrialState.COMPLETE
        source.add_trial(
            create_trial(
                state=state,
                value=float(len(source.trials)) if complete else None,
                params={"c": choice, "fixed": choices[0]},
                distributions={"c": held, "fixed": fixed},
                intermediate_values={1: float("nan"), 3: float("inf"), 4: 0.1},
                user_attrs={"why": [None, float("nan"), {"a": 1}]},
            )
        )
    source.enqueue_trial({"c": choices[0]})
    place: Any = tmp_path / "out"
    if format == "sqlite":
        place = f"sqlite:///{tmp_path}/out.db"
    library = format if format in ("hyperopt", "keras_tuner") else "optuna"
    crosstune.export_study(source, place, format=library)
    back = crosstune.import_study(place, format=library)

    def plain(study: Study) -> list[str]:
        ended = [trial for trial in study.trials if trial.state.is_finished()]
        rows = [
            (t.state.name, t.values, t.params, t.user_attrs, t.intermediate_values) for t in ended
        ]
        return [json.dumps(row) for row in rows]

    assert plain(back) == plain(source)


def test_a_folder_of_an_older_keras_tuner_is_read_from_its_trial_files(tmp_path: Path) -> None:
    folder = older_project(tmp_path / "old")
    study = crosstune.import_study(folder, format="keras_tuner")
    assert [trial.params for trial in study.trials] == [
        {"units": 32, "lr": 0.01, "act": "relu"}, {"units": 64, "lr": 0.1, "act": "tanh"}, {},
    ]  # fmt: skip
    assert [trial.value for trial in study.trials] == [0.5, 0.75, None]
    assert study.direction.name == "MAXIMIZE"
    assert "order" in notes(study)


def test_a_folder_with_a_damaged_trial_is_still_refused(tmp_path: Path) -> None:
    folder = older_project(tmp_path / "old")
    (folder / "trial_b").joinpath("trial.json").write_text("{}")
    with pytest.raises(RequestError, match="trial.json is damaged"):
        crosstune.import_study(folder, format="keras_tuner")


def older_project(folder: Path) -> Path:
    """As Keras Tuner 1.0 wrote it: no start_order, no message, a step of 1 on a log scale."""
    space = [
        {"class_name": "Int", "config": {"name": "units", "default": None, "conditions": [],
         "min_value": 8, "max_value": 512, "step": 1, "sampling": "log"}},
        {"class_name": "Float", "config": {"name": "lr", "default": 0.1, "conditions": [],
         "min_value": 0.001, "max_value": 0.5, "step": None, "sampling": None}},
        {"class_name": "Choice", "config": {"name": "act", "default": "relu", "conditions": [],
         "values": ["relu", "tanh"], "ordered": False}},
    ]  # fmt: skip
    folder.mkdir()
    (folder / "oracle.json").write_text(
        json.dumps({
            "ongoing_trials": {}, "hyperparameters": {"space": space, "values": {}}, "seed": 1,
            "seed_state": 9, "tried_so_far": ["x"],
        })
    )  # fmt: skip
    rows = [("b", "COMPLETED", {"units": 32, "lr": 0.01, "act": "relu"}, 0.5),
            ("a", "COMPLETED", {"units": 64, "lr": 0.1, "act": "tanh"}, 0.75),
            ("c", "INVALID", {}, None)]  # fmt: skip
    for number, (name, status, values, score) in enumerate(rows):
        observations = [] if score is None else [{"value": [score], "step": 0}]
        history = {"direction": "max", "observations": observations}
        file = folder / f"trial_{name}" / "trial.json"
        file.parent.mkdir()
        file.write_text(
            json.dumps({
                "trial_id": name, "hyperparameters": {"space": space, "values": values},
                "metrics": {"metrics": {} if score is None else {"val_accuracy": history}},
                "score": score, "best_step": 0, "status": status,
            })
        )  # fmt: skip
        os.utime(file, (1_600_000_000 + number, 1_600_000_000 + number))
    return folder


def test_hyperopt_keeps_the_trials_that_it_hides_where_they_are_read() -> None:
    trials = hyperopt.Trials()
    trials.insert_trial_docs([])
    assert trials._dynamic_trials == []
    assert trials._exp_key is None
