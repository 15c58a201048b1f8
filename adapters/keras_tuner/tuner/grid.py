"""Where a walk of Keras Tuner's grid oracle stands, after a reload.

The project folder does not hold it, so Keras Tuner's own ends at once or raises KeyError.
"""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any


def find_place(oracle: Any) -> None:
    """Let a `GridSearchOracle` that was reloaded walk on.

    The walk is an order of the trials by their values, and a queue of those whose next point may
    not have been tried. Both follow from the trials: a trial is passed over if its next point was.

    `_ordered_ids`, `_populate_next` and `_compare` are private; nothing public holds the walk.
    """
    oracle._ordered_ids = type(oracle._ordered_ids)()
    values = {name: oracle.trials[name].hyperparameters.values for name in oracle.start_order}
    compare = cmp_to_key(lambda a, b: oracle._compare(values[a], values[b]))
    for name in sorted(values, key=compare):
        oracle._ordered_ids.insert(name)
    oracle._populate_next = list(oracle.start_order)
