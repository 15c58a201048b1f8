"""The laws of Keras Tuner's hyperparameters.

- `Float(step=...)` counts its values by a floor division in binary arithmetic, which is one too
  few for 0 to 1 by 0.1: the maximum is never drawn.
- `Int(sampling="log")` without a step is the floor of a log-uniform number in [min, max + 1), so
  its odds are not those of a rounded one.
"""

from __future__ import annotations

import math
from typing import Any

from crosstune.adapters.keras_tuner.library import kinds
from crosstune.errors import Unsupported
from crosstune.space.probability import ContinuousLaw, Discrete, Law, rounded


def law_of(construct: Any) -> Law:
    """The law of `random_sample` for a hyperparameter."""
    match construct:
        case kinds.Fixed():
            return Discrete([construct.value], [1.0])
        case kinds.Boolean():
            return Discrete([False, True], [0.5, 0.5])
        case kinds.Choice():
            n = len(construct.values)
            return Discrete(list(construct.values), [1 / n] * n)
        case kinds.Int() | kinds.Float() if construct.sampling == "reverse_log":
            raise Unsupported(f"{construct.name!r} has reverse_log sampling, which has no law here")
        case kinds.Int() | kinds.Float() if construct.step is not None:
            return _stepped(construct)
        case kinds.Int(min_value=low, max_value=high):
            base = ContinuousLaw(low, high + 1, log=True)
            return rounded(base, 0, 1, low, high, whole=True, offset=0)
        case kinds.Float(min_value=low, max_value=high) if low == high:
            return Discrete([low], [1.0])
        case kinds.Float(min_value=low, max_value=high):
            return ContinuousLaw(low, high, log=construct.sampling == "log")
    raise Unsupported(f"no law is known of {construct!r}")


def _stepped(construct: Any) -> Law:
    n, whole = number_of_values(construct), isinstance(construct, kinds.Int)
    low, step = construct.min_value, construct.step
    if construct.sampling == "linear":
        return rounded(None, low, step, 0, n - 1, whole=whole)
    points = [low * math.pow(step, i) for i in range(n)]
    return Discrete([int(x) if whole else x for x in points], [1 / n] * n)


def number_of_values(construct: Any) -> int:
    """The number of values of a stepped range, in Keras Tuner's own arithmetic."""
    low, high, step = construct.min_value, construct.max_value, construct.step
    if construct.sampling == "linear":
        return int((high - low) // step + 1)
    return int(math.log(high / low, step) + 1e-8) + 1
