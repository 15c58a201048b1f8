"""Hyperopt's own TPE, without the work that it repeats at every suggestion.

`tpe.suggest` builds the same expression graph at every call, and its evaluation keeps track of
what may be forgotten. Here its own code runs with two other helpers: the graph is built once,
and nothing is forgotten before the end. The library itself is left as it is.

The suggestions are the same bit for bit where that is tested (`tests/test_identity.py`); any
other version of Hyperopt runs untouched.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from types import FunctionType, SimpleNamespace
from typing import Any

import hyperopt
from hyperopt import pyll, tpe

PROVED = ("0.3.0",)
"""The versions of Hyperopt on which identity is tested."""


def suggest_once_built() -> Callable[..., Any]:
    """A `tpe.suggest` for one search."""
    if hyperopt.__version__ not in PROVED:
        return tpe.suggest  # type: ignore[no-any-return]
    helpers = {
        **vars(tpe),
        "build_posterior_wrapper": cache(tpe.build_posterior_wrapper),
        "pyll": SimpleNamespace(
            **{**vars(pyll), "rec_eval": partial(pyll.rec_eval, memo_gc=False)}
        ),
    }
    code, defaults = tpe.suggest.__code__, tpe.suggest.__defaults__
    return FunctionType(code, helpers, "suggest", defaults)
