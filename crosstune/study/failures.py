"""The rule of three failures: a run ends when its first three trials have failed.

A trial that completes or is pruned shows that the objective works; from then on failures are
normal.
"""

from __future__ import annotations

from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from crosstune.engines.record_names import ERROR
from crosstune.errors import RunError
from crosstune.study.trials import finished

HOPELESS = 3
"""The number of failed trials that ends a run in which no trial has worked."""


class Failures:
    """Counts the failed trials of a run until one has worked.

    Args:
        study: if it is resumed, the count continues, without failures that have ended a run.
    """

    def __init__(self, study: Study):
        self._study = study
        self._works = has_worked(study)
        self._failed = 0 if self._works else finished(study) % HOPELESS

    def note_success(self) -> None:
        """Stop counting: a trial completed or was pruned."""
        self._works = True

    def note_failure(self, trial: Trial | FrozenTrial) -> None:
        """Count a failed trial.

        Raises:
            RunError: too many trials have failed.
        """
        self._failed += 1
        if self._failed >= HOPELESS and not self._works and not has_worked(self._study):
            check_hope(self._failed, trial.user_attrs.get(ERROR, "no message"))


def check_hope(failed: int, last_error: str) -> None:
    """End a run in which no trial has worked.

    Args:
        failed: number of failed trials.
        last_error: the error of the last one.

    Raises:
        RunError: too many trials have failed.
    """
    if failed >= HOPELESS:
        raise RunError(f"the first {failed} trials all failed, the last with {last_error}")


def has_worked(study: Study) -> bool:
    """True if a trial of the study has completed or was pruned."""
    states = (TrialState.COMPLETE, TrialState.PRUNED)
    return bool(study.get_trials(deepcopy=False, states=states))
