"""The crosstune dialect: `f(params)` or `f(params, trial)`, with the active values."""

from __future__ import annotations

from typing import Any

from optuna.trial import Trial

from crosstune.digests.evaluated import Evaluated
from crosstune.objectives.base import Objective, Prepared
from crosstune.objectives.signature import parameter_names
from crosstune.space.space import Space


class ParamsObjective(Prepared):
    """An objective that takes the params, and the trial if it has a parameter of that name.

    Args:
        objective: the user's.
        space: the study's.
        metric: the name of the returned value.
    """

    def __init__(self, objective: Objective, space: Space, metric: str):
        super().__init__(objective, space, metric)
        _, names = parameter_names(objective)
        self._wants_trial = "trial" in names or not names

    def _evaluate(self, trial: Trial) -> Any:
        params = self.suggest(trial)
        if self._wants_trial:
            return self._objective(params=params, trial=trial)
        return self._objective(params)


class DescribedObjective(ParamsObjective):
    """An objective made from a spec's description, with digests of its data."""

    def evaluated(self) -> Evaluated | None:
        """The digests that the objective gives."""
        answer: Evaluated = self._objective.evaluated()  # type: ignore[attr-defined]
        return answer
