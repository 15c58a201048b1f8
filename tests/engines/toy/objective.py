"""The engine's own form of objective: `f(point)`, which returns a loss."""

from __future__ import annotations

from typing import Any

from optuna.trial import Trial

from crosstune.objectives.base import Objective, Prepared
from crosstune.spec.spec import Spec


def prepare(objective: Objective, spec: Spec) -> Prepared:
    """The objective of a study."""
    return ToyObjective(objective, spec.space, spec.metric.name)


class ToyObjective(Prepared):
    """A function of a point."""

    def _evaluate(self, trial: Trial) -> Any:
        return self._objective(self.suggest(trial))
