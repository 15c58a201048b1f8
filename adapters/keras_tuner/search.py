"""Searches as oracles, asked and told as by `keras_tuner.Tuner.search`."""

from __future__ import annotations

import copy
import math
import warnings
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crosstune.adapters.keras_tuner.compile import encode, point_of
from crosstune.adapters.keras_tuner.library import Trial, keras_tuner, oracles
from crosstune.adapters.keras_tuner.private import (
    continue_from_running_trials,
    forget,
    note_tried,
    released_lock,
    write_no_files,
)
from crosstune.adapters.keras_tuner.trial_state import RUNG, rung_of
from crosstune.engines.base import Budget, Busy, Engine, Exhausted, Outcome, fewest_grid_points
from crosstune.space.coordinates import Continuous
from crosstune.space.space import Params, Space

OBJECTIVE = "objective"
"""The oracle's name of the study's value."""


class KerasTunerEngine(Engine):
    """The steps of `keras_tuner.Tuner.search` between two evaluations, without its files.

    Args:
        space: to search.
        oracle: fresh, on the compiled space.
        exhaustive: whether the oracle evaluates each point once.
    """

    def __init__(self, space: Space, oracle: keras_tuner.Oracle, *, exhaustive: bool = False):
        self.space = space
        self.exhaustive = exhaustive
        if exhaustive:
            self.lasts = fewest_grid_points(space)
        elif isinstance(oracle, oracles.HyperbandOracle) or not any(
            _is_endless(space, name) for name in space
        ):
            self.lasts = 0
        self.distinct = not exhaustive and not isinstance(oracle, oracles.HyperbandOracle)
        self.native = oracle
        weakref.finalize(self, forget, oracle)
        oracle.verbose = 0
        write_no_files(oracle)
        self._trials: dict[int, Any] = {}
        self._asked: dict[str, int] = {}

    def ask(self, trial: int) -> Params:
        """One `create_trial`; each trial has a tuner of its own, so several can run."""
        with released_lock(self.native), warnings.catch_warnings():
            # scikit-learn's warnings are about the oracle's own model; the user cannot act on them.
            warnings.simplefilter("ignore")
            proposed = self.native.create_trial(f"trial {trial}")
            if proposed.status == "IDLE" and self.exhaustive:
                # Trials of a compiled space never add parameters.
                continue_from_running_trials(self.native)
                proposed = self.native.create_trial(f"trial {trial}")
        if proposed.status == "IDLE":
            raise Busy
        if proposed.status != "RUNNING":
            raise Exhausted
        self._trials[trial] = proposed
        self._asked[proposed.trial_id] = trial
        return point_of(self.space, proposed.hyperparameters.values)

    def thaw(self, frozen: Mapping[str, Any]) -> None:
        """Restore a frozen oracle, and release it at the end too."""
        super().thaw(frozen)
        weakref.finalize(self, forget, self.native)

    def budget(self, trial: int) -> Budget | None:
        """The rung of the trial in the Hyperband oracle's schedule."""
        return rung_of(self._trials[trial].hyperparameters.values, self._asked)

    def running(self, points: Sequence[Params]) -> None:
        """Mark the points of other processes as tried, so that none is drawn again."""
        if self.distinct:
            note_tried(self.native, map(self._encoded, points))

    def tell(self, trial: int, outcome: Outcome) -> None:
        """One `update_trial` with the value and one `end_trial`."""
        self._end(self._trials.pop(trial), outcome, self.native.end_trial)

    def replace(self, trial: int, params: Params, outcome: Outcome) -> None:
        """Tell the value of a trial at other values than proposed."""
        hyperparameters = self._trials[trial].hyperparameters
        rung = {k: v for k, v in hyperparameters.values.items() if k.startswith(RUNG)}
        hyperparameters.values = {**rung, **self._encoded(params)}
        self.tell(trial, outcome)

    def insert(self, params: Params, outcome: Outcome) -> None:
        """Add a finished trial under the next id."""
        values = self.native.get_space()
        values.values = self._encoded(params)
        trial = Trial(hyperparameters=values, trial_id=f"{len(self.native.trials):04d}")
        self.native.trials[trial.trial_id] = trial
        if self.exhaustive:
            # A point outside the grid has no next point: the grid must not continue from it.
            self._end(trial, outcome, lambda t: keras_tuner.Oracle.end_trial(self.native, t))
        else:
            self.native.start_order.append(trial.trial_id)
            self._end(trial, outcome, self.native.end_trial)

    def _end(self, trial: Any, outcome: Outcome, end_trial: Callable[[Any], None]) -> None:
        with released_lock(self.native):
            if outcome.value is None or not math.isfinite(outcome.value):
                trial.status = "FAILED"
                trial.message = outcome.state
            else:
                self.native.update_trial(trial.trial_id, {OBJECTIVE: outcome.value})
                trial.status = "COMPLETED"
            end_trial(trial)

    def _encoded(self, params: Params) -> dict[str, Any]:
        return {
            name: encode(item, item.encode(params[name]))
            for name, item in self.space.searched.items()
            if name in params
        }


class Declared(keras_tuner.HyperParameters):  # type: ignore[misc]  # untyped
    """A complete space, whose copies can therefore share the hyperparameters.

    An oracle copies its space several times per trial, and Keras Tuner's own copy rebuilds every
    hyperparameter from its configuration.
    """

    @classmethod
    def of(cls, native: keras_tuner.HyperParameters) -> Declared:
        """The space of `native`."""
        declared = cls()
        declared.merge(native)
        return declared

    def copy(self) -> Declared:
        """The same hyperparameters with values of its own."""
        other = copy.copy(self)
        other.values = dict(self.values)
        return other


def _is_endless(space: Space, name: str) -> bool:
    """True if a parameter alone has infinitely many points."""
    return isinstance(space[name].coordinate, Continuous) and not space.conditions[name]
