"""What goes to whatever evaluates a trial, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crosstune.checkpoints.stores import Home
from crosstune.errors import CrosstuneError

DIED = "its process died: a crash, a kill, or a lack of memory"
"""Why a trial failed whose process has gone."""


def died() -> Outcome:
    """Of a trial whose process has gone."""
    return Outcome("failed", error=DIED, lost=True)


def took_longer(seconds: float) -> str:
    """Why a trial failed that took longer than it may.

    >>> took_longer(90)
    'it took longer than 90 s, so its process was ended'
    """
    return f"it took longer than {seconds:g} s, so its process was ended"


@dataclass(frozen=True)
class Horizon:
    """Which trials one trial may see, so that its pruning depends on nothing else.

    Attributes:
        end: trials from this number on are out of sight.
        unfinished: and so are these, which had not ended when the trial was begun.
    """

    end: int
    unfinished: frozenset[int] = frozenset()

    def shows(self, number: int) -> bool:
        """Whether a trial is in sight."""
        return number < self.end and number not in self.unfinished


@dataclass(frozen=True)
class Task:
    """One trial to evaluate. It may be evaluated again where its process was lost.

    Attributes:
        run: the driver's run, as the gate knows it.
        ticket: the trial, as the gate knows it.
        number: of the trial.
        study_name: of the driver's study.
        pruner: pickled.
        horizon: None shows all trials.
        left: what an attempt in an earlier run reported, by step. Where the objective goes on from
            a checkpoint, what came before it counts.
        address: of the gate; None where it is in the same process.
        recipe: of the objective, pickled; None where the process has it already.
        home: of the study's checkpoints; None where nothing says it.
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
class Outcome:
    """How a trial went.

    Attributes:
        state: "complete", "pruned" or "failed".
        value: of a complete one.
        error: why it failed, where the objective has not left that in the study.
        fatal: what has to end the run.
        pruner: the pruner, pickled, where the trial taught it something, such as Hyperband how
            long a training is.
        lost: whether it failed as its process was lost, so that another may go on with it.
    """

    state: str
    value: float | None = None
    error: str | None = None
    fatal: CrosstuneError | None = None
    pruner: bytes | None = None
    lost: bool = False
