"""The takeover of Keras Tuner: every tuner gets an oracle that asks the chosen engine."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras_tuner
from keras_tuner.engine import base_tuner
from keras_tuner.oracles import GridSearchOracle

from crosstune.errors import RequestError
from crosstune.takeover.choice import Choice


def take_over(make: Callable[[], Choice]) -> None:
    """Drive every tuner that is made in this process from now on."""
    tuner = base_tuner.BaseTuner
    tuner.__init__ = _driven(tuner.__init__, make)


def _driven(init: Callable[..., None], make: Callable[[], Choice]) -> Callable[..., None]:
    @functools.wraps(init)
    def driven(tuner: Any, oracle: Any, *args: Any, **kwargs: Any) -> None:
        # Not sooner: it imports Keras Tuner itself, which may be what brought us here.
        from crosstune.adapters.keras_tuner_ledger import LedgerOracle

        choice = make()
        known = isinstance(oracle, keras_tuner.Oracle) and not isinstance(oracle, LedgerOracle)
        if known and choice.trials is not None and oracle.max_trials is not None:
            oracle.max_trials = choice.trials
        if known and choice.swaps:
            oracle = _swap(oracle, choice)
        init(tuner, oracle, *args, **kwargs)
        if isinstance(oracle, LedgerOracle):
            choice.log(oracle.study)

    return driven


def _swap(given: keras_tuner.Oracle, choice: Choice) -> keras_tuner.Oracle:
    from crosstune.keras.choice import choose_oracle

    name = type(given).__name__
    trials = choice.trials or given.max_trials
    if isinstance(given, GridSearchOracle):
        choice.leave(f"a search with {name}", "it walks its own points, and ends after the last")
        return given
    if trials is None:
        choice.leave(
            f"a search with {name}", "it ends by a schedule of its own, so --trials has to say when"
        )
        return given
    seed = choice.next_seed(given.seed)
    try:
        oracle = choose_oracle(
            None,
            backend=choice.adapter.name,
            sampler=choice.algorithm,
            objective=given.objective,
            max_trials=trials,
            pruner=None,
            seed=seed,
            storage=None,
            study_name=None,
            new=True,
            hyperparameters=given.hyperparameters,
            tune_new_entries=given.tune_new_entries,
            allow_new_entries=given.allow_new_entries,
            max_retries_per_trial=given.max_retries_per_trial,
            max_consecutive_failed_trials=given.max_consecutive_failed_trials,
        )
    except RequestError as reason:
        choice.leave(f"a search with {name}", str(reason))
        return given
    choice.say(f"{choice.label} proposes in place of Keras Tuner's {name}", f" (seed {seed})")
    return oracle
