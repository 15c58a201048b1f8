"""All private names of Hyperopt that are used, each with its reason.

`tests/engines/hyperopt/test_private.py` fails if one of them is renamed. Names that Hyperopt
neither documents nor hides, such as the helpers of `tpe.suggest`, are used directly;
`tests/engines/hyperopt/test_fast_tpe.py` fails if their behaviour changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crosstune.adapters.hyperopt.library import hyperopt, pyll


def functions() -> Mapping[str, Callable[..., Any]]:
    """The functions of an expression's nodes by name: a node has no public way to them."""
    functions: Mapping[str, Callable[..., Any]] = pyll.scope._impls
    return functions


def documents(trials: hyperopt.Trials) -> list[dict[str, Any]]:
    """Every trial, also those whose evaluation raised an error, in the order of their ids.

    `trials.trials` leaves these out, and no public name has them; nor has any the `exp_key` by
    which a `Trials` picks its own.
    """
    key = trials._exp_key
    docs = [doc for doc in trials._dynamic_trials if key is None or doc["exp_key"] == key]
    return sorted(docs, key=lambda doc: int(doc["tid"]))
