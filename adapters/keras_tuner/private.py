"""All private names of Keras Tuner that are used, each with its reason.

Three methods are overridden where their class is: `fast_bayesian` makes another regressor in
`BayesianOptimizationOracle._make_gpr`, which is called here and when a project is loaded again;
`tuner/keras_tuner.py` builds no model to find the space in `_populate_initial_space`, and continues
from the weights of the previous rung in `_build_hypermodel`, as Keras Tuner's own Hyperband does.
It finds them by `_get_checkpoint_fname` and `_get_build_config_fname`.
`tests/engines/keras_tuner/test_private.py` fails if one of the names changes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cmp_to_key
from typing import Any

from crosstune.adapters.keras_tuner.library import keras_tuner
from crosstune.engines.registry import library_of

with library_of("keras_tuner"):
    # The dictionaries LOCKS and THREADS of all oracles are in this module only.
    from keras_tuner.src.engine import oracle as oracle_module

    # The condition that `conditional_scope` makes; that function itself mistakes two independent
    # parents for a missing one.
    from keras_tuner.src.engine.conditions import Parent

__all__ = [
    "Parent",
    "continue_from_running_trials",
    "find_place",
    "forget",
    "normalisation",
    "note_tried",
    "released_lock",
    "values_hash",
    "write_no_files",
]


def forget(oracle: keras_tuner.Oracle) -> None:
    """Release an oracle, to which `LOCKS` and `THREADS` refer for ever."""
    oracle_module.LOCKS.pop(oracle, None)
    oracle_module.THREADS.pop(oracle, None)


@contextlib.contextmanager
def released_lock(oracle: Any) -> Iterator[None]:
    """Release the oracle's lock if a call raises, which Keras Tuner itself does not."""
    try:
        yield
    except BaseException:
        lock = oracle_module.LOCKS[oracle]
        if lock.locked():
            oracle_module.THREADS[oracle] = None
            lock.release()
        raise


def write_no_files(oracle: Any) -> None:
    """Keep an oracle from writing: `_save_trial` is the only place where trial files are written.

    It would rewrite up to 100 kB after each trial; the study stores the trials already.
    """
    oracle.save = oracle._save_trial = _save_nothing


def _save_nothing(*_: Any) -> None:
    """In place of writing files."""


def continue_from_running_trials(oracle: Any) -> None:
    """Let a grid continue from the points of running trials.

    It waits for them, since they might add parameters. `_populate_next` is its queue; the oracle's
    own comments allow an id to be in it twice.
    """
    oracle._populate_next.extend(trial.trial_id for trial in oracle.ongoing_trials.values())


def note_tried(oracle: Any, points: Iterable[Mapping[str, Any]]) -> None:
    """Mark points as tried, so that an oracle does not draw them again.

    There is no public way before the trial of a point has ended.
    """
    oracle._tried_so_far.update(values_hash(oracle, point) for point in points)


def values_hash(oracle: Any, values: Mapping[str, Any]) -> str:
    """The hash by which a continued oracle recognises points that were tried."""
    hashed: str = oracle._compute_values_hash(values)
    return hashed


def normalisation(regressor: Any) -> tuple[float, float]:
    """The scale and shift of scikit-learn's `normalize_y`. They have no public name.

    Args:
        regressor: a fitted `GaussianProcessRegressor`, as the Bayesian oracle has one.
    """
    return regressor._y_train_std, regressor._y_train_mean


def find_place(oracle: Any) -> None:
    """Restore the position of a `GridSearchOracle` that was reloaded.

    The project folder does not store it, so Keras Tuner's own ends at once or raises KeyError. The
    position is an order of the trials by their values, and a queue of those whose next point may
    not have been tried. Both follow from the trials: a trial is skipped if its next point was
    tried. It is in the private `_ordered_ids`, `_populate_next` and `_compare` only.
    """
    oracle._ordered_ids = type(oracle._ordered_ids)()
    values = {name: oracle.trials[name].hyperparameters.values for name in oracle.start_order}
    compare = cmp_to_key(lambda a, b: oracle._compare(values[a], values[b]))
    for name in sorted(values, key=compare):
        oracle._ordered_ids.insert(name)
    oracle._populate_next = list(oracle.start_order)
