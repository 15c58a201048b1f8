"""Hyperopt by hand: `fmin`."""

from __future__ import annotations

from functools import partial
from typing import Any

import hyperopt
import numpy as np
from hyperopt import anneal, mix, rand, tpe

from crosstune.adapters.hyperopt.native_space import HyperoptSpace
from crosstune.engines.registry import get
from crosstune.proofs.by_hand import Loss, Suggestion
from crosstune.space.space import Params, Space

_MIX = [(0.1, rand.suggest), (0.2, anneal.suggest), (0.7, tpe.suggest)]
_SUGGEST = {
    "tpe": tpe.suggest,
    "rand": rand.suggest,
    "anneal": anneal.suggest,
    "mix": partial(mix.suggest, p_suggest=_MIX),
}


def search(algorithm: str, space: Space, *, seed: int, trials: int, loss: Loss) -> list[Suggestion]:
    """The suggestions of `fmin`.

    Args:
        algorithm: "tpe", "rand", "anneal" or "mix".
        space: to search.
        seed: of `rstate`.
        trials: how many.
        loss: of a suggestion.
    """
    made: list[Suggestion] = []

    def labels(expr: Any, memo: Any, ctrl: hyperopt.Ctrl) -> float:
        drawn = ctrl.current_trial["misc"]["vals"]
        assert isinstance(space, HyperoptSpace)
        made.append(Suggestion(space.params({n: v[0] for n, v in drawn.items() if v})))
        return loss(made[-1])

    def objective(drawn: dict[str, Any]) -> float:
        # The native space returns None for an inactive parameter, and for a choice of null.
        params: Params = {}
        for name in space:
            if space.is_active(name, params):
                value = drawn[name]
                params[name] = value.item() if isinstance(value, np.generic) else value
        made.append(Suggestion(params))
        return loss(made[-1])

    hyperopt.fmin(
        labels if isinstance(space, HyperoptSpace) else objective,
        get("hyperopt").compile(space),
        algo=_SUGGEST[algorithm],
        max_evals=trials,
        pass_expr_memo_ctrl=isinstance(space, HyperoptSpace),
        rstate=np.random.default_rng(seed),
        show_progressbar=False,
        verbose=False,
    )
    return made
