"""A fresh engine that was told a whole history.

Engines are told the outcome of a trial once. Where what is told may change later, such as the value
of a trial that is trained further, the engine is made again before each proposal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from crosstune.engines.base import Engine, Outcome
from crosstune.space.space import Params


def rebuilt(make: Callable[[], Engine], history: Iterable[tuple[Params, Outcome]]) -> Engine:
    """A fresh engine that was told a history of points.

    The engine learns only what its library learns from points that it never proposed. Engines whose
    state is more than that, such as CMA-ES with its generations, cannot be rebuilt.

    Args:
        make: returns an engine that was never asked. Two engines with the same seed and history
            propose the same point, so the seed has to differ from proposal to proposal.
        history: points of the engine's space with their outcomes, the earliest first.

    >>> from crosstune import Float, Space, adapters
    >>> space, adapter = Space({"x": Float(0, 1)}), adapters.get("optuna")
    >>> def make():
    ...     return adapter.engine("tpe", space, seed=0, maximize=False, options={})
    >>> engine = rebuilt(make, [({"x": 0.25}, Outcome("complete", 1.0))])
    >>> len(engine.native.trials)
    1
    """
    engine = make()
    for params, outcome in history:
        engine.insert(params, outcome)
    return engine
