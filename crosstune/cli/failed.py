"""Why trials of a study have failed, for the end of a run."""

from __future__ import annotations

from optuna.study import Study
from optuna.trial import TrialState

from crosstune.engines.record_names import ERROR
from crosstune.terminal.text import visible
from crosstune.terminal.urls import redacted

REASONS = 3
"""The most reasons to print."""


def reasons(study: Study) -> list[str]:
    """A line for each of the most frequent errors, with the first trial that has it.

    Args:
        study: whose trials have failed.
    """
    numbers: dict[str, list[int]] = {}
    for trial in study.get_trials(deepcopy=False, states=(TrialState.FAIL,)):
        if ERROR in trial.user_attrs:
            numbers.setdefault(str(trial.user_attrs[ERROR]), []).append(trial.number)
    most = sorted(numbers.items(), key=lambda item: (-len(item[1]), item[1]))[:REASONS]
    return [
        f"trial {which[0]}{f' and {len(which) - 1} more' if len(which) > 1 else ''} failed: "
        f"{visible(redacted(error))}"
        for error, which in most
    ]
