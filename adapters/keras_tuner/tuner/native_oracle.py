"""Keras Tuner's own oracles, with an Optuna study beside them.

The oracle searches the hypermodel's space as it does in Keras Tuner's own tuners, so its
suggestions are theirs, bit for bit; the study only records.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from crosstune.adapters.keras_tuner.adapter import TrueSeed, oracle_of
from crosstune.adapters.keras_tuner.library import oracles
from crosstune.adapters.keras_tuner.oracle_with_study import LedgerOracle
from crosstune.adapters.keras_tuner.private import find_place
from crosstune.adapters.keras_tuner.trial_state import PRUNED, rung_of
from crosstune.adapters.keras_tuner.tuner.oracle_study import StudyKeeper
from crosstune.engines.base import Adapter
from crosstune.engines.budget import SearchBudget
from crosstune.engines.record import run_record
from crosstune.engines.record_names import TRIAL_BUDGET
from crosstune.errors import RequestError


def native_oracle(
    adapter: Adapter,
    algorithm: str,
    *,
    options: Mapping[str, Any],
    objective: Any,
    seed: int | None,
    keeper: StudyKeeper,
    **more: Any,
) -> LedgerOracle:
    """One of Keras Tuner's oracles, with its trials in a study.

    Args:
        adapter: Keras Tuner's.
        algorithm: "random", "bayesian", "grid" or "hyperband".
        options: of the oracle, such as `num_initial_points`.
        objective: as in `keras_tuner.Oracle`.
        seed: any integer; 0, which Keras Tuner reads as no seed, is one here.
        keeper: opens the study.
        more: further arguments of `keras_tuner.Oracle`.

    Raises:
        RequestError: the oracle does not have an option, or refuses it.
    """
    chosen = adapter.algorithms[algorithm]
    chosen.check_options(f"keras_tuner:{algorithm}", options)
    oracle_class, native_options = oracle_of(algorithm, options)
    if chosen.scheduler:
        more.pop("max_trials")
    try:
        oracle: LedgerOracle = recorded(oracle_class)(
            keeper.open,
            lambda study: None,  # a reloaded oracle has its own state, and no use for the sampler
            run_record(adapter, algorithm, options, seed, native=True, notes=()),
            SearchBudget(more.get("max_trials")),
            objective=objective,
            seed=None if seed is None else TrueSeed(seed),
            **native_options,
            **more,
        )
    except TypeError as error:
        raise RequestError(f"keras_tuner:{algorithm} cannot be made: {error}") from error
    return oracle


@cache
def recorded(oracle: type) -> Any:
    """A subclass of one of Keras Tuner's oracles, with its trials in a study."""

    class RecordedOracle(LedgerOracle, oracle):  # type: ignore[misc]  # made at run time
        def _in_force(self) -> dict[str, Any]:
            """The options and the seed of the oracle, which a reload resets to the first ones."""
            options = {
                name: getattr(self, name, value) for name, value in self._runs.options.items()
            }
            return {"options": options, "seed": int(self.seed)}

        def set_state(self, state: Mapping[str, Any]) -> None:
            """The oracle's own; a grid's position is restored."""
            super().set_state(state)
            if isinstance(self, oracles.GridSearchOracle):
                find_place(self)

        def populate_space(self, trial_id: str) -> dict[str, Any]:
            """The oracle's own; the study gets its trial."""
            with self._pruned_counted():
                response: dict[str, Any] = super().populate_space(trial_id)
            if response["status"] == "RUNNING":
                live = self._begin(trial_id)
                rung = rung_of(response["values"], self._numbers)
                if rung is not None:
                    live.set_user_attr(TRIAL_BUDGET, asdict(rung))
                drawn = self.hyperparameters.copy()
                drawn.values = dict(response["values"])
                self._write(trial_id, drawn)
            return response

        @contextlib.contextmanager
        def _pruned_counted(self) -> Iterator[None]:
            """Let the oracle learn from pruned trials, by their last report."""
            pruned = [
                trial
                for trial in self.trials.values()
                if trial.status == PRUNED and trial.score is not None
            ]
            for trial in pruned:
                trial.status = "COMPLETED"
            try:
                yield
            finally:
                for trial in pruned:
                    trial.status = PRUNED

    RecordedOracle.__name__ = f"Recorded{oracle.__name__}"
    return RecordedOracle
