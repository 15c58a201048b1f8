"""The pruner of a study with a scheduler."""

from __future__ import annotations

from optuna.pruners import BasePruner
from optuna.study import Study
from optuna.trial import FrozenTrial

from crosstune.samplers.scheduled.configurations import budget_of
from crosstune.samplers.scheduled.pausing import reached


class PausePruner(BasePruner):
    """Stops a trial at its last report up to the budget of its scheduler.

    So an objective that reports and asks `trial.should_prune()` needs to know nothing of budgets. A
    trial that is trained to the end is never stopped.
    """

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether a trial has used its budget."""
        planned = budget_of(trial)
        return (
            planned is not None
            and not planned.final
            and reached(trial, planned) >= (planned.epochs)
        )
