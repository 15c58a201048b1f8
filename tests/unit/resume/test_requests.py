"""What may change when a study is resumed, and what is said of the rest."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

import crosstune
from crosstune.adapters.hyperopt.search import HyperoptEngine
from crosstune.errors import RequestError
from crosstune.resume import ResumeMismatch
from crosstune.study.lock import Driven, driving
from crosstune.study.sidecar_paths import beside
from crosstune.study.storage import open_storage
from tests.unit.resume.support import DIRECT, Killed, objective, rows, run, snapshot_often

SPEC = {"space": DIRECT, "backend": "hyperopt", "name": "a study", "trials": 6, "seed": 1}


def record(study: optuna.Study) -> dict[str, Any]:
    return study.user_attrs["crosstune:runs"][-1]  # type: ignore[no-any-return]


def stop(place: Path, **options: Any) -> None:
    """A run that is killed in its trial 4, after a report."""

    def dying(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == 4:
            trial.report(1.0, 0)
            raise Killed
        return objective(params, trial)

    with pytest.raises(Killed):
        run(place, {**SPEC, **options}, function=dying)


def test_the_ledger_says_where_a_run_was_resumed(tmp_path: Path) -> None:
    place = tmp_path / "s.journal"
    stop(place)
    study = run(place, SPEC, resume=True)
    assert (record(study)["resumed"], record(study)["native"]) == ([4], True)
    assert [t.number for t in study.trials if t.user_attrs.get("crosstune:retried")] == [4]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 2}, "began with the seed 1, and 2 is asked for"),
        ({"pruner": "median"}, "began with the pruner None, and {'name': 'median'"),
        ({"sampler": {"name": "tpe", "gamma": 0.5}}, "sampler's options {}, and {'gamma': 0.5}"),
    ],
)
def test_another_seed_pruner_or_option_is_an_error(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    place = tmp_path / "s.journal"
    stop(place)
    with pytest.raises(RequestError) as raised:
        run(place, {**SPEC, **change}, resume=True)
    assert words in str(raised.value)
    assert 'resume="fresh"' in str(raised.value)
    study = run(place, {**SPEC, **change}, resume="fresh")
    assert [kept["native"] for kept in study.user_attrs["crosstune:runs"]] == [True, False]
    assert {t.state for t in study.trials} <= {TrialState.COMPLETE, TrialState.PRUNED}


def test_an_upgraded_library_is_named_where_the_trials_would_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "s.journal"
    stop(place)
    before = rows(optuna.load_study(study_name="a study", storage=open_storage(place)))
    ask = HyperoptEngine.ask

    def another(engine: HyperoptEngine, trial: int) -> Any:
        params = ask(engine, trial)
        return {**params, "n": 9 - params["n"]} if trial == 2 else params

    monkeypatch.setattr(HyperoptEngine, "ask", another)
    monkeypatch.setattr(
        "crosstune.tuning.opening.made_on", lambda: {"machine": "another", "numpy": "9.0.0"}
    )
    with pytest.raises(
        ResumeMismatch, match=r"trial 2 has n = \d, and its engine proposes"
    ) as raised:
        run(place, SPEC, resume=True)
    assert "machine was " in str(raised.value)
    assert "and is 9.0.0" in str(raised.value)
    after = optuna.load_study(study_name="a study", storage=open_storage(place))
    assert rows(after) == before  # nothing was evaluated or written
    study = run(place, SPEC, resume="fresh")
    assert len(study.trials) == 6
    assert rows(study)[:4] == before[:4]
    assert study.trials[4].params == after.trials[4].params  # the trial in flight keeps its values
    assert record(study)["first_trial"] == 5


def test_the_trial_in_flight_is_checked_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "s.journal"
    stop(place)
    ask = HyperoptEngine.ask

    def another(engine: HyperoptEngine, trial: int) -> Any:
        params = ask(engine, trial)
        return {**params, "n": 9 - params["n"]} if trial == 4 else params

    monkeypatch.setattr(HyperoptEngine, "ask", another)
    for _ in range(3):  # and does not count as killed for it
        with pytest.raises(ResumeMismatch, match="trial 4 has n = "):
            run(place, SPEC, resume=True)
    monkeypatch.undo()
    assert rows(run(place, SPEC, resume=True)) == rows(run(tmp_path / "whole.journal", SPEC))


def test_a_changed_trial_is_noticed(tmp_path: Path) -> None:
    place = tmp_path / "s.journal"
    stop(place)
    text = place.read_text()
    key = '"param_name":"x","param_value_internal":0.'
    changed = text.replace(key, key + "1", 1)
    assert changed != text
    place.write_text(changed)
    with pytest.raises(
        ResumeMismatch, match="trial 0 has x = 0.1.*changed or added by something else"
    ):
        run(place, SPEC, resume=True)


def test_another_engine_goes_on_and_is_recorded(tmp_path: Path) -> None:
    place = tmp_path / "s.journal"
    stop(place)
    study = run(place, {**SPEC, "backend": "optuna", "trials": 8}, resume=True)
    assert [kept["backend"] for kept in study.user_attrs["crosstune:runs"]] == [
        "hyperopt",
        "optuna",
    ]
    assert all(trial.state.is_finished() for trial in study.trials)

    def dying(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == 9:
            raise Killed
        return objective(params, trial)

    spec = {**SPEC, "backend": "optuna", "trials": 12}
    with pytest.raises(Killed):
        run(place, spec, function=dying, resume=True)
    resumed = rows(run(place, spec, resume=True))
    again = tmp_path / "again.journal"
    stop(again)
    run(again, {**SPEC, "backend": "optuna", "trials": 8}, resume=True)
    assert rows(run(again, spec, resume=True)) == resumed


def test_trials_made_several_at_a_time_are_learnt_from(tmp_path: Path) -> None:
    place = tmp_path / "s.journal"
    study = crosstune.create_study(SPEC, storage=place)
    study.optimize(
        lambda trial: sum(trial.suggest_float("x", 0.0, 1.0) for _ in range(2))
        + trial.suggest_int("n", 1, 8) + len(trial.suggest_categorical("c", ["a", "b", "c"])),
        n_trials=24, n_jobs=4,
    )  # fmt: skip
    again = run(place, SPEC, trials=30, resume=True)
    assert len(again.trials) == 30
    assert [kept["native"] for kept in again.user_attrs["crosstune:runs"]] == [True, False]


def test_resume_takes_no_other_word(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="resume is true, false or 'fresh', not 'exact'"):
        run(tmp_path / "s.journal", SPEC, resume="exact")


# One driver at a time.


def test_a_second_driver_is_refused_while_the_first_runs(tmp_path: Path) -> None:
    place = tmp_path / "s.journal"
    refused: list[str] = []

    def nested(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == 3:
            with pytest.raises(Driven) as raised:
                run(place, SPEC, resume=True)
            refused.append(str(raised.value))
        return objective(params, trial)

    study = run(place, SPEC, function=nested)
    assert len(study.trials) == 6
    assert f"process {os.getpid()} on " in refused[0]
    assert "runs this study already" in refused[0]
    assert not list(tmp_path.glob("*.lock"))


def test_the_lock_of_a_killed_process_does_not_hold(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from crosstune.study.lock import driving\n"
        "with driving(Path(sys.argv[1]), 'a study'):\n"
        "    os.kill(os.getpid(), 9)"
    )
    place = tmp_path / "s.journal"
    subprocess.run([sys.executable, "-c", code, str(place)], check=False)
    assert beside(place, "a study", ".lock").exists()
    with driving(place, "a study"), pytest.raises(Driven), driving(place, "a study"):
        pass


def test_a_lock_that_optuna_left_on_a_journal_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = Path("s.journal")
    stop(place)
    Path("s.journal.lock").symlink_to("s.journal")
    assert len(run(place, SPEC, resume=True).trials) == 6


def test_two_studies_of_a_journal_may_run_at_once(tmp_path: Path) -> None:
    with driving(tmp_path / "s.journal", "one"), driving(tmp_path / "s.journal", "two"):
        assert len(list(tmp_path.glob("*.lock"))) == 2


def test_a_lock_is_private_and_no_link_is_followed(tmp_path: Path) -> None:
    place = tmp_path / "s.journal"
    lock = beside(place, "a study", ".lock")
    target = tmp_path / "target"
    target.write_text("kept")
    lock.symlink_to(target)
    with driving(place, "a study"):
        assert target.read_text() == "kept"
    lock.unlink()
    with driving(place, "a study"):
        assert lock.stat().st_mode & 0o777 == 0o600
        with lock.open() as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_snapshots_do_not_outlive_another_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A study that was made anew under the same name has nothing to do with the old snapshot."""
    snapshot_often(monkeypatch)
    place = tmp_path / "s.journal"
    stop(place)
    place.unlink()
    stop(place, seed=2)
    monkeypatch.undo()
    old = beside(place, "a study", ".snapshot").read_bytes()
    place.unlink()
    stop(place, seed=3)
    beside(place, "a study", ".snapshot").write_bytes(old)
    spec = {**SPEC, "seed": 3}
    assert rows(run(place, spec, resume=True)) == rows(run(tmp_path / "whole.journal", spec))
    assert "is not used, and every trial is asked for again" in caplog.text
