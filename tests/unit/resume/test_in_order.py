"""A run in order with several trials at a time is resumed to the trials that it would have had."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

import crosstune
from crosstune import Float, Space, checkpoints
from crosstune.engines.record_names import RETRIED
from crosstune.errors import RequestError
from crosstune.resume import ResumeMismatch
from crosstune.study.storage import open_storage
from tests.support.slow import slow_but, slow_but_first
from tests.unit.resume import support
from tests.unit.resume.support import DIRECT, FINITE, MIRRORED, Killed, objective, rows, writes

LAG = 3
SPEC: dict[str, Any] = {
    "space": DIRECT, "sampler": {"name": "tpe", "n_startup_trials": 3}, "name": "a study",
    "trials": 12, "seed": 1, "pruner": {"name": "successive-halving", "min_resource": 1},
}  # fmt: skip
CASES: dict[str, dict[str, Any]] = {
    "optuna tpe": {"start": [{"x": 0.25}, {"n": 2}, {"x": 0.5}, {"x": 0.75}, {"n": 3}, {"n": 4}]},
    "optuna tpe mirrored": {"space": MIRRORED, "pruner": "median"},
    "optuna cmaes": {"sampler": {"name": "cmaes", "n_startup_trials": 2}, "trials": 20},
    "optuna nsga2": {"sampler": {"name": "nsga2", "population_size": 4}, "trials": 18},
    "optuna qmc": {"sampler": "qmc"},
    "optuna random": {"sampler": "random", "pruner": "hyperband"},
    "optuna grid": {"sampler": "grid", "space": FINITE, "trials": 30},
    "hyperopt tpe": {"sampler": {"name": "tpe", "n_startup_jobs": 3}, "space": MIRRORED},
    "hyperopt anneal": {"sampler": "anneal"},
    "keras_tuner bayesian": {"sampler": {"name": "bayesian", "num_initial_points": 6}, "trials": 8},
    "keras_tuner grid": {"sampler": "grid", "space": MIRRORED},
    "keras_tuner hyperband": {
        "sampler": {"name": "hyperband", "max_epochs": 9}, "trials": 24, "pruner": None,
    },
    "crosstune random": {"sampler": "random", "space": MIRRORED, "pruner": "curve"},
    "crosstune grid": {"sampler": "grid", "space": FINITE, "trials": 30},
}  # fmt: skip
BY_DEFAULT = [
    "optuna tpe",
    "optuna grid",
    "hyperopt tpe",
    "keras_tuner hyperband",
    "crosstune random",
]


def spec_of(case: str) -> dict[str, Any]:
    return {**SPEC, "backend": case.split()[0], **CASES[case]}


def run(place: Path, spec: dict[str, Any], workers: int = 2, **options: Any) -> optuna.Study:
    """In threads of this process."""
    options = {"lag": LAG, **options}
    with ThreadPoolExecutor(workers) as executor:
        return support.run(place, spec, executor=executor, workers=workers, **options)


def killed(
    place: Path, spec: dict[str, Any], monkeypatch: pytest.MonkeyPatch, at: int, **options: Any
) -> bool:
    """Run until the write `at`; False where there are fewer."""
    options = {"workers": 2, "lag": LAG, **options}
    with ThreadPoolExecutor(options["workers"]) as executor:
        return support.killed(place, spec, monkeypatch, at=at, executor=executor, **options)


def whole(folder: Path, spec: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> tuple[Any, int]:
    """What an uninterrupted run has, and how many writes it takes."""
    with ThreadPoolExecutor(3) as executor:
        options = {"executor": executor, "workers": 3, "lag": LAG}
        count = writes(folder / "whole.journal", spec, monkeypatch, **options)
    return rows(stored(folder / "whole.journal")), count


def stored(place: Path) -> optuna.Study:
    """The study as it is on file."""
    return optuna.load_study(study_name="a study", storage=open_storage(place))


@pytest.mark.parametrize("case", slow_but(CASES, BY_DEFAULT))
def test_a_killed_run_goes_on_as_if_it_had_not_been(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_of(case)
    wanted, count = whole(tmp_path, spec, monkeypatch)
    assert len(wanted) >= 8
    for share, workers in ((0.45, 1), (0.8, 4)):
        place = tmp_path / f"{share}.journal"
        assert killed(place, spec, monkeypatch, int(share * count))
        assert rows(run(place, spec, workers, resume=True)) == wanted
        assert rows(stored(place)) == wanted


def test_a_pruner_remembers_what_it_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hyperband takes the length of a training from the first trials, and keeps it."""

    def growing(params: dict[str, Any], trial: optuna.Trial) -> float:
        for step in range(3 if trial.number < 2 * LAG else 12):
            trial.report(params["x"] * (1 + trial.number % 4) / (1 + step), step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return float(params["x"])

    spec = {**SPEC, "pruner": "hyperband", "sampler": "random", "trials": 24}
    wanted = rows(run(tmp_path / "whole.journal", spec, function=growing))
    assert any(row[1] == "PRUNED" for row in wanted[15:])
    place = tmp_path / "s.journal"
    run(place, {**spec, "trials": 15}, function=growing)
    assert rows(run(place, spec, function=growing, resume=True)) == wanted


@pytest.mark.parametrize("backend", slow_but_first(["optuna", "hyperopt"]))
def test_it_may_be_killed_at_every_write(
    backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = {**SPEC, "backend": backend, "sampler": "tpe", "trials": 7, "start": [{"x": 0.5}] * 5}
    wanted, count = whole(tmp_path, spec, monkeypatch)
    assert count > 50
    for at in range(1, count, 11):
        place = tmp_path / f"{at}.journal"
        assert killed(place, spec, monkeypatch, at)
        assert rows(run(place, spec, resume=True)) == wanted, at


def test_it_may_be_killed_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = {**SPEC, "trials": 24}
    wanted, count = whole(tmp_path, spec, monkeypatch)
    place, kills = tmp_path / "killed.journal", 0
    # Each time far enough that no trial is at hand when the next kill comes.
    while killed(place, spec, monkeypatch, count // 4, resume=True, workers=1):
        kills += 1
    assert (rows(stored(place)), kills >= 3) == (wanted, True)


def test_a_longer_run_has_the_trials_that_it_would_have_had(tmp_path: Path) -> None:
    """The last trials of the shorter one were told before its end; those after know less."""
    wanted = rows(run(tmp_path / "whole.journal", {**SPEC, "trials": 20}))
    place = tmp_path / "s.journal"
    for trials in (9, 15, 20):
        study = run(place, {**SPEC, "trials": trials}, resume=True)
        assert rows(study) == wanted[:trials]
    assert rows(stored(place)) == wanted


def test_a_shorter_one_ends_what_was_in_flight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, count = whole(tmp_path, SPEC, monkeypatch)
    place = tmp_path / "s.journal"
    assert killed(place, SPEC, monkeypatch, int(0.6 * count))
    begun = len(stored(place).trials)
    ended = sum(trial.state.is_finished() for trial in stored(place).trials)
    study = run(place, {**SPEC, "trials": ended + 1}, resume=True)
    assert rows(study) == wanted[:begun]


def test_nothing_that_was_told_is_evaluated_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, count = whole(tmp_path, SPEC, monkeypatch)
    place = tmp_path / "s.journal"
    assert killed(place, SPEC, monkeypatch, int(0.7 * count))
    before = stored(place).trials
    in_flight = {trial.number for trial in before if trial.state == TrialState.RUNNING}
    assert len(in_flight) > 1
    calls: list[int] = []
    heard: list[int] = []

    def counting(params: dict[str, Any], trial: optuna.Trial) -> float:
        calls.append(trial.number)
        return objective(params, trial)

    study = run(
        place, SPEC, function=counting, resume=True,
        callbacks=[lambda study, trial: heard.append(trial.number)],
    )  # fmt: skip
    assert rows(study) == wanted
    assert sorted(calls) == sorted(heard) == list(range(min(in_flight), SPEC["trials"]))
    retried = {trial.number for trial in study.trials if trial.user_attrs.get(RETRIED)}
    assert retried == in_flight
    assert study.user_attrs["crosstune:runs"][-1]["resumed"] == [min(in_flight)]


def test_a_trial_that_is_killed_twice_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "s.journal"

    def dying(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == 4:
            raise Killed
        return objective(params, trial)

    # One at a time, so that the kill finds trial 4 alone begun; the driver's end is simulated.
    for _ in range(2):
        with pytest.raises(Killed), pytest.MonkeyPatch.context() as patched:
            patched.setattr("crosstune.parallel.driver.Driver._abandon", lambda *_: None)
            run(place, SPEC, 1, function=dying, resume=True)
    study = run(place, SPEC, 1, function=dying, resume=True)
    assert "trial 4 has failed: its process was killed twice" in caplog.text
    assert study.trials[4].state == TrialState.FAIL
    assert len(study.trials) == SPEC["trials"]
    assert all(trial.state.is_finished() for trial in study.trials)
    before = rows(study)
    assert rows(run(place, {**SPEC, "trials": 16}, 1, resume=True))[:12] == before


def test_ctrl_c_leaves_what_runs_to_be_run_again(tmp_path: Path) -> None:
    wanted = rows(run(tmp_path / "whole.journal", SPEC))
    place = tmp_path / "s.journal"

    def interrupt(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        if trial.number in interrupted:
            raise KeyboardInterrupt

    interrupted = (2, 2 + 2 * LAG)  # what is under way at the first may end with it
    for number in interrupted:  # which is no crash, however often
        with pytest.raises(KeyboardInterrupt):
            run(place, SPEC, resume=True, callbacks=[interrupt])
        assert stored(place).trials[number].state.is_finished()
    assert rows(run(place, SPEC, resume=True)) == wanted


def test_a_retry_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    trained: list[tuple[int, int]] = []
    kill = [(-1, -1)]
    store = [tmp_path / "whole"]

    def training(params: dict[str, Any], trial: optuna.Trial) -> float:
        saved = checkpoints.find(trial, store=store[0])
        loss = float(saved.path.read_text()) if saved else 1.0 + params["x"]
        for epoch in range(saved.step if saved else 0, 6):
            loss = loss * (0.5 + params["x"] / 4) + (trial.number % 3) / 50
            trial.report(loss, epoch)
            if (trial.number, epoch) == kill[0]:
                kill[0] = (-1, -1)
                raise Killed
            trained.append((trial.number, epoch))
            if trial.should_prune():
                raise optuna.TrialPruned
            checkpoints.save(trial, repr(loss).encode(), step=epoch + 1, store=store[0])
        return loss

    def held(study: optuna.Study) -> list[Any]:
        found = rows(study)
        for row in found:
            del row[5]["crosstune:checkpoints"]  # names of files are drawn
        return found

    halving = {"name": "successive-halving", "min_resource": 1, "reduction_factor": 2}
    spec = {**SPEC, "space": Space({"x": Float(0.0, 1.0)}), "seed": 0, "pruner": halving}
    wanted = held(run(tmp_path / "whole.journal", spec, 1, function=training))
    longest = max(row[0] for row in wanted if len(row[4]) >= 4)
    whole, trained[:] = sorted(trained), []
    place, store[0] = tmp_path / "killed.journal", tmp_path / "killed"
    kill[0] = (longest, 3)
    with pytest.raises(Killed), pytest.MonkeyPatch.context() as patched:
        patched.setattr("crosstune.parallel.driver.Driver._abandon", lambda *_: None)
        run(place, spec, 1, function=training)
    assert held(run(place, spec, 1, function=training, resume=True)) == wanted
    assert sorted(trained) == whole  # nothing was trained twice


def test_an_added_trial_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def adding(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        if trial.number == 2:
            study.add_trial(
                optuna.trial.create_trial(
                    params={"x": 0.1, "n": 1, "c": "a"},
                    distributions=study.trials[0].distributions,
                    value=0.0,
                )
            )

    wanted = rows(run(tmp_path / "whole.journal", SPEC, callbacks=[adding]))
    place = tmp_path / "killed.journal"
    assert killed(place, SPEC, monkeypatch, 80, callbacks=[adding])
    assert rows(run(place, SPEC, resume=True)) == wanted[:12]


@pytest.mark.slow
def test_a_database_resumes_alike(tmp_path: Path) -> None:
    spec = {**SPEC, "backend": "hyperopt", "sampler": "tpe", "trials": 8}
    wanted = rows(run(tmp_path / "whole.journal", spec))
    url: Any = f"sqlite:///{tmp_path}/a.db"

    def dying(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == 4:
            raise Killed
        return objective(params, trial)

    with pytest.raises(Killed), pytest.MonkeyPatch.context() as patched:
        patched.setattr("crosstune.parallel.driver.Driver._abandon", lambda *_: None)
        run(url, spec, function=dying)
    assert rows(run(url, spec, resume=True)) == wanted


def test_fresh_goes_on_in_order_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was in flight before ends first, so that the rest can be gone through again."""
    _, count = whole(tmp_path, SPEC, monkeypatch)
    for at in range(count // 2, count):
        place = tmp_path / f"begun-{at}.journal"
        assert killed(place, SPEC, monkeypatch, at)
        if all(len(trial.params) == 3 for trial in stored(place).trials):
            break  # a fresh engine is not asked for a part of a trial that was in flight
    begun = place.read_bytes()
    wanted = rows(run(place, SPEC, 4, resume="fresh"))
    equal = 0
    for at in range(1, 70, 12):
        place = tmp_path / f"{at}.journal"
        place.write_bytes(begun)
        if not killed(place, SPEC, monkeypatch, at, resume="fresh"):
            break
        found = rows(run(place, SPEC, 4, resume=True))
        equal += found == wanted
        assert len(found) == SPEC["trials"]
        assert not {"RUNNING", "WAITING"} & {row[1] for row in found}
    assert equal >= 3  # the others were killed in a trial that was in flight before


def test_a_mismatch_is_said_before_anything_is_evaluated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = {**SPEC, "backend": "hyperopt", "sampler": "tpe"}
    _, count = whole(tmp_path, spec, monkeypatch)
    place = tmp_path / "s.journal"
    assert killed(place, spec, monkeypatch, int(0.7 * count))
    before = rows(stored(place))
    changed = place.read_text().replace('"param_name":"n","param_value_internal":', "&1", 1)
    place.write_text(changed.replace("&1", '"param_name":"n","param_value_internal":1'))
    with pytest.raises(ResumeMismatch, match=r"trial 0 has n = 1\d"):
        run(place, spec, resume=True)
    after = rows(stored(place))
    assert (after[1:], len(after)) == (before[1:], len(before))


# What has to agree.


def test_the_lag_is_kept(tmp_path: Path) -> None:
    place = tmp_path / "s.journal"
    wanted = rows(run(tmp_path / "whole.journal", SPEC))
    run(place, {**SPEC, "trials": 6})
    assert rows(run(place, SPEC, resume=True, lag=None)) == wanted
    assert stored(place).user_attrs["crosstune:runs"][-1]["lag"] == LAG


@pytest.mark.parametrize(
    ("began", "asked", "words"),
    [
        (3, {"lag": 5}, "began with a lag of 3, and a lag of 5 is asked for now"),
        (None, {"lag": 5}, "began without an order, and a lag of 5 is asked for now. Leave it out"),
        (3, {"lag": None, "workers": 5}, "a lag of 3, so it has use for 4 workers at most, and 5"),
    ],
)
def test_another_lag_is_an_error_that_names_both(
    began: int | None, asked: dict[str, Any], words: str, tmp_path: Path
) -> None:
    place = tmp_path / "s.journal"
    run(place, {**SPEC, "trials": 6}, lag=began)
    with pytest.raises(RequestError, match=words):
        run(place, SPEC, resume=True, **asked)
    study = run(place, SPEC, resume="fresh", **{"lag": 5, **asked})
    assert study.user_attrs["crosstune:runs"][0].get("lag") == began
    assert len(study.trials) == SPEC["trials"]


def test_a_run_in_order_needs_workers_again(tmp_path: Path) -> None:
    place = tmp_path / "s.journal"
    run(place, {**SPEC, "trials": 6})
    with pytest.raises(RequestError, match="a lag of 3, which is 4 trials at a time, and no work"):
        crosstune.tune(SPEC, objective, storage=place, resume=True)


def test_without_lag_it_is_the_plain_run(tmp_path: Path) -> None:
    place = tmp_path / "s.journal"
    wanted = rows(support.run(tmp_path / "whole.journal", SPEC))
    run(place, {**SPEC, "trials": 5}, 1, lag=0)
    support.run(place, {**SPEC, "trials": 8}, resume=True)
    assert rows(run(place, SPEC, 1, lag=0, resume=True)) == wanted
