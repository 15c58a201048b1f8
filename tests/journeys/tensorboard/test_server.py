"""The log of every engine holds its study, and a real TensorBoard server shows it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from tests.support.tensorboard_server import SPEC, get, server, tune_all
from tests.support.tensorboard_studies import assert_holds

STATUS = {
    TrialState.COMPLETE: "STATUS_SUCCESS",
    TrialState.PRUNED: "STATUS_UNKNOWN",
    TrialState.FAIL: "STATUS_FAILURE",
    TrialState.RUNNING: "STATUS_UNKNOWN",
}
Studies = dict[str, optuna.Study]


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Studies]:
    log_dir = tmp_path_factory.mktemp("logs")
    return log_dir, tune_all(log_dir)


@pytest.fixture(scope="module")
def shown(logged: tuple[Path, Studies]) -> Iterator[tuple[str, Studies]]:
    log_dir, studies = logged
    with server(log_dir) as address:
        yield address, studies


def test_the_event_files_of_every_engine_hold_each_trial_once(
    logged: tuple[Path, Studies],
) -> None:
    log_dir, studies = logged
    for folder, study in studies.items():
        assert {trial.state for trial in study.trials} == set(STATUS)
        assert_holds(log_dir, folder, study, "accuracy")


def test_a_server_shows_parameters_metrics_states_and_curves(
    shown: tuple[str, Studies],
) -> None:
    address, studies = shown
    columns = get(address, "plugin/hparams/experiment", {"hparamsLimit": 0})
    assert {info["name"] for info in columns["hparamInfos"]} == set(SPEC["space"])  # type: ignore[call-overload]
    domains = {
        info["name"]: info.get("domainDiscrete") or info.get("domainInterval")
        for info in columns["hparamInfos"]
    }
    assert domains["momentum"] == {"minValue": 0.0, "maxValue": 0.99}
    assert domains["optimizer"] == ["None", "adam", "sgd"]
    assert domains["augment"] == [False, True]
    metrics = {info["name"]["tag"] for info in columns["metricInfos"]}
    assert metrics == {"accuracy", "reports/accuracy", "seconds", "metrics/loss"}
    statuses = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]
    body = {"startIndex": 0, "sliceSize": 500, "allowedStatuses": statuses, "colParams": []}
    groups = get(address, "plugin/hparams/session_groups", body)["sessionGroups"]
    sessions = {group["name"]: group for group in groups}
    assert len(sessions) == len(groups) == sum(len(study.trials) for study in studies.values())
    for folder, study in studies.items():
        for trial in study.trials:
            group = sessions[f"{folder}/trial-{trial.number:05d}"]
            assert group["hparams"].keys() == trial.params.keys()
            assert group["hparams"]["lr"] == trial.params["lr"]
            (session,) = group["sessions"]
            assert session["status"] == STATUS[trial.state]
            values = {held["name"]["tag"]: held["value"] for held in session["metricValues"]}
            assert ("seconds" in values) == trial.state.is_finished()
            if trial.state == TrialState.COMPLETE:
                assert values["accuracy"] == pytest.approx(trial.value)


def test_a_server_shows_every_report(shown: tuple[str, Studies]) -> None:
    address, studies = shown
    for folder, study in studies.items():
        for trial in study.trials:
            run = f"{folder}/trial-{trial.number:05d}"
            points = get(address, f"plugin/scalars/scalars?tag=reports/accuracy&run={run}")
            wanted = sorted(trial.intermediate_values.items())
            assert [step for _, step, _ in points] == [step for step, _ in wanted]
            values = [math.nan if value == "NaN" else value for _, _, value in points]
            assert values == pytest.approx([value for _, value in wanted], nan_ok=True)
        best = get(address, f"plugin/scalars/scalars?tag=best/accuracy&run={folder}/study")
        assert best[-1][1] == len(study.trials) - 1  # one runs
        assert best[-1][2] == pytest.approx(study.best_value)
