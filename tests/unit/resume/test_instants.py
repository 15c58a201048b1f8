"""A run may be killed before, after and in the middle of each of its writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

import crosstune
from crosstune import Float, Int, Space, checkpoints
from crosstune.engines.record_names import RETRIED
from crosstune.errors import RunError
from crosstune.study.storage import open_storage
from tests.support.slow import slow_but_first
from tests.unit.resume.support import (
    DIRECT,
    Killed,
    killed,
    objective,
    rows,
    run,
    snapshot_never,
    writes,
)

SPEC = {
    "space": DIRECT, "sampler": {"name": "tpe", "n_startup_trials": 2}, "name": "a study",
    "trials": 6, "seed": 1, "pruner": {"name": "successive-halving", "min_resource": 1},
    "start": [{"x": 0.25}, {"n": 2}],
}  # fmt: skip

ENGINES: dict[str, dict[str, Any]] = {
    "optuna": {},
    "hyperopt": {"backend": "hyperopt", "sampler": {"name": "tpe", "n_startup_jobs": 2}},
}


@pytest.mark.parametrize("how", ["before", "torn", "after"])
@pytest.mark.parametrize(
    ("engine", "stride"), slow_but_first([("optuna", 7), ("optuna", 1), ("hyperopt", 1)])
)
def test_a_run_may_be_killed_at_every_write(
    engine: str, stride: int, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = {**SPEC, **ENGINES[engine]}
    snapshot_never(monkeypatch)
    count = writes(tmp_path / "whole.journal", spec, monkeypatch)
    wanted = rows(run(tmp_path / "whole.journal", spec, resume=True))
    assert (len(wanted), count > 40) == (6, True)
    for at in range(1, count + 1, stride):
        place = tmp_path / f"{at}.journal"
        assert killed(place, spec, monkeypatch, at=at, how=how)
        assert rows(run(place, spec, resume=True)) == wanted, at


def test_a_run_may_be_killed_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot_never(monkeypatch)
    writes(tmp_path / "whole.journal", SPEC, monkeypatch)
    wanted = rows(run(tmp_path / "whole.journal", SPEC, resume=True))
    place, kills = tmp_path / "killed.journal", 0
    while killed(place, SPEC, monkeypatch, at=18, resume=True):
        kills += 1
    assert (rows(run(place, SPEC, resume=True)), kills >= 2) == (wanted, True)


def test_a_run_without_a_seed_goes_on_with_the_one_that_it_drew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = {key: held for key, held in SPEC.items() if key != "seed"}
    place = tmp_path / "killed.journal"
    assert killed(place, spec, monkeypatch, at=50)
    study = run(place, spec, resume=True)
    seed = study.user_attrs["crosstune:runs"][0]["seed"]
    assert rows(study) == rows(run(tmp_path / "whole.journal", spec, seed=seed))


def test_a_database_resumes_alike(tmp_path: Path) -> None:
    spec = {**SPEC, **ENGINES["hyperopt"]}
    wanted = rows(crosstune.tune(spec, objective))
    url = f"sqlite:///{tmp_path}/a.db"

    def dying(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == 4:
            trial.report(5.0, 0)
            raise Killed
        return objective(params, trial)

    with pytest.raises(Killed):
        crosstune.tune(spec, dying, storage=url)
    assert rows(crosstune.tune(spec, objective, storage=url, resume=True)) == wanted


def test_ctrl_c_leaves_the_trial_to_be_run_again(tmp_path: Path) -> None:
    wanted = rows(run(tmp_path / "whole.journal", SPEC))
    place = tmp_path / "stopped.journal"

    def stopping(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == 3:
            raise KeyboardInterrupt
        return objective(params, trial)

    for _ in range(3):  # which is no crash, however often
        with pytest.raises(KeyboardInterrupt):
            run(place, SPEC, function=stopping, resume=True)
    assert rows(run(place, SPEC, resume=True)) == wanted


def test_a_trial_that_is_killed_twice_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "s.journal"

    def dying(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == 3:
            raise Killed
        return objective(params, trial)

    for _ in range(2):
        with pytest.raises(Killed):
            run(place, SPEC, function=dying, resume=True)
    study = run(place, SPEC, function=dying, resume=True)
    failed = study.trials[3]
    assert (failed.state, failed.user_attrs[RETRIED]) == (TrialState.FAIL, True)
    assert "trial 3 has failed: its process was killed twice" in caplog.text
    assert "killed twice" in failed.user_attrs["crosstune:error"]
    seen = rows(study)
    assert len(seen) == 6
    assert rows(run(place, SPEC, trials=8, resume=True))[:6] == seen


def test_a_retry_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    trained: list[tuple[int, int]] = []
    kill = {"at": (-1, -1)}

    def training(params: dict[str, Any], trial: optuna.Trial) -> float:
        saved = checkpoints.find(trial)
        loss = float(saved.path.read_text()) if saved else 1.0 + params["x"]
        for epoch in range(saved.step if saved else 0, 6):
            loss = loss * (0.5 + params["x"] / 4) + (trial.number % 3) / 50
            trial.report(loss, epoch)
            if (trial.number, epoch) == kill["at"]:
                kill["at"] = (-1, -1)
                raise Killed
            trained.append((trial.number, epoch))
            if trial.should_prune():
                raise optuna.TrialPruned
            checkpoints.save(trial, repr(loss).encode(), step=epoch + 1)
        return loss

    def held(study: optuna.Study) -> list[Any]:
        found = rows(study)
        for row in found:
            del row[5]["crosstune:checkpoints"]  # names of files are drawn
        return found

    spec = {
        "space": {"x": Float(0.0, 1.0)}, "seed": 0, "trials": 12, "name": "a study",
        "sampler": {"name": "tpe", "n_startup_trials": 3},
        "pruner": {"name": "successive-halving", "min_resource": 1, "reduction_factor": 2},
    }  # fmt: skip
    wanted = held(run(tmp_path / "whole.journal", spec, function=training))
    longest = max(row[0] for row in wanted if len(row[4]) >= 4)
    whole, trained[:] = sorted(trained), []
    place = tmp_path / "killed.journal"
    kill["at"] = (longest, 3)
    with pytest.raises(Killed):
        run(place, spec, function=training)
    assert held(run(place, spec, function=training, resume=True)) == wanted
    assert sorted(trained) == whole  # nothing was trained twice


def test_what_was_queued_is_still_queued(tmp_path: Path) -> None:
    space = Space({"x": Float(0.0, 1.0), "n": Int(1, 8)})
    spec = {
        "space": space,
        "seed": 0,
        "trials": 8,
        "start": [{"x": 0.5}] * 4,
        "backend": "hyperopt",
    }
    kill = [2]

    def dying(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number in kill:
            kill.clear()
            raise Killed
        return params["x"] + params["n"]

    with pytest.raises(Killed):
        run(tmp_path / "killed.journal", spec, function=dying)
    study = run(tmp_path / "killed.journal", spec, function=dying, resume=True)
    assert rows(study) == rows(run(tmp_path / "whole.journal", spec, function=dying))
    assert [trial.params["x"] for trial in study.trials[:4]] == [0.5] * 4


def test_an_added_trial_is_left_as_it_is(tmp_path: Path) -> None:
    def adding(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        if trial.number == 2:
            study.add_trial(
                optuna.trial.create_trial(
                    params={"x": 0.1, "n": 1, "c": "a"},
                    distributions=study.trials[0].distributions,
                    value=0.0,
                )
            )

    spec = {key: held for key, held in SPEC.items() if key != "start"}
    wanted = rows(run(tmp_path / "whole.journal", spec, trials=8, callbacks=[adding]))
    place = tmp_path / "killed.journal"
    run(place, spec, trials=6, callbacks=[adding])
    assert rows(run(place, spec, trials=8, resume=True)) == wanted[:8]


def test_a_finished_study_is_not_gone_through_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "s.journal"
    run(place, SPEC)
    monkeypatch.setattr("crosstune.tuning.opening.take_up", None)
    assert len(run(place, SPEC, resume=True).user_attrs["crosstune:runs"]) == 1


def test_first_failures_are_counted_over_a_kill(tmp_path: Path) -> None:
    calls = []

    def failing(params: dict[str, Any], trial: optuna.Trial) -> float:
        calls.append(trial.number)
        if len(calls) == 3:
            raise Killed
        raise ValueError("no")

    place = tmp_path / "s.journal"
    with pytest.raises(Killed):
        run(place, SPEC, function=failing)
    with pytest.raises(RunError, match="the first 3 trials all failed"):
        run(place, SPEC, function=failing, resume=True)
    assert calls == [0, 1, 2, 2]
    states = [t.state for t in optuna.load_study(
        study_name="a study", storage=open_storage(place)).trials]  # fmt: skip
    assert states.count(TrialState.FAIL) == 3
