"""The task that is sent to evaluate a trial, and the outcome that comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from optuna.trial import TrialState

from crosstune.checkpoints.stores import Home
from crosstune.errors import CrosstuneError

STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
"""Optuna's state for that of a `TaskOutcome`."""

DIED = "its process died: a crash, a kill, or a lack of memory"
"""The error of a trial whose process has gone."""


def died() -> TaskOutcome:
    """The outcome of a trial whose process has gone."""
    return TaskOutcome("failed", error=DIED, lost=True)


def took_longer(seconds: float) -> str:
    """The error of a trial that took longer than its limit.

    >>> took_longer(90)
    'it took longer than 90 s, so its process was ended'
    """
    return f"it took longer than {seconds:g} s, so its process was ended"


@dataclass(frozen=True)
class Horizon:
    """The trials that one trial may see, so that its pruning depends on nothing else.

    Attributes:
        end: trials from this number on are not shown.
        unfinished: trials that had not ended when the trial was begun, which are not shown.
    """

    end: int
    unfinished: frozenset[int] = frozenset()

    def shows(self, number: int) -> bool:
        """True if a trial is shown."""
        return number < self.end and number not in self.unfinished


@dataclass(frozen=True)
class TrialTask:
    """One trial to evaluate. It may be evaluated again if its process is lost.

    Attributes:
        run: the gate's number of the driver's run.
        ticket: the gate's number of the trial.
        number: of the trial.
        study_name: of the driver's study.
        pruner: pickled.
        horizon: None shows all trials.
        left: the reports of an attempt in an earlier run, by step. If the objective continues from
            a checkpoint, those before it count.
        address: of the gate; None if it is in the same process.
        recipe: of the objective, pickled; None if the process has it already.
        home: of the study's checkpoints; None if it is not known.
    """

    run: int
    ticket: int
    number: int
    study_name: str
    pruner: bytes
    horizon: Horizon | None = None
    left: Mapping[int, float] = field(default_factory=dict)
    address: str | None = None
    recipe: bytes | None = None
    home: Home | None = None


@dataclass(frozen=True)
class TaskOutcome:
    """How the evaluation of a trial ended.

    Attributes:
        state: "complete", "pruned" or "failed".
        value: of a complete trial, or its values as a tuple; else None.
        error: why the trial failed, if the objective has not stored that in the study.
        fatal: the error that has to end the run.
        pruner: the pruner, pickled, if the trial changed its state, as Hyperband's, which learns
            how long a training is.
        lost: True if the trial failed because its process was lost, so another may continue it.
    """

    state: str
    value: float | tuple[float, ...] | None = None
    error: str | None = None
    fatal: CrosstuneError | None = None
    pruner: bytes | None = None
    lost: bool = False
