"""A worker may read the study and report of its own trial, if it knows the numbers."""

from __future__ import annotations

from collections.abc import Callable

import optuna
import pytest
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from crosstune import _optuna
from crosstune.parallel.channel import connect, open_to_workers
from crosstune.parallel.trial_storage import Gate


def _gate() -> tuple[optuna.Study, Gate, optuna.Trial, int]:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    gate = Gate(*_optuna.identity(study))
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    return study, gate, trial, gate.admit(_optuna.trial_id(trial))


def test_an_attempt_reports_and_reads_its_trial() -> None:
    study, gate, trial, ticket = _gate()
    attempt = gate.create_new_trial(ticket)
    gate.set_trial_intermediate_value(attempt, 0, 0.5)
    gate.set_trial_user_attr(attempt, "size", 3)
    seen = gate.get_trial(attempt)
    assert (seen.number, seen.params) == (2, trial.params)
    assert study.trials[2].intermediate_values == {0: 0.5}
    assert study.trials[2].user_attrs == {"size": 3}
    assert [t.number for t in gate.get_all_trials(gate.run)] == [0, 1, 2]


def test_a_second_attempt_ends_the_first_and_hides_what_it_reported() -> None:
    study, gate, _, ticket = _gate()
    first = gate.create_new_trial(ticket)
    gate.set_trial_intermediate_value(first, 0, 9.0)
    gate.set_trial_intermediate_value(first, 1, 9.0)
    gate.set_trial_system_attr(first, "completed_rung_0", 9.0)
    second = gate.create_new_trial(ticket)
    with pytest.raises(UpdateFinishedTrialError):
        gate.set_trial_intermediate_value(first, 2, 9.0)
    assert gate.get_trial(second).intermediate_values == {}
    gate.set_trial_intermediate_value(second, 0, 0.5)
    assert gate.get_trial(second).intermediate_values == {0: 0.5}
    assert gate.get_all_trials(gate.run)[2].intermediate_values == {0: 0.5}
    assert "completed_rung_0" not in gate.get_trial(second).system_attrs
    assert study.trials[2].intermediate_values == {0: 0.5, 1: 9.0}
    assert gate.attempts(ticket) == 2


def test_nothing_is_taken_of_a_trial_that_was_told() -> None:
    study, gate, trial, ticket = _gate()
    attempt = gate.create_new_trial(ticket)
    gate.dismiss(ticket)
    study.tell(trial, 1.0)
    with pytest.raises(UpdateFinishedTrialError):
        gate.set_trial_intermediate_value(attempt, 0, 0.5)
    with pytest.raises(KeyError):
        gate.create_new_trial(ticket)


@pytest.mark.parametrize(
    "call",
    [
        lambda gate: gate.get_all_trials(0),
        lambda gate: gate.get_trial(0),
        lambda gate: gate.create_new_trial(0),
        lambda gate: gate.get_study_user_attrs(0),
        lambda gate: gate.get_study_id_from_name("no-name"),
        lambda gate: gate.delete_study(gate.run),
        lambda gate: gate.set_study_system_attr(gate.run, "a", 1),
        lambda gate: gate.set_trial_state_values(gate.run + 1, TrialState.COMPLETE, [1.0]),
        lambda gate: gate.set_trial_user_attr(gate.run + 1, "a", 1),
    ],
)
def test_a_stranger_and_a_worker_out_of_bounds_are_refused(call: Callable[[Gate], object]) -> None:
    study, gate, _, _ = _gate()
    before = study.trials
    with pytest.raises((KeyError, UpdateFinishedTrialError)):
        call(gate)
    assert study.trials == before
    assert gate.get_all_studies() == []


@pytest.mark.parametrize("host", [None, "127.0.0.1"])
def test_it_is_reached_through_the_channel(host: str | None) -> None:
    _, gate, trial, ticket = _gate()
    with open_to_workers(gate, host) as address:
        assert address.startswith("unix:" if host is None else "127.0.0.1:")
        proxy = connect(address)
        attempt = proxy.create_new_trial(ticket)
        proxy.set_trial_intermediate_value(attempt, 0, 0.5)
        assert proxy.get_trial(attempt).params == trial.params
        with pytest.raises(KeyError):
            proxy.get_all_trials(0)
        proxy.create_new_trial(ticket)
        with pytest.raises(UpdateFinishedTrialError):
            proxy.set_trial_intermediate_value(attempt, 1, 0.5)


def test_the_socket_is_in_a_folder_of_this_user_alone() -> None:
    from pathlib import Path

    _, gate, _, _ = _gate()
    with open_to_workers(gate, None) as address:
        folder = Path(address.removeprefix("unix:").rpartition(":")[0]).parent
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


def test_a_task_that_comes_too_late_ends_without_harm() -> None:
    import pickle

    from crosstune.parallel.evaluate import begin_run, end_run, evaluate
    from crosstune.parallel.task import TrialTask

    study, gate, trial, ticket = _gate()
    gate.dismiss(ticket)
    study.tell(trial, 1.0)
    begin_run(gate.run, gate, lambda trial: 2.0)
    try:
        outcome = evaluate(
            TrialTask(gate.run, ticket, 2, study.study_name, pickle.dumps(study.pruner))
        )
    finally:
        end_run(gate.run)
    assert (outcome.state, study.trials[2].value) == ("failed", 1.0)
    assert pickle.loads(pickle.dumps(outcome)) == outcome
