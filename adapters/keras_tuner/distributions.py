"""Under which Optuna distribution a Keras Tuner hyperparameter is searched and recorded.

- The values are those that Keras Tuner itself draws: `Float(0, 1, step=0.1)` ends at 0.9 there.
- A log scale with a step is a categorical of its values, since Optuna has no such range.
- `Fixed` is a categorical of one value, which takes nothing from a sampler's randomness.
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


def searched_under(held: Any) -> BaseDistribution:
    """The distribution under which a sampler searches a hyperparameter.

    Raises:
        Unsupported: it has none, with the reason.
    """
    if isinstance(held, kinds.Int | kinds.Float) and held.sampling == "reverse_log":
        raise Unsupported(
            f"{held.name!r} has reverse_log sampling, and no Optuna distribution has. Use log or "
            'linear, or a sampler of Keras Tuner\'s own (backend="keras_tuner")'
        )
    stepped = isinstance(held, kinds.Int | kinds.Float) and held.step is not None
    if stepped and held.sampling == "log":
        whole = isinstance(held, kinds.Int)
        return CategoricalDistribution([int(x) if whole else float(x) for x in held.values])
    alone = keras_tuner.HyperParameters()
    alone.merge([type(held).from_config({**held.get_config(), "conditions": []})])
    return ledger.distribution(read(alone)[held.name])


def held_under(held: Any) -> BaseDistribution | None:
    """The distribution under which a value that was not asked of a sampler is recorded.

    None where Optuna can hold no such hyperparameter.
    """
    try:
        return searched_under(held)
    except Unsupported:
        match held:
            case kinds.Int():
                return IntDistribution(held.min_value, held.max_value)
            case kinds.Float():
                return FloatDistribution(held.min_value, held.max_value)
    return None
