"""Every private name of Hyperopt that is used, each with its reason.

`tests/engines/hyperopt/test_private.py` fails when one of them moves. Names that Hyperopt does not
document, yet does not hide either, such as the helpers of `tpe.suggest`, are used where they are;
`tests/engines/hyperopt/test_fast_tpe.py` fails when what they do changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crosstune.adapters.hyperopt.library import hyperopt, pyll


def functions() -> Mapping[str, Callable[..., Any]]:
    """What the nodes of an expression call, by name: there is no public way to it from a node."""
    found: Mapping[str, Callable[..., Any]] = pyll.scope._impls
    return found


def documents(trials: hyperopt.Trials) -> list[dict[str, Any]]:
    """Every trial, also those whose evaluation raised an error, in the order of their ids.

    `trials.trials` leaves these out, and no public name has them; nor has any the `exp_key` by
    which a `Trials` picks its own.
    """
    key = trials._exp_key
    docs = [doc for doc in trials._dynamic_trials if key is None or doc["exp_key"] == key]
    return sorted(docs, key=lambda doc: int(doc["tid"]))
