"""Every scheduler on made-up studies: budgets, rungs, and a finite end."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import optuna
import pytest
from hypothesis import given, settings
from optuna.distributions import FloatDistribution
from optuna.trial import FrozenTrial, TrialState

from crosstune.engines.base import Budget
from crosstune.engines.record_names import TRIAL_BUDGET
from crosstune.engines.seeds import derived_seed
from crosstune.samplers.scheduled.configurations import FINISHED, configurations
from crosstune.samplers.scheduled.deciding import decide
from crosstune.samplers.scheduled.decisions import (
    Continuation,
    Decision,
    NewConfiguration,
    Pause,
    ScheduleOver,
)
from crosstune.samplers.scheduled.hyperband import brackets
from crosstune.samplers.scheduled.rungs import rungs
from crosstune.samplers.scheduled.settings import OPTIONS, Scheduler

UNIT = FloatDistribution(0.0, 1.0)
MOST = 1_000


class MadeUpStudy:
    """Trials that a scheduler decides on, whose values are those of made-up curves."""

    def __init__(self, scheduler: Scheduler, limit: int, seed: int, *, fails: bool):
        self.scheduler = scheduler
        self.limit = limit
        self.seed = seed
        self.fails = fails
        self.trials: list[FrozenTrial] = []
        self.first: dict[int, int] = {}

    def decision(self) -> Decision:
        return decide(self.configurations(), self.scheduler, self.limit)

    def configurations(self) -> list[Any]:
        return configurations(self.trials, maximize=False, max_epochs=self.scheduler.max_epochs)

    def begin(self, decision: Decision) -> None:
        number = len(self.trials)
        most = self.scheduler.max_epochs
        if isinstance(decision, NewConfiguration):
            planned = Budget(decision.epochs, bracket=decision.bracket, max_epochs=most)
            x, self.first[number] = self._chance(number), number
        else:
            assert isinstance(decision, Continuation)
            configuration = decision.configuration
            planned = Budget(
                decision.epochs,
                configuration.epochs,
                configuration.last,
                configuration.bracket,
                max_epochs=most,
            )
            x, self.first[number] = configuration.params["x"], configuration.first
        self.trials.append(
            optuna.trial.create_trial(
                state=TrialState.RUNNING,
                params={"x": x},
                distributions={"x": UNIT},
                user_attrs={TRIAL_BUDGET: planned.plain()},
            )
        )
        self.trials[-1].number = number

    def end(self, number: int) -> None:
        trial = self.trials[number]
        planned = Budget(**trial.user_attrs[TRIAL_BUDGET])
        reports = {
            epoch: self._value(trial.params["x"], epoch)
            for epoch in range(planned.initial_epoch, planned.epochs)
        }
        failed = self.fails and self._chance(number, "fails") < 0.2
        state = TrialState.COMPLETE if planned.final else TrialState.PRUNED
        self.trials[number] = optuna.trial.create_trial(
            state=TrialState.FAIL if failed else state,
            value=None if failed else reports[planned.epochs - 1],
            params=trial.params,
            distributions=trial.distributions,
            user_attrs=trial.user_attrs,
            intermediate_values=reports,
        )
        self.trials[number].number = number

    def _value(self, x: float, epoch: int) -> float:
        return (x - 0.3) ** 2 + (1 + x) / (epoch + 1)

    def _chance(self, *parts: object) -> float:
        return derived_seed(self.seed, *parts) % 1000 / 1000


def run(study: MadeUpStudy, workers: int) -> None:
    running: list[int] = []
    for _ in range(MOST):
        decision = study.decision()
        if isinstance(decision, ScheduleOver) and not running:
            return
        begins = isinstance(decision, NewConfiguration | Continuation)
        if begins and len(running) < workers:
            running.append(len(study.trials))
            study.begin(decision)
            continue
        assert running, "it waits for nothing"
        study.end(running.pop(0))
    raise AssertionError("the schedule does not end")


@st.composite
def cases(draw: st.DrawFn) -> tuple[MadeUpStudy, int]:
    name = draw(st.sampled_from(sorted(OPTIONS)))
    most = draw(st.integers(2, 60))
    options: dict[str, Any] = {"max_epochs": most}
    if name == "freeze-thaw":
        options |= {"share": draw(st.sampled_from([0.01, 0.22, 0.6, 1.0]))}
        options |= {"step": draw(st.sampled_from([1.1, 1.6, 3.0]))}
    if name in ("freeze-thaw", "i-epoch", "successive-halving"):
        options |= {"first": draw(st.integers(1, most))}
    scheduler = Scheduler.of(name, options)
    study = MadeUpStudy(
        scheduler, draw(st.integers(1, 25)), draw(st.integers(0, 99)), fails=draw(st.booleans())
    )
    return study, draw(st.integers(1, 5))


@settings(max_examples=60, deadline=None)
@given(cases())
def test_a_schedule_ends_with_as_many_configurations_as_asked_for(
    case: tuple[MadeUpStudy, int],
) -> None:
    study, workers = case
    run(study, workers)
    begun = study.configurations()
    assert len(begun) == study.limit
    if not study.fails:
        assert any(configuration.state == FINISHED for configuration in begun)
    for configuration in begun:
        ends = [Budget(**part.user_attrs[TRIAL_BUDGET]).epochs for part in configuration.parts]
        assert ends == sorted(set(ends)), "each part trains further than the one before"
        assert ends[-1] <= study.scheduler.max_epochs
        begins = [
            Budget(**part.user_attrs[TRIAL_BUDGET]).initial_epoch for part in configuration.parts
        ]
        assert begins == [0, *ends[:-1]]


@settings(max_examples=40, deadline=None)
@given(cases())
def test_freeze_thaw_stays_within_its_share(case: tuple[MadeUpStudy, int]) -> None:
    study, workers = case
    if study.scheduler.name != "freeze-thaw":
        return
    run(study, workers)
    most, share = study.scheduler.max_epochs, study.scheduler.options["share"]
    first = study.scheduler.options["first"]
    spent = sum(configuration.spent for configuration in study.configurations())
    needed = study.limit * first + (most - first)  # all begin, and one reaches the end
    if not study.fails:
        assert spent <= max(share * most * study.limit, needed)


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_the_trainings_end_at_the_rungs_of_the_scheduler(name: str) -> None:
    scheduler = Scheduler.of(name, {"max_epochs": 27})
    study = MadeUpStudy(scheduler, 20, 0, fails=False)
    run(study, 1)
    ends = {Budget(**trial.user_attrs[TRIAL_BUDGET]).epochs for trial in study.trials}
    legal = {
        "freeze-thaw": set(rungs(4, 1.6, 27)),
        "i-epoch": {5, 27},
        "successive-halving": {1, 3, 9, 27},
        "hyperband": {rung for bracket in brackets(3, 27) for rung in bracket.rungs},
    }[name]
    assert ends <= legal
    assert 27 in ends


def test_i_epoch_continues_the_three_best() -> None:
    study = MadeUpStudy(Scheduler.of("i-epoch", {"max_epochs": 27}), 12, 3, fails=False)
    run(study, 1)
    begun = study.configurations()
    finished = {c.index for c in begun if c.state == FINISHED}
    assert finished == set(sorted(range(12), key=lambda i: begun[i].at(5))[:3])


def test_a_pause_ends_with_the_running_trial() -> None:
    study = MadeUpStudy(Scheduler.of("i-epoch", {"max_epochs": 27}), 1, 0, fails=False)
    study.begin(study.decision())
    assert study.decision() == Pause()
    study.end(0)
    assert isinstance(study.decision(), Continuation)
