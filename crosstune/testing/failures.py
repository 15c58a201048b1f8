"""Faults of an objective, each of which may only cost its trial."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from crosstune.engines.base import Adapter, Outcome
from crosstune.space.parameters import Float, Int
from crosstune.space.space import Params, Space
from crosstune.testing import drive

SPACE = Space({"x": Float(-1.0, 1.0), "n": Int(1, 9)})
TRIALS = 12
"""A few more than Bayesian searches draw at random before they begin to learn."""


class FailureContract:
    """A search survives failed, pruned and infinite trials, and the engine learns of them."""

    @pytest.mark.parametrize("role", ["random", "bayesian"])
    @pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf"), "text", None])
    def test_a_search_goes_on_after_a_bad_value(
        self, adapter: Adapter, role: str, bad: object
    ) -> None:
        study = self._search(adapter, role, lambda trial, value: bad if trial % 4 == 1 else value)
        assert len(study.trials) == TRIALS
        wanted = TrialState.COMPLETE if bad in (float("inf"), float("-inf")) else TrialState.FAIL
        assert {trial.state for trial in study.trials[1::4]} == {wanted}
        assert all(trial.params for trial in study.trials)

    @pytest.mark.parametrize("role", ["random", "bayesian"])
    def test_a_search_goes_on_after_an_exception(self, adapter: Adapter, role: str) -> None:
        def fail(trial: int, value: float) -> float:
            if trial % 2:
                raise ZeroDivisionError
            return value

        study = self._search(adapter, role, fail)
        assert [trial.state for trial in study.trials[1::2]] == [TrialState.FAIL] * (TRIALS // 2)

    @pytest.mark.parametrize("role", ["random", "bayesian"])
    def test_a_search_goes_on_when_every_trial_fails(self, adapter: Adapter, role: str) -> None:
        study = self._search(adapter, role, lambda trial, value: float("nan"))
        assert [trial.state for trial in study.trials] == [TrialState.FAIL] * TRIALS

    def test_a_failed_trial_is_told_without_a_value(self, adapter: Adapter) -> None:
        with drive.witnessed(adapter) as engines:
            self._search(adapter, "bayesian", lambda trial, v: float("nan") if trial == 2 else v)
        outcomes = [outcome for _, outcome in engines[0].learnt]
        assert outcomes[2] == Outcome("failed")
        assert [o.state for o in outcomes].count("complete") == TRIALS - 2

    def test_a_pruned_trial_is_told_with_its_last_report(self, adapter: Adapter) -> None:
        space = SPACE
        sampler = drive.driven(adapter, "bayesian", space)

        def objective(trial: optuna.Trial) -> float:
            value = drive.objective(space, lambda p: float(p["x"] or 0))(trial)
            trial.report(10.0, 0)
            trial.report(5.0, 1)
            if trial.number % 3 == 1:
                raise optuna.TrialPruned
            return value

        with drive.witnessed(adapter) as engines:
            drive.study(sampler).optimize(objective, n_trials=TRIALS)
        pruned = [o for _, o in engines[0].learnt if o.state == "pruned"]
        assert {outcome.value for outcome in pruned} == {5.0}
        assert dict(pruned[0].reports) == {0: 10.0, 1: 5.0}

    def test_a_search_goes_on_when_trials_are_pruned_without_a_report(
        self, adapter: Adapter
    ) -> None:
        def prune(trial: int, value: float) -> float:
            if trial % 2:
                raise optuna.TrialPruned
            return value

        study = self._search(adapter, "bayesian", prune)
        assert {trial.state for trial in study.trials[1::2]} == {TrialState.PRUNED}

    def test_pruners_decide(self, adapter: Adapter) -> None:
        sampler = drive.sampler(adapter, "random", SPACE)
        pruner = optuna.pruners.MedianPruner(n_startup_trials=2)
        study = optuna.create_study(sampler=sampler, pruner=pruner)

        study.optimize(self._reporting(3), n_trials=TRIALS)
        states = [trial.state for trial in study.trials]
        assert TrialState.PRUNED in states
        assert TrialState.COMPLETE in states[3:]

    def test_hyperband_hides_no_trial_from_the_engine(self, adapter: Adapter) -> None:
        with drive.witnessed(adapter) as engines:
            study = optuna.create_study(
                sampler=drive.driven(adapter, "random", SPACE),
                pruner=optuna.pruners.HyperbandPruner(min_resource=1, max_resource=9),
                study_name="hyperband",
            )
            study.optimize(self._reporting(9), n_trials=TRIALS)
        assert len(engines[0].learnt) == TRIALS - 1

    @staticmethod
    def _reporting(steps: int) -> Callable[[optuna.Trial], float]:
        """An objective that reports its value a number of times, and can be pruned."""

        def objective(trial: optuna.Trial) -> float:
            value = drive.objective(SPACE, lambda p: float(p["x"] or 0))(trial)
            for step in range(steps):
                trial.report(value, step)
                if trial.should_prune():
                    raise optuna.TrialPruned
            return value

        return objective

    @staticmethod
    def _search(adapter: Adapter, role: str, spoil: Callable[[int, float], Any]) -> optuna.Study:
        def measure(params: Params) -> float:
            return float(params["x"] or 0) ** 2

        def objective(trial: optuna.Trial) -> Any:
            return spoil(trial.number, drive.objective(SPACE, measure)(trial))

        study = drive.study(drive.driven(adapter, role, SPACE))
        with drive.quietly():
            study.optimize(objective, n_trials=TRIALS, catch=(ZeroDivisionError,))
        return study
