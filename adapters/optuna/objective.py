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
    """Optuna's own dialect, checked against the ranges of the declared space.

    Args:
        objective: `f(trial)`.
        space: the declared one.
        metric: its name.
    """

    def __init__(self, objective: Objective, space: Space, metric: str):
        super().__init__(objective, space, metric)
        self._distributions = ledger.distributions(space)

    def _evaluate(self, trial: Trial) -> Any:
        returned = self._objective(trial)
        self._check_ranges(trial)
        return returned

    def _check_ranges(self, trial: Trial) -> None:
        """Raise if the objective suggested from another range than the declared one.

        The engine would search one range, and the objective use another.
        """
        for name, distribution in trial.distributions.items():
            if name not in self._space:
                raise SpecError(no_such("parameter in the space", name, self._space))
            if distribution != self._distributions[name]:
                raise SpecError(
                    f"the objective asks for {name!r} in {distribution}, and the space says "
                    f"{self._distributions[name]}"
                )
