"""The TensorBoard log holds what the study holds, once."""

from __future__ import annotations

import math
import time
from pathlib import Path

import optuna
import pytest
from optuna.trial import Trial, TrialState

from crosstune.callbacks import TensorBoardCallback
from crosstune.callbacks.tensorboard.callback import log
from crosstune.callbacks.tensorboard.study_log import StudyLog
from crosstune.errors import RequestError
from crosstune.study.storage import open_storage
from tests.support.tensorboard_reader import Points, curves, experiment, runs, session
from tests.support.tensorboard_studies import (
    assert_holds,
    optimize,
    python,
)


def test_every_state_is_told_apart(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    optimize(study, 15, TensorBoardCallback(tmp_path))
    assert_holds(tmp_path, "s", study)
    states = {trial.state for trial in study.trials}
    assert states == {TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL}


def test_reports_of_a_running_trial_are_there_before_it_ends(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    seen: list[Points] = []

    def watched(trial: Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        trial.report(1.5, 0)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            reader = runs(tmp_path).get("s/trial-00000")
            if reader is not None and "reports/value" in curves(reader):
                break
            time.sleep(0.02)
        assert reader is not None
        seen.append(curves(reader)["reports/value"])
        assert session(reader) == ({"x": x}, None)
        return x

    with TensorBoardCallback(tmp_path, study, every=0.02) as callback:
        study.optimize(watched, n_trials=1, callbacks=[callback])
    assert seen == [[(0, 1.5)]]
    assert_holds(tmp_path, "s", study)


def test_a_resumed_study_goes_on_in_its_log(tmp_path: Path) -> None:
    storage = open_storage(tmp_path / "s.journal")
    logs = tmp_path / "logs"
    for _ in range(3):
        study = optuna.create_study(study_name="s", storage=storage, load_if_exists=True)
        optimize(study, 4, TensorBoardCallback(logs))
    log(study, logs)
    assert_holds(logs, "s", study)


def test_a_log_of_a_finished_study_is_the_one_written_live(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    optimize(study, 12, TensorBoardCallback(tmp_path / "live"))
    assert log(study, tmp_path / "after") == tmp_path / "after" / "s"
    assert_holds(tmp_path / "after", "s", study)
    live, after = runs(tmp_path / "live"), runs(tmp_path / "after")
    for run in (run for run in after if run.startswith("s/")):
        assert repr(curves(live[run])) == repr(curves(after[run]))  # NaN equals itself here


def test_a_study_with_several_objectives_has_a_metric_for_each(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s", directions=["minimize", "maximize"])
    study.optimize(
        lambda trial: (trial.suggest_float("x", 0, 1), 2.0),
        n_trials=2,
        callbacks=[TensorBoardCallback(tmp_path, metric=["loss", "speed"])],
    )
    found = runs(tmp_path)
    points = curves(found["s/trial-00001"])
    assert points["loss"] == [(1, pytest.approx(study.trials[1].values[0]))]
    assert points["speed"] == [(1, 2.0)]
    assert not any(tag.startswith("best/") for tag in curves(found["s/study"]))
    with pytest.raises(RequestError, match="has 2 objectives, and metric names 1: loss"):
        TensorBoardCallback(tmp_path, study, metric="loss")


def test_a_metric_for_one_of_several_objectives_ends_the_study_and_loses_no_trial(
    tmp_path: Path,
) -> None:
    study = optuna.create_study(directions=["minimize", "maximize"])
    with pytest.raises(RequestError, match="has 2 objectives, and metric names 1: loss"):
        study.optimize(
            lambda trial: (1.0, 2.0),
            n_trials=5,
            callbacks=[TensorBoardCallback(tmp_path, metric="loss")],
        )
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE]


@pytest.mark.parametrize(
    ("given", "names"), [(None, ["value_0", "value_1"]), (["a", "b"], ["a", "b"])]
)
def test_objectives_are_called_as_the_study_calls_them(
    tmp_path: Path, given: list[str] | None, names: list[str]
) -> None:
    study = optuna.create_study(study_name="s", directions=["minimize", "maximize"])
    if given is not None:
        study.set_metric_names(given)
    study.optimize(lambda trial: (1.0, 2.0), n_trials=1, callbacks=[TensorBoardCallback(tmp_path)])
    points = curves(runs(tmp_path)["s/trial-00000"])
    assert {name: points[name] for name in names} == {names[0]: [(0, 1.0)], names[1]: [(0, 2.0)]}


@pytest.mark.optuna5
def test_a_study_with_several_objectives_has_the_curves_of_its_front(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s", directions=["minimize", "maximize"])

    def objective(trial: optuna.Trial) -> tuple[float, float]:
        n = trial.number
        trial.set_constraint("c", 1.0 if n % 2 else -1.0)
        return (10.0 - n, float(n)) if n < 11 else (0.0, 5.0)

    study.optimize(objective, n_trials=12, callbacks=[TensorBoardCallback(tmp_path)])
    points = curves(runs(tmp_path)["s/study"])
    shares = [(n, pytest.approx(-(-n // 2) / n)) for n in range(1, 13)]
    assert points["front/feasible"] == shares
    # The first ten trials span [1, 10] x [0, 9]; trial 8, of values 2 and 8, leads among them.
    assert points["front/hypervolume"][:2] == [
        (10, pytest.approx(64 / 81)),
        (11, pytest.approx(100 / 81)),
    ]
    assert points["front/trials"][-1] == (12, len(study.best_trials))


def test_the_best_value_follows_the_direction(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s", direction="maximize")
    values = iter([1.0, 3.0, 2.0, 5.0])
    study.optimize(
        lambda trial: next(values), n_trials=4, callbacks=[TensorBoardCallback(tmp_path)]
    )
    best = curves(runs(tmp_path)["s/study"])["best/value"]
    assert best == [(1, 1.0), (2, 3.0), (3, 3.0), (4, 5.0)]


def test_a_pause_of_the_study_does_not_lower_the_trials_per_hour(tmp_path: Path) -> None:
    from datetime import datetime, timedelta

    study = optuna.create_study(study_name="s")
    start = datetime(2030, 1, 1)
    # Two at a time for an hour, a day's pause, and one that runs across nothing for an hour.
    for begin, end in ((0.0, 0.5), (0.0, 1.0), (0.5, 1.0), (24.0, 25.0)):
        trial = optuna.trial.create_trial(value=1.0)
        trial.datetime_start = start + timedelta(hours=begin)
        trial.datetime_complete = start + timedelta(hours=end)
        study.add_trial(trial)
    log(study, tmp_path)
    rate = [value for _, value in curves(runs(tmp_path)["s/study"])["trials/per_hour"]]
    assert rate == pytest.approx([2.0, 2.0, 3.0, 2.0])


def test_a_log_keeps_its_metric(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    study = optuna.create_study(study_name="s")
    optimize(study, 2, TensorBoardCallback(tmp_path, metric="loss"))
    optimize(study, 2, TensorBoardCallback(tmp_path, metric="error"))
    assert_holds(tmp_path, "s", study, "loss")
    assert "keeps its metrics: loss" in caplog.text


def test_neither_tensorflow_nor_torch_is_imported(tmp_path: Path) -> None:
    done = python(
        """
        import sys, optuna
        from crosstune.callbacks import TensorBoardCallback
        assert "tensorboard" not in sys.modules
        study = optuna.create_study()
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2,
                       callbacks=[TensorBoardCallback(sys.argv[1])])
        print(sorted({"tensorflow", "torch", "keras", "hyperopt"} & set(sys.modules)))
        """,
        tmp_path,
    )
    assert done.stdout == "[]\n", done.stderr


def test_the_numbers_among_the_attributes_of_a_trial_are_metrics(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")

    def with_attributes(trial: Trial) -> float:
        held = {"loss": 0.5, "nan": math.nan, "huge": 10**400, "flag": True, "text": "1", "n": 3}
        for name, value in {**held, "crosstune:own": 1.0}.items():
            trial.set_user_attr(name, value)
        return trial.suggest_float("x", 0, 1)

    study.optimize(with_attributes, n_trials=1, callbacks=[TensorBoardCallback(tmp_path)])
    points = curves(runs(tmp_path)["s/trial-00000"])
    assert points.keys() == {"value", "seconds", "metrics/loss", "metrics/nan", "metrics/n"}
    assert points["metrics/n"] == [(0, 3.0)]
    tags = {info.name.tag for info in experiment(tmp_path).metric_infos}
    assert tags == points.keys() | {"reports/value"}


def test_reports_keep_the_time_at_which_they_were_seen(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    log = StudyLog(tmp_path, study)
    trial = study.ask()
    times = {5: 100.0, 6: 200.0, 3: 300.0}  # the last makes the log write its file anew
    for step, now in times.items():
        trial.report(1.0, step)
        log.sync(now)
    study.tell(trial, 1.0)
    log.sync(400.0)
    assert wall_times(tmp_path) == times


def test_reports_that_were_not_seen_in_time_have_the_time_of_the_end(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    trial = study.ask()
    trial.report(1.0, 0)
    study.tell(trial, 1.0)
    StudyLog(tmp_path, study).sync(1e10)
    end = study.trials[0].datetime_complete
    assert end is not None
    assert wall_times(tmp_path) == {0: end.timestamp()}


def wall_times(root: Path) -> dict[int, float]:
    events = runs(root)["s/trial-00000"].Tensors("reports/value")
    return {event.step: event.wall_time for event in events}


def test_a_running_trial_without_reports_is_shown_once_it_has_its_parameters(
    tmp_path: Path,
) -> None:
    study = optuna.create_study(study_name="s")
    log = StudyLog(tmp_path, study)
    trial = study.ask()
    x = trial.suggest_float("x", 0, 1)
    start = study.trials[0].datetime_start
    assert start is not None
    assert log.sync(start.timestamp() + 1.9)
    assert "s/trial-00000" not in runs(tmp_path)
    log.sync(start.timestamp() + 2.1)
    assert session(runs(tmp_path)["s/trial-00000"]) == ({"x": x}, None)


def test_a_copy_of_a_study_has_a_log_of_its_own(tmp_path: Path) -> None:
    storage = optuna.storages.InMemoryStorage()
    study = optuna.create_study(study_name="s", storage=storage)
    optimize(study, 3)
    optuna.copy_study(
        from_study_name="s", from_storage=storage, to_storage=storage, to_study_name="copy"
    )
    copy = optuna.load_study(study_name="copy", storage=storage)
    assert log(study, tmp_path, name="log") == tmp_path / "log"
    assert log(copy, tmp_path, name="log") == tmp_path / "log-2"
    assert_holds(tmp_path, "log-2", copy)
