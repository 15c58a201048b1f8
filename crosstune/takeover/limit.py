"""`exec --trials N`: at most N trials in each study.

A study that reaches N ends as if the script's own budget were spent. A later call for more is an
error, so that no script waits for trials that never come.
"""

from __future__ import annotations

from crosstune.errors import RunError


class TrialsSpent(RunError):
    """The script asks for more trials than `--trials` allows in a study.

    Attributes:
        study: identifies the study; may be empty.
    """

    study = ""


def spent(what: str, count: int, most: int, *, study: str = "") -> TrialsSpent:
    """The error of a call for more.

    Args:
        what: the study, in words.
        count: the number of its trials.
        most: the number of `--trials`.
        study: see `TrialsSpent`.
    """
    trials = "trial" if count == 1 else "trials"
    error = TrialsSpent(
        f"{what} has {count} {trials}, and --trials {most} allows no more. Give a larger "
        "--trials, or leave it out"
    )
    error.study = study
    return error
