"""What the engine is told of each configuration."""

from __future__ import annotations

from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import FrozenTrial, TrialState

from crosstune.engines.base import Budget
from crosstune.engines.record_names import TRIAL_BUDGET
from crosstune.samplers.scheduled.configurations import configurations
from crosstune.samplers.scheduled.settings import Scheduler
from crosstune.samplers.scheduled.told import as_trials

MOST = 9
COMPLETE, PRUNED = TrialState.COMPLETE, TrialState.PRUNED
FAIL, RUNNING = TrialState.FAIL, TrialState.RUNNING


def part(number: int, state: TrialState, x: float, planned: Budget, **more: Any) -> FrozenTrial:
    trial = optuna.trial.create_trial(
        state=state,
        params={"x": x},
        distributions={"x": FloatDistribution(0.0, 1.0)},
        user_attrs={TRIAL_BUDGET: planned.plain()},
        **more,
    )
    trial.number = number
    return trial


def study() -> list[FrozenTrial]:
    first = Budget(3, max_epochs=MOST)
    return [
        part(0, PRUNED, 0.1, first, value=5.0, intermediate_values={0: 7.0, 1: 6.0, 2: 5.0}),
        part(1, PRUNED, 0.2, first, value=8.0, intermediate_values={0: 9.5, 1: 9.0, 2: 8.0}),
        part(2, FAIL, 0.3, first),
        part(3, PRUNED, 0.4, first, value=9.0, intermediate_values={0: 9.0}),  # given up
        part(4, COMPLETE, 0.1, Budget(9, 3, 0, max_epochs=MOST), value=4.0),
        part(5, RUNNING, 0.2, Budget(9, 3, 1, max_epochs=MOST), intermediate_values={3: 1.0}),
        part(6, RUNNING, 0.5, first),
    ]


def told(option: str, *, maximize: bool = False) -> list[tuple[TrialState, float | None]]:
    begun = configurations(study(), maximize=maximize, max_epochs=MOST)
    scheduler = Scheduler.of("freeze-thaw", {"max_epochs": MOST, "told": option})
    trials = as_trials(begun, scheduler, maximize=maximize, seed=1)
    assert [trial.number for trial in trials] == [0, 1, 2, 3, 4]
    return [(trial.state, trial.value) for trial in trials]


@pytest.mark.parametrize("maximize", [False, True])
def test_the_last_report_is_told_of_a_configuration_that_runs_or_is_paused(maximize: bool) -> None:
    assert told("last", maximize=maximize) == [
        (COMPLETE, 4.0),
        (COMPLETE, 8.0),
        (FAIL, None),
        (PRUNED, 9.0),
        (RUNNING, None),
    ]


@pytest.mark.parametrize("maximize", [False, True])
def test_the_report_at_the_last_common_epoch_is_told_of_all(maximize: bool) -> None:
    values = [value for _, value in told("common", maximize=maximize)]
    assert values == [5.0, 8.0, None, 9.0, None]
    begun = configurations(study()[:2], maximize=maximize, max_epochs=MOST)
    begun[1].curve.pop(3)
    scheduler = Scheduler.of("freeze-thaw", {"max_epochs": MOST, "told": "common"})
    trials = as_trials(begun, scheduler, maximize=maximize, seed=1)
    assert [trial.value for trial in trials] == [6.0, 9.0]


def test_the_first_parts_have_most_of_the_share_unless_short_ones_are_read() -> None:
    assert Scheduler.of("freeze-thaw", {"max_epochs": 52}).told == "common"
    assert Scheduler.of("hyperband", {"max_epochs": 52}).told == "last"
    firsts = [
        Scheduler.of("freeze-thaw", {"max_epochs": most, "share": share}).options["first"]
        for most, share in ((52, 0.22), (10, 0.1), (2, 1.0))
    ]
    assert firsts == [8, 1, 1]
    learns = Scheduler.of("freeze-thaw", {"max_epochs": 52}, reads_curves=True)
    assert learns.options["first"] == 3
    assert learns.told == "last"


def test_an_engine_that_reads_curves_is_told_where_a_finished_configuration_ended() -> None:
    begun = configurations(study(), maximize=False, max_epochs=MOST)
    scheduler = Scheduler.of("freeze-thaw", {"max_epochs": MOST}, reads_curves=True)
    finished = as_trials(begun, scheduler, maximize=False, seed=1)[0]
    assert finished.value == 4.0


def test_i_epoch_begins_with_a_fifth_and_never_with_whole_trainings() -> None:
    firsts = {
        most: Scheduler.of("i-epoch", {"max_epochs": most}).options["first"]
        for most in (2, 4, 10, 27, 52, 300)
    }
    assert firsts == {2: 1, 4: 1, 10: 2, 27: 5, 52: 10, 300: 10}
    assert Scheduler.of("i-epoch", {"max_epochs": 4, "first": 4}).options["first"] == 4


def test_a_paused_configuration_may_be_told_as_pruned_or_not_at_all() -> None:
    assert told("pruned")[1] == (PRUNED, 8.0)
    assert told("nothing")[1] == (RUNNING, None)
    assert told("pruned")[0] == told("nothing")[0] == (COMPLETE, 4.0)


def test_the_predicted_end_is_told_and_the_true_one_of_a_finished_one() -> None:
    end, draw = told("end"), told("draw")
    assert end[0] == draw[0] == (COMPLETE, 4.0)
    assert end[1][1] is not None
    assert end[1][1] < 8.0
    assert draw[1] != end[1]
    assert draw == told("draw")


def test_a_running_continuation_does_not_count_as_trained_to_the_end() -> None:
    begun = configurations(study(), maximize=False, max_epochs=MOST)
    scheduler = Scheduler.of("freeze-thaw", {"max_epochs": MOST})
    running = as_trials(begun, scheduler, maximize=False, seed=1)[1]
    assert running.user_attrs[TRIAL_BUDGET]["epochs"] == 3
    assert running.intermediate_values == {1: 9.5, 2: 9.0, 3: 8.0}


def test_reports_are_told_by_epoch_over_all_parts() -> None:
    begun = configurations(study(), maximize=True, max_epochs=MOST)
    scheduler = Scheduler.of("freeze-thaw", {"max_epochs": MOST})
    finished = as_trials(begun, scheduler, maximize=True, seed=1)[0]
    assert finished.intermediate_values == {1: 7.0, 2: 6.0, 3: 5.0}
