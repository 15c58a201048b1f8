"""Searching: seeds, direction, budget, and learning from all trials of the study."""

from __future__ import annotations

import pickle
from statistics import median

import optuna
import pytest
from optuna.trial import TrialState, create_trial

from crosstune.engines import study_values as ledger
from crosstune.engines.base import Adapter
from crosstune.space.parameters import Bool, Choice, Constant, Float, Int
from crosstune.space.space import Params, Space
from crosstune.testing import drive

SPACE = Space(
    {
        "x": Float(-1.0, 1.0),
        "kind": Choice(["a", "b"]),
        "depth": Int(1, 5, when={"kind": "a"}),
        "flag": Bool(),
        "rate": Float(1e-3, 1.0, log=True),
        "tag": Constant("t"),
    }
)
ROLES = ("random", "bayesian")
TRIALS = 17
"""A few more than most Bayesian searches draw at random before they begin to learn."""


def loss(params: Params) -> float:
    """A function with a minimum at x = 0.5, kind b."""
    assert isinstance(params["x"], float)
    assert isinstance(params["rate"], float)
    return (params["x"] - 0.5) ** 2 + (params["kind"] == "a") + params["rate"] / 10


class SearchContract:
    """The behaviour of a backend's random and Bayesian search in an Optuna study."""

    trials_to_learn = 22
    """After so many trials the Bayesian search of any of our engines has begun to learn."""

    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize("seed", [0, 7, -3, 2**40])
    def test_the_same_seed_gives_the_same_trials(
        self, adapter: Adapter, role: str, seed: int
    ) -> None:
        assert self._search(adapter, role, seed) == self._search(adapter, role, seed)

    @pytest.mark.parametrize("role", ROLES)
    def test_another_seed_gives_other_trials(self, adapter: Adapter, role: str) -> None:
        assert self._search(adapter, role, 0) != self._search(adapter, role, 1)

    @pytest.mark.parametrize("role", ROLES)
    def test_no_seed_is_a_random_one(self, adapter: Adapter, role: str) -> None:
        assert self._search(adapter, role, None) != self._search(adapter, role, None)

    def test_maximizing_equals_minimizing_the_negated_value(self, adapter: Adapter) -> None:
        down = drive.study(drive.sampler(adapter, "bayesian", SPACE))
        down.optimize(drive.objective(SPACE, loss), n_trials=self.trials_to_learn)
        up = drive.study(drive.sampler(adapter, "bayesian", SPACE), maximize=True)
        up.optimize(drive.objective(SPACE, lambda p: -loss(p)), n_trials=self.trials_to_learn)
        assert [t.params for t in up.trials] == [t.params for t in down.trials]

    def test_bayesian_search_ends_nearer_than_it_began(self, adapter: Adapter) -> None:
        space = Space({"x": Float(-1.0, 1.0), "y": Float(-1.0, 1.0)})

        def bowl(p: Params) -> float:
            return float((p["x"] - 0.5) ** 2 + (p["y"] + 0.5) ** 2)  # type: ignore[operator]

        study = drive.study(drive.sampler(adapter, "bayesian", space))
        study.optimize(drive.objective(space, bowl), n_trials=40)
        values = [trial.value or 0.0 for trial in study.trials]
        # The median, as a search that has found the optimum looks elsewhere now and then.
        assert median(values[-8:]) < median(values[:8])

    @pytest.mark.parametrize("role", ROLES)
    def test_the_engine_is_told_every_trial_as_it_was_evaluated(
        self, adapter: Adapter, role: str
    ) -> None:
        with drive.witnessed(adapter) as engines:
            study = drive.study(drive.driven(adapter, role, SPACE))
            self._queue_points(study)
            study.add_trial(self._foreign(-0.25, 3.5))
            study.optimize(drive.objective(SPACE, loss), n_trials=8)
            study.add_trial(self._foreign(0.75, 4.5))
            study.optimize(drive.objective(SPACE, loss), n_trials=3)
        (witness,) = engines
        told = [(repr(params), outcome.value) for params, outcome in witness.learnt]
        points = drive.points(SPACE, study.trials)
        evaluated = [(repr(p), t.value) for p, t in zip(points, study.trials, strict=True)]
        assert sorted(told) == sorted(evaluated[:-1])  # the last was told after the last question

    @pytest.mark.parametrize("role", ROLES)
    def test_queued_points_are_evaluated_first_and_once(self, adapter: Adapter, role: str) -> None:
        study = drive.study(drive.sampler(adapter, role, SPACE))
        self._queue_points(study)
        study.optimize(drive.objective(SPACE, loss), n_trials=6)
        first, second, *others = drive.points(SPACE, study.trials)
        assert first == {"x": 0.5, "kind": "b", "flag": True, "rate": 0.01, "tag": "t"}
        assert second["kind"] == "a"
        SPACE.check_point(second, complete=True)
        assert first not in others
        assert len(study.trials) == 6

    def test_a_foreign_trial_is_learnt_from(self, adapter: Adapter) -> None:
        def first_after(values: list[tuple[float, float]]) -> list[Params]:
            study = drive.study(drive.sampler(adapter, "bayesian", SPACE))
            for x, value in values:
                study.add_trial(self._foreign(x, value))
            study.optimize(drive.objective(SPACE, loss), n_trials=1)
            return drive.points(SPACE, study.trials)[-1:]

        xs = [-0.9 + 0.06 * i for i in range(30)]
        left_is_good = first_after([(x, x) for x in xs])
        right_is_good = first_after([(x, -x) for x in xs])
        assert left_is_good != right_is_good

    def test_the_budget_is_exact(self, adapter: Adapter) -> None:
        study = drive.study(drive.sampler(adapter, "random", SPACE))
        study.optimize(drive.objective(SPACE, loss), n_trials=7)
        assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 7

    def test_several_trials_can_be_open_at_once(self, adapter: Adapter) -> None:
        study = drive.study(drive.driven(adapter, "bayesian", SPACE))
        study.optimize(drive.objective(SPACE, loss), n_trials=TRIALS, n_jobs=2)
        assert len(study.trials) == TRIALS
        assert len({repr(trial.params) for trial in study.trials}) == TRIALS

    def test_trials_may_end_in_another_order(self, adapter: Adapter) -> None:
        study = drive.study(drive.driven(adapter, "bayesian", SPACE))
        for _ in range(5):
            open_trials = [study.ask() for _ in range(3)]
            points = [drive.objective(SPACE, loss)(trial) for trial in open_trials]
            for trial, value in reversed(list(zip(open_trials, points, strict=True))):
                study.tell(trial, value)
        assert len({repr(trial.params) for trial in study.trials}) == 15

    def test_a_sampler_survives_pickling(self, adapter: Adapter) -> None:
        study = drive.study(drive.driven(adapter, "bayesian", SPACE))
        study.optimize(drive.objective(SPACE, loss), n_trials=5)
        study.sampler = pickle.loads(pickle.dumps(study.sampler))
        study.optimize(drive.objective(SPACE, loss), n_trials=5)
        assert len(study.trials) == 10

    def test_the_native_object_is_within_reach(self, adapter: Adapter) -> None:
        sampler = drive.driven(adapter, "random", SPACE)
        drive.study(sampler).optimize(drive.objective(SPACE, loss), n_trials=2)
        assert sampler.native is not None

    def test_nothing_is_printed(self, adapter: Adapter, capfd: pytest.CaptureFixture[str]) -> None:
        self._search(adapter, "bayesian", 0)
        captured = capfd.readouterr()
        assert (captured.out, captured.err) == ("", "")

    @staticmethod
    def _search(adapter: Adapter, role: str, seed: int | None) -> list[Params]:
        study = drive.study(drive.sampler(adapter, role, SPACE, seed))
        study.optimize(drive.objective(SPACE, loss), n_trials=TRIALS)
        return drive.points(SPACE, study.trials)

    @staticmethod
    def _queue_points(study: optuna.Study) -> None:
        study.enqueue_trial({"x": 0.5, "kind": "b", "flag": True, "rate": 0.01, "tag": "t"})
        study.enqueue_trial({"kind": "a"})

    @staticmethod
    def _foreign(x: float, value: float) -> optuna.trial.FrozenTrial:
        params = {"x": x, "kind": "b", "flag": False, "rate": 0.1, "tag": "t"}
        distributions = ledger.distributions(SPACE)
        return create_trial(
            params=params, distributions={name: distributions[name] for name in params}, value=value
        )
