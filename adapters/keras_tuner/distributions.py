"""The Optuna distributions under which Keras Tuner's hyperparameters are searched and recorded.

- The values are those that Keras Tuner itself draws: `Float(0, 1, step=0.1)` ends at 0.9.
- A log scale with a step is a categorical of its values, since Optuna has no such range.
- `Fixed` is a categorical of one value, which does not use a sampler's random numbers.
"""

from __future__ import annotations

from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from crosstune.adapters.keras_tuner.library import keras_tuner, kinds
from crosstune.adapters.keras_tuner.read import read
from crosstune.engines import study_values as ledger
from crosstune.errors import Unsupported


def searched_under(construct: Any) -> BaseDistribution:
    """The distribution under which a sampler searches a hyperparameter.

    Raises:
        Unsupported: there is none, with the reason.
    """
    if isinstance(construct, kinds.Int | kinds.Float) and construct.sampling == "reverse_log":
        raise Unsupported(
            f"{construct.name!r} has reverse_log sampling, and no Optuna distribution has. Use log "
            'or linear, or a sampler of Keras Tuner\'s own (backend="keras_tuner")'
        )
    stepped = isinstance(construct, kinds.Int | kinds.Float) and construct.step is not None
    if stepped and construct.sampling == "log":
        whole = isinstance(construct, kinds.Int)
        return CategoricalDistribution([int(x) if whole else float(x) for x in construct.values])
    alone = keras_tuner.HyperParameters()
    alone.merge([type(construct).from_config({**construct.get_config(), "conditions": []})])
    return ledger.distribution(read(alone)[construct.name])


def recorded_under(construct: Any) -> BaseDistribution | None:
    """The distribution under which a value that no sampler proposed is recorded.

    None if Optuna has no such distribution.
    """
    try:
        return searched_under(construct)
    except Unsupported:
        match construct:
            case kinds.Int():
                return IntDistribution(construct.min_value, construct.max_value)
            case kinds.Float():
                return FloatDistribution(construct.min_value, construct.max_value)
    return None
