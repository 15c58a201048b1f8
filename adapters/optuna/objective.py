"""The optuna dialect: `f(trial)`, which suggests its own parameters."""

from __future__ import annotations

from typing import Any

from optuna.trial import Trial

from crosstune.engines import study_values as ledger
from crosstune.errors import SpecError, no_such
from crosstune.objectives.base import Objective, Prepared
from crosstune.space.space import Space
from crosstune.spec.spec import Spec


def prepare(objective: Objective, spec: Spec) -> Prepared:
    """The objective of a study."""
    return OptunaObjective(objective, spec.space, spec.metric.name)


class OptunaObjective(Prepared):
    """Optuna's own, held to the ranges of the declared space."""

    def __init__(self, objective: Objective, space: Space, metric: str):
        super().__init__(objective, space, metric)
        self._distributions = ledger.distributions(space)

    def _evaluate(self, trial: Trial) -> Any:
        returned = self._objective(trial)
        self._check_ranges(trial)
        return returned

    def _check_ranges(self, trial: Trial) -> None:
        """Raise where the objective suggested another range than the space says.

        An engine would have searched one range, and the objective used another.
        """
        for name, held in trial.distributions.items():
            if name not in self._space:
                raise SpecError(no_such("parameter in the space", name, self._space))
            if held != self._distributions[name]:
                raise SpecError(
                    f"the objective asks for {name!r} in {held}, and the space says "
                    f"{self._distributions[name]}"
                )
