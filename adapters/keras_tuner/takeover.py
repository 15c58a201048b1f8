"""The takeover of Keras Tuner: every tuner gets an oracle that asks the chosen engine."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import keras_tuner
from keras_tuner.engine import base_tuner
from keras_tuner.oracles import GridSearchOracle, HyperbandOracle

from crosstune.errors import RequestError
from crosstune.takeover.choice import ScriptEngine
from crosstune.takeover.limit import spent

_WANTED = "crosstune_wanted_trials"
"""The attribute of an oracle with the script's own `max_trials`."""


def take_over(make: Callable[[], ScriptEngine]) -> None:
    """Drive every tuner that is made in this process from now on."""
    tuner = base_tuner.BaseTuner
    tuner.__init__ = _driven(tuner.__init__, make)
    tuner.search = _limited(tuner.search, make)


def _driven(init: Callable[..., None], make: Callable[[], ScriptEngine]) -> Callable[..., None]:
    signature = inspect.signature(init)

    @functools.wraps(init)
    def driven(tuner: Any, oracle: Any, *args: Any, **kwargs: Any) -> None:
        # Not earlier: it imports Keras Tuner itself, and this may be called by its import.
        from crosstune.adapters.keras_tuner.oracle_with_study import LedgerOracle

        choice = make()
        choice.refuse_scheduler("a search of Keras Tuner")
        is_oracle = isinstance(oracle, keras_tuner.Oracle)
        wanted = oracle.max_trials if is_oracle else None
        swapped = is_oracle and choice.swaps and not isinstance(oracle, LedgerOracle)
        if swapped:
            oracle = _swap(oracle, choice)
        if is_oracle and choice.trials is not None:
            _limit(oracle, wanted, choice.trials)
        call = signature.bind(tuner, oracle, *args, **kwargs)
        if swapped and isinstance(oracle, LedgerOracle) and not call.arguments.get("overwrite"):
            _choose_project(call.arguments, oracle.engine, choice)
        init(*call.args, **call.kwargs)
        if isinstance(oracle, LedgerOracle):
            choice.log(oracle.study)

    return driven


def _choose_project(arguments: dict[str, Any], engine: str, choice: ScriptEngine) -> None:
    """Choose another folder for an engine if a different one, or Keras Tuner, has used this one."""
    from crosstune.adapters.keras_tuner.project import project_for

    directory, name = arguments.get("directory"), arguments.get("project_name")
    arguments["project_name"], other = project_for(directory, name, engine, adopts=False)
    if other is not None:
        choice.say(other)


def _limited(search: Callable[..., None], make: Callable[[], ScriptEngine]) -> Callable[..., None]:
    @functools.wraps(search)
    def limited(tuner: Any, *args: Any, **kwargs: Any) -> None:
        most = make().trials
        oracle = tuner.oracle
        if most is not None and hasattr(oracle, _WANTED):
            if oracle.max_trials is None or oracle.max_trials > most:  # The script has raised it.
                _limit(oracle, oracle.max_trials, most)
            wanted = getattr(oracle, _WANTED)
            over = ("COMPLETED", "FAILED", "STOPPED")
            ended = sum(trial.status in over for trial in oracle.trials.values())
            if ended >= most and (wanted is None or wanted > most):
                raise spent(f"the search in {tuner.project_dir}", ended, most)
        search(tuner, *args, **kwargs)

    return limited


def _limit(oracle: keras_tuner.Oracle, wanted: int | None, most: int) -> None:
    setattr(oracle, _WANTED, wanted)
    oracle.max_trials = min(wanted or most, most)


def _swap(native: keras_tuner.Oracle, choice: ScriptEngine) -> keras_tuner.Oracle:
    from crosstune.adapters.keras_tuner.tuner.choose_oracle import choose_oracle
    from crosstune.engines.record import amend_record

    name = type(native).__name__
    trials = native.max_trials or choice.trials
    if isinstance(native, GridSearchOracle):
        choice.leave(f"a search with {name}", "it proposes its own points, and ends after the last")
        return native
    if trials is None:
        choice.leave(
            f"a search with {name}", "it ends by a schedule of its own, so --trials has to say when"
        )
        return native
    seed = choice.next_seed(native.seed)
    try:
        oracle = choose_oracle(
            None,
            backend=choice.engine.adapter.name,
            sampler=choice.engine.algorithm,
            objective=native.objective,
            max_trials=trials,
            pruner=None,
            seed=seed,
            storage=None,
            study_name=None,
            new=True,
            hyperparameters=native.hyperparameters,
            tune_new_entries=native.tune_new_entries,
            allow_new_entries=native.allow_new_entries,
            max_retries_per_trial=native.max_retries_per_trial,
            max_consecutive_failed_trials=native.max_consecutive_failed_trials,
        )
    except RequestError as reason:
        choice.leave(f"a search with {name}", str(reason))
        return native
    amend_record(oracle.study, replaced=name)
    detail = f" (seed {seed})"
    if isinstance(native, HyperbandOracle):
        # What a `Hyperband` tuner reads, for a trial that trains to the end (bracket 0).
        first = dict.fromkeys(("tuner/initial_epoch", "tuner/bracket", "tuner/round"), 0)
        oracle.constants = {"tuner/epochs": native.max_epochs, **first}
        detail += f", and each trial trains {native.max_epochs} epochs"
    choice.say(f"{choice.engine.label} proposes in place of Keras Tuner's {name}", detail)
    return oracle
