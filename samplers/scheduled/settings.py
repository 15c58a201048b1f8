"""The scheduler that a user names, with its options."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from crosstune.engines.base import Adapter
from crosstune.errors import RequestError, UnknownName, Unsupported, no_such

TOLD = ("last", "common", "end", "draw", "pruned", "nothing")
"""What an engine may be told of configurations that are not trained to the end."""


I_EPOCH = "i-epoch"
LAST, COMMON = "last", "common"
EARLY = ("successive-halving", "hyperband")
"""Schedulers whose first parts are so short that a common epoch would say little."""
BEGINNINGS = 0.7
"""The part of the share of `freeze-thaw` that its first parts have, unless `first` is given."""


@dataclass(frozen=True)
class SchedulerOption:
    """An option of a scheduler.

    Attributes:
        default: its value if it is left out.
        low, high: the range, both ends included.
        whole: whether it is an integer.
        says: the text for an error.
    """

    default: float
    low: float
    high: float
    whole: bool
    says: str

    def checked(self, name: str, value: Any) -> float:
        """The value of the option.

        Raises:
            RequestError: it is not in the range.
        """
        kind = int if self.whole else int | float
        if isinstance(value, bool) or not isinstance(value, kind):
            raise RequestError(f"{name} is {self.says}, not {value!r}")
        if not self.low <= value <= self.high:
            raise RequestError(f"{name} is {self.says}, not {value!r}")
        return value


_FIRST = SchedulerOption(3, 1, math.inf, True, "a number of epochs from 1 on")
_HALVING = SchedulerOption(3, 2, math.inf, True, "a whole number from 2 on")
OPTIONS: Mapping[str, Mapping[str, SchedulerOption]] = {
    "freeze-thaw": {
        "share": SchedulerOption(0.22, 1e-6, 1.0, False, "a share above 0 and up to 1"),
        "first": _FIRST,
        "step": SchedulerOption(1.6, 1.01, math.inf, False, "a factor above 1"),
    },
    I_EPOCH: {
        "first": replace(_FIRST, default=10),
        "finalists": SchedulerOption(3, 1, math.inf, True, "a number of configurations from 1 on"),
    },
    "successive-halving": {"first": replace(_FIRST, default=1), "factor": _HALVING},
    "hyperband": {"factor": _HALVING},
}
"""The options of each scheduler by its name, without those that all have."""


@dataclass(frozen=True)
class Scheduler:
    """A scheduler with its options.

    Attributes:
        name: "freeze-thaw", "i-epoch", "successive-halving" or "hyperband".
        max_epochs: the end of a whole training, 2 or more.
        options: those of the scheduler, all of them.
        told: what the engine is told of configurations that are not trained to the end: their last
            report ("last"), the predicted end ("end"), a draw of the prediction ("draw"), that they
            were pruned, with their reports ("pruned"), or nothing until they end ("nothing"). With
            "common" it is told of all, also of finished ones, the report at the last epoch that
            each of them has reached.
        anew: whether the engine is made again, and told everything, before each proposal. Else it
            is told once of each configuration. None: if what it is told changes, which it does not
            with "common", unless the engine reads the curves themselves. An engine that does not
            learn from other trials than its own is never made again.
        checkpoints: the most paused configurations that keep their checkpoint; None for no limit.
        limits: from which trial on how many configurations are wanted in all; None for no limit.
            A study that is resumed with more of them has several entries.
    """

    name: str
    max_epochs: int
    options: Mapping[str, float] = field(default_factory=dict)
    told: str = LAST
    anew: bool | None = None
    checkpoints: int | None = None
    limits: tuple[tuple[int, int | None], ...] = ((0, None),)

    @classmethod
    def of(cls, name: str, options: Mapping[str, Any], *, reads_curves: bool = False) -> Scheduler:
        """The scheduler that a name and options ask for.

        Args:
            name: of the scheduler.
            options: of it, with `max_epochs`; the others have defaults.
            reads_curves: whether the engine learns from all reports of a trial. Then the first
                parts of `freeze-thaw` are short, also where its share is large, and by default the
                engine is told the last values: the end of a finished configuration is its own.

        Raises:
            RequestError: an option is missing or out of its range.
            UnknownName: there is no such scheduler or option.
        """
        if name not in OPTIONS:
            raise UnknownName(no_such("scheduler", name, OPTIONS))
        own_options = OPTIONS[name]
        names = ["max_epochs", "told", "anew", "checkpoints", *own_options]
        for option in options:
            if option not in names:
                raise UnknownName(no_such(f"option of {name}", option, names))
        if "max_epochs" not in options:
            raise RequestError(
                f"{name} has to know how many epochs a whole training has: give max_epochs, as in "
                f"{{name: {name}, max_epochs: 50}}, or {name}:50 on the command line"
            )
        most = options["max_epochs"]
        if isinstance(most, bool) or not isinstance(most, int) or most < 2:
            raise RequestError(f"max_epochs is a number of epochs from 2 on, not {most!r}")
        told = options.get("told", LAST if name in EARLY or reads_curves else COMMON)
        anew = options.get("anew")
        if told not in TOLD:
            raise UnknownName(no_such("value of told", told, TOLD))
        if anew is not None and not isinstance(anew, bool):
            raise RequestError(f"anew is true or false, not {anew!r}")
        stored = options.get("checkpoints")
        if stored is not None and (
            isinstance(stored, bool) or not isinstance(stored, int) or stored < 0
        ):
            raise RequestError(f"checkpoints is a number of configurations, not {stored!r}")
        chosen = {
            key: option.checked(key, options.get(key, option.default))
            for key, option in own_options.items()
        }
        if "first" not in options and "share" in chosen and not reads_curves:
            chosen["first"] = max(1, round(BEGINNINGS * chosen["share"] * most))
        elif "first" not in options and name == I_EPOCH:
            chosen["first"] = max(1, min(chosen["first"], most // 5))
        elif "first" not in options and "first" in chosen:
            chosen["first"] = min(chosen["first"], most)
        if chosen.get("first", 1) > most:
            raise RequestError(f"first is at most max_epochs, which is {most}")
        return cls(name, most, chosen, told, anew, stored)

    def limited(self, limits: tuple[tuple[int, int | None], ...]) -> Scheduler:
        """The scheduler with other limits on the number of configurations."""
        return replace(self, limits=limits)

    def limit(self, number: int) -> int | None:
        """How many configurations are wanted, when the trial of this number begins."""
        return [most for first, most in self.limits if first <= number][-1]

    @property
    def note(self) -> str:
        """Why the suggestions are not those of the library called by hand."""
        return f"{self.name} decides how far each configuration is trained"

    def plain(self) -> dict[str, Any]:
        """The settings as a study's record stores them, without limits."""
        return {
            "name": self.name,
            "max_epochs": self.max_epochs,
            **self.options,
            "told": self.told,
            "anew": self.anew,
        }

    def record(self) -> dict[str, Any]:
        """The settings as a study's record stores them, with the limits."""
        return {**self.plain(), "limits": [list(limit) for limit in self.limits]}

    def resumed(self, record: Mapping[str, Any], first: int) -> Scheduler:
        """The scheduler of a study that is resumed, perhaps with another limit.

        Args:
            record: the result of `record` for the study's last run.
            first: the number of the first new trial.
        """
        earlier = tuple((int(since), most) for since, most in record["limits"])
        now = self.limits[-1][1]
        if earlier[-1][1] == now:
            return self.limited(earlier)
        return self.limited((*(limit for limit in earlier if limit[0] < first), (first, now)))


def check_schedulable(adapter: Adapter, algorithm: str, scheduler: Scheduler) -> None:
    """Raise Unsupported if a scheduler cannot stand in front of an engine.

    Args:
        adapter, algorithm: the engine.
        scheduler: the scheduler.
    """
    label = f"{adapter.name}:{algorithm}"
    if adapter.algorithms[algorithm].scheduler:
        raise Unsupported(
            f"{label} is a scheduler itself, so {scheduler.name} cannot stand in front of it. "
            "Leave one of them out"
        )
