"""The crosstune dialect: `f(params)` or `f(params, trial)`, with the active values.

A function whose arguments all have defaults, such as `f(lr=0.1, depth=3)`, takes them by name.
"""

from __future__ import annotations

from typing import Any

from optuna.trial import Trial

from crosstune.digests.evaluated import Evaluated
from crosstune.errors import RequestError, no_such
from crosstune.objectives.base import Objective, Prepared
from crosstune.objectives.signature import parameter_names, takes_any_name
from crosstune.space.defaults import Defaults
from crosstune.space.space import Space


class ParamsObjective(Prepared):
    """An objective that takes the params, and the trial if it has a parameter of that name.

    Args:
        objective: the user's.
        space: the study's.
        metric: the name of the returned value.

    Raises:
        RequestError: it takes the values by name, and has no parameter for one.
    """

    def __init__(self, objective: Objective, space: Space, metric: str):
        super().__init__(objective, space, metric)
        needed, names = parameter_names(objective)
        self._wants_trial = "trial" in names or not names
        self._by_name = not needed and "params" not in names and not set(space).isdisjoint(names)
        if self._by_name:
            self._wants_trial = "trial" in names and "trial" not in space
            for name in space:
                if name not in names and not takes_any_name(objective):
                    raise RequestError(no_such("parameter of the objective", name, names))

    def _evaluate(self, trial: Trial) -> Any:
        params = self.suggest(trial)
        if self._by_name:
            return self._objective(**params, **({"trial": trial} if self._wants_trial else {}))
        if self._wants_trial:
            return self._objective(params=params, trial=trial)
        return self._objective(params)


class DescribedObjective(ParamsObjective):
    """An objective made from a spec's description, with digests of its data and its defaults."""

    def defaults(self) -> Defaults:
        """The default values that the objective gives."""
        defaults: Defaults = self._objective.defaults()  # type: ignore[attr-defined]
        return defaults

    def evaluated(self) -> Evaluated | None:
        """The digests that the objective gives."""
        answer: Evaluated = self._objective.evaluated()  # type: ignore[attr-defined]
        return answer
