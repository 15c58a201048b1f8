"""The TensorBoard log holds what the study holds, once, whatever happened while it was written."""

from __future__ import annotations

import json
import math
import os
import pickle
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.study import Study
from optuna.trial import Trial, TrialState
from tensorboard.plugins.hparams import api_pb2

import crosstune
from crosstune.callbacks import TensorBoardCallback
from crosstune.callbacks.tensorboard import log
from crosstune.callbacks.tensorboard_log import hparams
from crosstune.errors import RequestError
from crosstune.testing.space import KINDS
from tests.tensorboard_reader import Points, curves, domain, experiment, runs, session

STATUS = {
    TrialState.COMPLETE: api_pb2.STATUS_SUCCESS,
    TrialState.PRUNED: api_pb2.STATUS_UNKNOWN,
    TrialState.FAIL: api_pb2.STATUS_FAILURE,
    TrialState.RUNNING: None,
}
PLAIN = Path(__file__).parents[1]


def objective(trial: Trial) -> float:
    """Complete, pruned, failed and NaN trials, with reports, a condition and a None."""
    x = trial.suggest_float("x", 1e-3, 1.0, log=True)
    kind = trial.suggest_categorical("kind", ["a", None])
    if kind == "a":
        x += trial.suggest_int("units", 1, 8) / 100
    for step in range(trial.number % 4):
        trial.report(x / (step + 1), step)
    trial.set_user_attr("loss", x * 2)
    if trial.number % 5 == 2:
        raise ValueError("this one fails")
    if trial.number % 5 == 3:
        raise optuna.TrialPruned
    return math.nan if trial.number % 7 == 6 else x


def optimize(study: Study, trials: int, *callbacks: Any, jobs: int = 1) -> None:
    study.optimize(
        objective, n_trials=trials, callbacks=callbacks, catch=(ValueError,), n_jobs=jobs
    )


def assert_holds(root: Path, name: str, study: Study, metric: str = "value") -> None:
    """The log under `name` is the study: each report once, each metric, each state."""
    found = runs(root)
    trials = [trial for trial in study.trials if trial.datetime_start is not None]
    logged = [run for run in found if run.startswith(f"{name}/trial-")]
    assert logged == [f"{name}/trial-{trial.number:05d}" for trial in trials]
    for trial in trials:
        reader = found[f"{name}/trial-{trial.number:05d}"]
        points = curves(reader)
        reports = points.get(f"reports/{metric}", [])
        wanted: Points = sorted(trial.intermediate_values.items())
        assert [step for step, _ in reports] == [step for step, _ in wanted]
        assert [v for _, v in reports] == pytest.approx([v for _, v in wanted], nan_ok=True)
        params, status = session(reader)
        assert status == STATUS[trial.state]
        assert params.keys() == trial.params.keys()
        if trial.state == TrialState.COMPLETE:
            assert points[metric] == [(trial.number, pytest.approx(trial.value))]
        else:
            assert metric not in points
        if trial.state.is_finished():
            assert len(points["seconds"]) == 1
    progress = curves(found[f"{name}/study"])
    done = [trial for trial in trials if trial.state.is_finished()]
    for state in ("complete", "pruned", "failed"):
        steps = [step for step, _ in progress[f"trials/{state}"]]
        assert steps == list(range(1, len(done) + 1))
    assert progress["trials/complete"][-1][1] == sum(
        trial.state == TrialState.COMPLETE for trial in done
    )
    assert progress[f"best/{metric}"][-1][1] == pytest.approx(study.best_value)


def python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=PLAIN,
    )


@pytest.mark.parametrize("backend", ["optuna", "hyperopt", "keras_tuner"])
def test_the_log_of_a_study_of_each_engine_holds_every_report_once(
    backend: str, tmp_path: Path
) -> None:
    def train(params: dict[str, Any], trial: Trial) -> float:
        for epoch in range(3):
            trial.report(params["x"] + epoch, epoch)
        return params["x"]

    study = crosstune.tune(
        {"name": "mine", "space": {"x": {"type": "float", "low": 0, "high": 1}}, "seed": 0},
        train,
        backend=backend,
        sampler="random",
        trials=6,
        callbacks=[TensorBoardCallback(tmp_path, metric="accuracy")],
    )
    name = {"optuna": "optuna-random", "hyperopt": "hyperopt-rand"}.get(
        backend, "keras_tuner-random"
    )
    assert_holds(tmp_path, f"mine/{name}", study, "accuracy")


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
        while not runs(tmp_path).get("s/trial-00000") and time.monotonic() < until:
            time.sleep(0.02)
        reader = runs(tmp_path)["s/trial-00000"]
        seen.append(curves(reader)["reports/value"])
        assert session(reader) == ({"x": x}, None)
        return x

    with TensorBoardCallback(tmp_path, study, every=0.02) as callback:
        study.optimize(watched, n_trials=1, callbacks=[callback])
    assert seen == [[(0, 1.5)]]
    assert_holds(tmp_path, "s", study)


def test_steps_that_repeat_or_go_backwards_are_logged_once_in_order(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    callback = TensorBoardCallback(tmp_path, study, every=1000)
    trial = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
    for step in (5, 9, 3, 9, 7, 0):
        trial.report(step / 10, step)
        callback.attach(study)  # as the watching thread does
    study.tell(trial, 1.0)
    callback.close()
    assert_holds(tmp_path, "s", study)
    assert len(list((tmp_path / "s/trial-00000").iterdir())) == 1


def test_a_parameter_that_comes_after_a_report_is_logged(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    callback = TensorBoardCallback(tmp_path, study, every=1000)
    trial = study.ask()
    x = trial.suggest_float("x", 0, 1)
    trial.report(1.0, 0)
    callback.attach(study)
    late = trial.suggest_categorical("late", [1, 2])
    trial.report(2.0, 1)
    study.tell(trial, 1.0)
    callback.close()
    assert session(runs(tmp_path)["s/trial-00000"])[0] == {"x": x, "late": late}
    assert_holds(tmp_path, "s", study)
    assert [info.name for info in experiment(tmp_path).hparam_infos] == ["x", "late"]


def test_a_resumed_study_goes_on_in_its_log(tmp_path: Path) -> None:
    storage = crosstune.storage.open_storage(tmp_path / "s.journal")
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


def test_a_log_that_was_deleted_is_written_anew(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    callback = TensorBoardCallback(tmp_path)
    optimize(study, 5, callback)
    shutil.rmtree(tmp_path / "s")
    optimize(study, 5, callback)
    assert_holds(tmp_path, "s", study)


@pytest.mark.parametrize("lost", [1, 5, 40, 200])
def test_a_torn_record_is_written_again(tmp_path: Path, lost: int) -> None:
    study = optuna.create_study(study_name="s")
    optimize(study, 5)
    log(study, tmp_path)
    for path in tmp_path.rglob("*tfevents*"):
        os.truncate(path, max(0, path.stat().st_size - lost))
    log(study, tmp_path)
    assert_holds(tmp_path, "s", study)


def test_bytes_that_a_crash_left_unwritten_are_written_again(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    optimize(study, 5)
    log(study, tmp_path)
    for path in tmp_path.rglob("*tfevents*"):
        data = path.read_bytes()
        path.write_bytes(data[:-60] + bytes(60))
    log(study, tmp_path)
    assert_holds(tmp_path, "s", study)


KILLED = """
    import os, signal, sys, time, optuna
    from crosstune.callbacks import TensorBoardCallback
    from crosstune.storage import open_storage

    study = optuna.create_study(study_name="s", storage=open_storage(sys.argv[1]))

    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        for step in range(3):
            trial.report(x, step)
        if trial.number == 3:
            time.sleep(0.5)  # the watching thread looks every 0.05 s
            os.kill(os.getpid(), signal.SIGKILL)
        return x

    study.optimize(objective, callbacks=[TensorBoardCallback(sys.argv[2], study, every=0.05)])
"""


def test_the_log_of_a_killed_process_goes_on(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    assert python(KILLED, tmp_path / "s.journal", logs).returncode == -signal.SIGKILL
    storage = crosstune.storage.open_storage(tmp_path / "s.journal")
    study = optuna.load_study(study_name="s", storage=storage)
    assert_holds(logs, "s", study)  # the last trial runs, with its reports
    study.tell(3, state=TrialState.FAIL)
    optimize(study, 4, TensorBoardCallback(logs))
    assert_holds(logs, "s", study)


FULL = """
    import resource, sys, optuna
    from crosstune.callbacks import TensorBoardCallback
    from crosstune.storage import open_storage

    # What a full disk does, for files of more than 600 bytes.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(study_name="s")

    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        for step in range(20):
            trial.report(x, step)
        resource.setrlimit(resource.RLIMIT_FSIZE, (600 if trial.number < 5 else soft, hard))
        return x

    callback = TensorBoardCallback(sys.argv[1], every=1000)
    study.optimize(objective, n_trials=5, callbacks=[callback])
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    from pathlib import Path
    from tests.tensorboard_reader import runs
    assert len(runs(Path(sys.argv[1]))) < 5, runs(Path(sys.argv[1]))
    study.optimize(objective, n_trials=5, callbacks=[callback])
    from tests.test_tensorboard import assert_holds
    assert_holds(Path(sys.argv[1]), "s", study)
    print(len(study.trials))
"""


def test_a_study_goes_on_when_the_disk_is_full_and_the_log_catches_up(tmp_path: Path) -> None:
    done = python(FULL, tmp_path)
    assert done.stdout == "10\n", done.stderr
    assert done.stderr.count("the TensorBoard log cannot be written") == 1
    assert "File too large" in done.stderr


def test_reports_and_values_that_are_no_finite_number_are_logged(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")

    def odd(trial: Trial) -> float:
        trial.suggest_float("x", 0, 1)
        for step, value in enumerate((math.nan, math.inf, -math.inf, 1e300, 1.0)):
            trial.report(value, step)
        return 1e300 if trial.number else math.nan

    study.optimize(odd, n_trials=2, callbacks=[TensorBoardCallback(tmp_path)])
    points = curves(runs(tmp_path)["s/trial-00001"])
    assert repr([value for _, value in points["reports/value"]]) == "[nan, inf, -inf, inf, 1.0]"
    assert points["value"] == [(1, math.inf)]
    assert study.trials[0].state == TrialState.FAIL
    assert session(runs(tmp_path)["s/trial-00000"])[1] == api_pb2.STATUS_FAILURE


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


def test_every_type_of_parameter_has_its_declared_domain_before_it_is_drawn(
    tmp_path: Path,
) -> None:
    space = {f"p{number}": item.to_dict() for number, item in enumerate(KINDS.values())}
    space["on"] = {"type": "choice", "values": ["yes", "no"]}
    space["only"] = {"type": "float", "low": 2, "high": 3, "when": {"on": "yes"}}
    spec = {"name": "n", "space": space, "start": [{"on": "no"}], "seed": 0}
    study = crosstune.tune(
        spec, lambda params: 0.0, trials=1, callbacks=[TensorBoardCallback(tmp_path)]
    )
    infos = {info.name: info for info in experiment(tmp_path).hparam_infos}
    assert infos.keys() == space.keys()
    assert "only" not in study.trials[0].params
    assert domain(infos["only"]) == (2, 3)
    assert json.loads(infos["only"].description)["when"] == {"on": "yes"}
    for name, held in study.trials[0].params.items():
        distribution = study.trials[0].distributions[name]
        shown = hparams.value(distribution, held)
        match domain(infos[name]):
            case tuple((low, high)):
                assert (low, high) == (distribution.low, distribution.high)
            case values:
                assert shown in values
                assert len(values) == len(distribution.choices)
    assert session(runs(tmp_path)["n/optuna-tpe/trial-00000"])[0].keys() == (
        study.trials[0].params.keys()
    )


@pytest.mark.parametrize(
    ("choices", "shown"),
    [
        ([16, 32], [16.0, 32.0]),
        ([1, 0.5], [0.5, 1.0]),
        ([True, False], [False, True]),
        (["b", "a"], ["a", "b"]),
        (["a", None], ["None", "a"]),
        (["None", None], ["'None'", "None"]),
        ([1, "1", True], ["'1'", "1", "True"]),
        ([math.inf, 1.0], ["1.0", "inf"]),
        ([10**400, 1], sorted([str(10**400), "1"])),
    ],
)
def test_choices_keep_their_type_or_are_text(choices: list[Any], shown: list[Any]) -> None:
    distribution = optuna.distributions.CategoricalDistribution(choices)
    column = hparams.column("p", distribution)
    assert domain(column) == shown
    values = [hparams.value(distribution, choice) for choice in choices]
    assert sorted(values, key=str) == sorted(shown, key=str)


def test_studies_in_one_directory_share_the_columns_and_keep_their_runs(tmp_path: Path) -> None:
    callback = TensorBoardCallback(tmp_path)
    studies = [optuna.create_study(study_name="s") for _ in range(3)]  # three of one name
    distributions = optuna.distributions
    for number, study in enumerate(studies):
        held: dict[str, distributions.BaseDistribution] = {
            "x": distributions.FloatDistribution(-number, number + 1),
            f"only{number}": distributions.IntDistribution(1, 2),
            "mixed": distributions.CategoricalDistribution(["a"])
            if number
            else distributions.FloatDistribution(0, 1),
        }
        for _ in range(2):
            study.add_trial(
                optuna.trial.create_trial(
                    value=1.0,
                    params={"x": 0.0, f"only{number}": 1, "mixed": "a" if number else 0.5},
                    distributions=held,
                )
            )
            callback(study, study.trials[-1])
    callback.close()
    for name, study in zip(("s", "s-2", "s-3"), studies, strict=True):
        assert_holds(tmp_path, name, study)
    infos = {info.name: info for info in experiment(tmp_path).hparam_infos}
    assert sorted(infos) == ["mixed", "only0", "only1", "only2", "x"]
    assert domain(infos["x"]) == (-2, 3)
    assert infos["mixed"].type == api_pb2.DATA_TYPE_STRING


def test_names_that_no_file_system_takes_are_cut(tmp_path: Path) -> None:
    names = ["a/b", "../up", "ä" * 300, "ä" * 300 + "!", "_hparams_", ""]
    for name in names:
        study = optuna.create_study(study_name=name)
        study.enqueue_trial({"p" * 5000: 0.5})
        study.optimize(lambda trial: trial.suggest_float("p" * 5000, 0, 1), n_trials=1)
        folder = log(study, tmp_path)
        assert folder is not None
        assert folder.parent == tmp_path
        assert_holds(tmp_path, folder.name, study)
    assert len(list(tmp_path.glob("[!.]*"))) == len(names) + 1


def test_threads_share_a_callback(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    optimize(study, 40, TensorBoardCallback(tmp_path, every=0.01), jobs=8)
    assert_holds(tmp_path, "s", study)


WORKER = """
    import sys, optuna
    from crosstune.callbacks import TensorBoardCallback
    from crosstune.storage import open_storage
    from tests.test_tensorboard import optimize

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        study_name="s", storage=open_storage(sys.argv[1]), load_if_exists=True
    )
    optimize(study, 15, TensorBoardCallback(sys.argv[2], study, every=0.01))
"""


def test_processes_share_a_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(WORKER), str(tmp_path / "j"), str(tmp_path)]
    workers = [subprocess.Popen(command, cwd=PLAIN, stderr=subprocess.PIPE) for _ in range(3)]
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert (worker.returncode, errors) == (0, b"")
    storage = crosstune.storage.open_storage(tmp_path / "j")
    study = optuna.load_study(study_name="s", storage=storage)
    assert len(study.trials) == 45
    assert_holds(tmp_path, "s", study)


def test_a_file_that_another_process_has_written_anew_is_taken_up(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    first, second = (TensorBoardCallback(tmp_path, every=1000) for _ in range(2))
    trial = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
    for step, callback in ((5, first), (3, second), (7, first), (1, first), (9, second)):
        trial.report(step / 10, step)
        callback.attach(study)
    study.tell(trial, 1.0)
    first.close()
    second.close()
    assert_holds(tmp_path, "s", study)
    assert len(list((tmp_path / "s/trial-00000").iterdir())) == 1


def test_a_callback_can_go_to_another_process(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    callback = pickle.loads(pickle.dumps(TensorBoardCallback(tmp_path, metric="loss")))
    optimize(study, 4, callback)
    assert_holds(tmp_path, "s", study, "loss")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_process_can_go_on_logging(tmp_path: Path) -> None:
    storage = crosstune.storage.open_storage(tmp_path / "j")
    study = optuna.create_study(study_name="s", storage=storage)
    callback = TensorBoardCallback(tmp_path, study, every=0.01)
    optimize(study, 3, callback)
    child = os.fork()
    if child == 0:
        try:
            storage = crosstune.storage.open_storage(tmp_path / "j")
            again = optuna.load_study(study_name="s", storage=storage)
            optimize(again, 3, callback)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    callback.close()
    assert_holds(tmp_path, "s", study)


def test_a_directory_that_cannot_be_written_is_refused_before_the_first_trial(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RequestError, match=r"the log directory .*file.* cannot be written"):
        TensorBoardCallback(tmp_path / "file")
    with pytest.raises(RequestError, match="has to be a local one, not s3://here"):
        TensorBoardCallback("s3://here")
    with pytest.raises(RequestError, match=r"without \.\. or a leading _, not '\.\./up'"):
        TensorBoardCallback(tmp_path, name="../up")
    with pytest.raises(RequestError, match="every has to be above 0 seconds, not 0"):
        TensorBoardCallback(tmp_path, every=0)


def test_a_directory_that_becomes_unwritable_loses_no_trial(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    study = optuna.create_study(study_name="s")
    callback = TensorBoardCallback(tmp_path / "logs")
    shutil.rmtree(tmp_path / "logs")
    (tmp_path / "logs").touch()
    optimize(study, 3, callback)
    assert len(study.trials) == 3
    assert caplog.text.count("the TensorBoard log cannot be written") == 1
    (tmp_path / "logs").unlink()
    callback.close()
    assert_holds(tmp_path / "logs", "s", study)


def test_a_log_keeps_its_metric(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    study = optuna.create_study(study_name="s")
    optimize(study, 2, TensorBoardCallback(tmp_path, metric="loss"))
    optimize(study, 2, TensorBoardCallback(tmp_path, metric="error"))
    assert_holds(tmp_path, "s", study, "loss")
    assert "goes on with its metrics: loss" in caplog.text


def test_a_missing_library_names_the_extra(tmp_path: Path) -> None:
    done = python(
        """
        import sys
        sys.modules["tensorboard"] = None
        from crosstune.callbacks import TensorBoardCallback
        from crosstune.errors import MissingLibrary
        try:
            TensorBoardCallback(sys.argv[1])
        except MissingLibrary as error:
            print(error)
        """,
        tmp_path,
    )
    assert 'pip install "crosstune[tensorboard]"' in done.stdout, done.stderr


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


def test_the_command_logs_every_study_of_a_journal(tmp_path: Path) -> None:
    storage = crosstune.storage.open_storage(tmp_path / "j")
    studies = {}
    for name in ("a", "b"):
        studies[name] = optuna.create_study(study_name=name, storage=storage)
        optimize(studies[name], 6)
    logs = tmp_path / "logs"
    done = crosstune_command("tensorboard", tmp_path / "j", logs, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        {"study": name, "trials": 6, "log": str(logs / name)} for name in studies
    ]
    for name, study in studies.items():
        assert_holds(logs, name, study)


def crosstune_command(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "crosstune", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_the_command_refuses_what_is_not_there(tmp_path: Path) -> None:
    storage = crosstune.storage.open_storage(tmp_path / "j")
    optuna.create_study(study_name="mine", storage=storage)
    for arguments, message in (
        ((tmp_path / "k", tmp_path / "logs"), "there is no study at"),
        ((tmp_path / "j", tmp_path / "logs", "--study", "mime"), "Did you mean 'mine'?"),
        ((tmp_path / "j", tmp_path / "j"), "cannot be written"),
    ):
        done = crosstune_command("tensorboard", *arguments)
        assert done.returncode == 2
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr
