"""What an engine is: one search, driven by asking and telling.

Whoever drives an engine calls:

    engine = adapter.engine("tpe", space, seed=0, maximize=False, options={})
    params = engine.ask(trial)                      # once per trial, before it is evaluated
    engine.tell(trial, outcome)                     # it ended, evaluated at the proposed values
    engine.replace(trial, params, outcome)          # it ended, evaluated at other values
    engine.insert(params, outcome)                  # a finished trial that was never proposed

Calls come from one thread at a time. `trial` is a number, used for one proposal only. Points hold
the spec's values of the active parameters and are already checked against the space. How an engine
draws a value is the adapter's business.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from crosstune.space.space import Params, Space


class Exhausted(Exception):
    """The engine has no point left to propose."""


class Busy(Exception):
    """The engine has no point until a running trial has ended."""


@dataclass(frozen=True)
class Outcome:
    """How a trial ended.

    Attributes:
        value: the objective in the study's own direction; of a pruned trial the last report;
            None for a failed trial and for a pruned one without reports. Never NaN.
        state: "complete", "pruned" or "failed".
        reports: intermediate values by step.
        constraints: constraint values by key; feasible at 0 or below.
        values: of a complete trial of a study with several objectives, one for each; `value` is
            the first of them. Else empty.
        epochs: the epoch at which the training ends, if a scheduler has paused it before, whatever
            the state; its reports are then by epoch. None for a training that is over.
        penalised: whether `value` is worse than the objective's own, for broken constraints.
    """

    state: str
    value: float | None = None
    reports: Mapping[int, float] = field(default_factory=dict)
    constraints: Mapping[str, float] = field(default_factory=dict)
    values: tuple[float, ...] = ()
    epochs: int | None = None
    penalised: bool = False


@dataclass(frozen=True)
class Budget:
    """How far a scheduler wants a trial to be trained.

    Attributes:
        epochs: train up to this epoch, counted from the start of the model's training.
        initial_epoch: epochs that the continued trial has already done; 0 for a fresh model.
        resume_from: the trial to continue, whose checkpoint may be loaded; None for a fresh model.
            An objective that keeps no checkpoints trains all `epochs` again.
        bracket, round: the trial's position in the schedule.
        max_epochs: of a whole training, if the trial may be paused before; else None.
    """

    epochs: int
    initial_epoch: int = 0
    resume_from: int | None = None
    bracket: int = 0
    round: int = 0
    max_epochs: int | None = None

    @property
    def final(self) -> bool:
        """False if the trial is paused at `epochs`, and perhaps continued later."""
        return self.max_epochs is None or self.epochs >= self.max_epochs

    def plain(self) -> dict[str, Any]:
        """The budget as a trial stores it; without `max_epochs` if there is none."""
        fields = asdict(self)
        if self.max_epochs is None:
            del fields["max_epochs"]
        return fields


class Engine(ABC):
    """One search by one algorithm over one space."""

    native: Any
    """The live native object: `hyperopt.Trials`, `keras_tuner.Oracle`, `optuna.Study`."""

    exhaustive: bool = False
    """True if it proposes a fixed set of points that must each be evaluated once. A point that was
    not evaluated is then proposed again, and one evaluated elsewhere is not proposed. Processes
    that search one study at the same time take turns."""

    lasts: float = math.inf
    """How many calls of `ask` are guaranteed to return a point; later ones may raise Exhausted."""

    distinct: bool = False
    """True if it never repeats a point. Processes that search one study at the same time then take
    turns, so that each knows which points the others are evaluating."""

    part: bool = False
    """True if trials have more parameters than the points, as in a space that was learnt from
    trials. The same point may then be worth another trial."""

    made: ClassVar[Sequence[str]] = ("space",)
    """Attributes that are set when the engine is made and never change: `freeze` leaves them out.
    List here what cloudpickle cannot pickle, or a long study is resumed slowly."""

    def freeze(self) -> dict[str, Any]:
        """The state of the search, for `thaw`. The caller pickles it at once and does not change
        it.
        """
        return {name: value for name, value in vars(self).items() if name not in self.made}

    def thaw(self, frozen: Mapping[str, Any]) -> None:
        """Restore the state of a frozen engine. This one was made alike and was never asked."""
        vars(self).update(frozen)

    @abstractmethod
    def ask(self, trial: int) -> Params:
        """The point that the algorithm proposes for a trial.

        Raises:
            Exhausted: no point is left.
            Busy: no point is available until a running trial has ended.
        """

    def budget(self, trial: int) -> Budget | None:
        """The budget of the trial that was asked for last; None if the engine sets none."""
        return None

    def aside(self, trial: int) -> Mapping[str, Any]:
        """By name, the numbers drawn for the last trial asked for that its point only approximates.

        Empty for most engines, whose points hold exactly what was drawn.
        """
        return {}

    def running(self, points: Sequence[Params]) -> None:
        """Receive the points under evaluation that this engine did not propose.

        Called before `ask`, with the points of other processes on the study's storage. Most
        engines ignore it.
        """
        return

    @abstractmethod
    def tell(self, trial: int, outcome: Outcome) -> None:
        """Learn the outcome of a trial that was evaluated as proposed."""

    @abstractmethod
    def replace(self, trial: int, params: Params, outcome: Outcome) -> None:
        """Learn the outcome of a trial that was evaluated at another point than proposed.

        Args:
            trial: its number.
            params: the point that was evaluated.
            outcome: how it ended.
        """

    @abstractmethod
    def insert(self, params: Params, outcome: Outcome) -> None:
        """Learn the outcome of a finished trial that was never proposed."""

    def close(self) -> None:
        """End processes that the search has started; most engines start none."""
        return


def fewest_grid_points(space: Space, points: int = 10) -> int:
    """A lower bound of the points of a grid: those of its unconditional parameters."""
    unconditional = (item for name, item in space.items() if not space.conditions[name])
    return math.prod(len(item.grid_points(points)) for item in unconditional)
