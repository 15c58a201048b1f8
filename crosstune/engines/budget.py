"""The budget of a search: one rule for every way to start one.

The budget is the one that was passed, else the spec's. If neither limits the search, a grid or a
scheduler ends by itself, and any other engine gets the default number of trials.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

from crosstune.errors import SpecError
from crosstune.space.parameters import shown

if TYPE_CHECKING:
    from crosstune.engines.base import Adapter


class Limits(Protocol):
    """The limits in a spec."""

    @property
    def trials(self) -> int | None:
        """Finished trials of the study in total."""

    @property
    def seconds(self) -> float | None:
        """Seconds after which no trial begins."""

    @property
    def repeats(self) -> int:
        """How many of the last trials evaluate leading points again."""

    @property
    def patience(self) -> int | None:
        """Trials in a row without an improvement after which the study ends."""


DEFAULT_TRIALS = 100
"""Default number of trials."""


@dataclass(frozen=True)
class SearchBudget:
    """The limit of a search as a whole.

    Attributes:
        trials: finished trials of the study, pruned and failed ones included; None for no limit.
        seconds: after which no trial begins; None for no limit.
        repeats: how many of the last trials evaluate leading points again; fewer than `trials`.
        configurations: with a scheduler, the number of configurations, each of which is trained in
            one trial or several; `trials` is None then.
        patience: trials in a row without an improvement after which the study ends; None for
            no limit. See `crosstune.study.patience`.
    """

    trials: int | None = None
    seconds: float | None = None
    repeats: int = 0
    configurations: int | None = None
    patience: int | None = None

    def plain(self) -> dict[str, float | None]:
        """The budget as a study's record stores it, without what is not set beside the limits."""
        limits = asdict(self)
        for name in ("repeats", "configurations", "patience"):
            if not limits[name]:
                del limits[name]
        return limits

    def repeats_from(self) -> float:
        """The number of finished trials from which on trials are repeats; infinity for never.

        >>> SearchBudget(trials=40, repeats=10).repeats_from()
        30
        """
        return self.trials - self.repeats if self.trials and self.repeats else math.inf


def settle(
    spec: Limits | None,
    *,
    trials: int | None = None,
    seconds: float | None = None,
    repeats: int | None = None,
    patience: int | None = None,
    ends_by_itself: bool,
    default: int | None = None,
) -> SearchBudget:
    """The budget of a search.

    Args:
        spec: the limits that are not passed here; None without a spec.
        trials, seconds, repeats, patience: those that the caller sets; None: the spec's.
        ends_by_itself: whether the engine decides when the search is over.
        default: the number of trials if nothing limits the search; None: 100.

    Raises:
        SpecError: the repeats are not fewer than the trials, or nothing limits the trials, or
            patience would end the study before them.

    >>> settle(None, ends_by_itself=False) == SearchBudget(trials=100)
    True
    >>> settle(None, ends_by_itself=True) == SearchBudget()
    True
    """
    if spec is not None:
        trials = spec.trials if trials is None else trials
        seconds = spec.seconds if seconds is None else seconds
        repeats = spec.repeats if repeats is None else repeats
        patience = spec.patience if patience is None else patience
    if trials is None and seconds is None and not ends_by_itself:
        trials = DEFAULT_TRIALS if default is None else default
    if repeats:
        check_repeats(repeats, trials)
    check_patience(patience, repeats or 0)
    return SearchBudget(trials, seconds, repeats or 0, patience=patience)


def note_of_repeats(repeats: int) -> str:
    """The note for the user on the last trials of a budget.

    >>> note_of_repeats(8)
    'the last 8 trials evaluate leading points again'
    """
    last = "the last trial evaluates" if repeats == 1 else f"the last {repeats} trials evaluate"
    return f"{last} leading points again"


def check_repeats(repeats: int, trials: int | None) -> None:
    """Raise SpecError unless the repeats are fewer than the trials of a budget."""
    if isinstance(repeats, bool) or not isinstance(repeats, int) or repeats < 0:
        raise SpecError(f"an integer of 0 or more is needed, not {shown(repeats)}", ("repeats",))
    if trials is None:
        raise SpecError(
            f"the repeats are the last {repeats} trials of a number of trials, and nothing limits "
            "the trials. Set trials too",
            ("repeats",),
        )
    if repeats >= trials:
        raise SpecError(
            f"the repeats are among the trials, so they are fewer than the {trials} trials, not "
            f"{repeats}",
            ("repeats",),
        )


def check_patience(patience: int | None, repeats: int, metrics: int = 1) -> None:
    """Raise SpecError unless patience is possible.

    Args:
        patience: trials in a row without an improvement; None for no limit.
        repeats: how many of the last trials evaluate leading points again.
        metrics: the number of metrics that are optimized.
    """
    if patience is None:
        return
    if isinstance(patience, bool) or not isinstance(patience, int) or patience < 1:
        raise SpecError(f"an integer of 1 or more is needed, not {shown(patience)}", ("patience",))
    if metrics > 1:
        raise SpecError(
            f"patience waits for a better value, and of {metrics} metrics none is the one that "
            "counts. Leave it out",
            ("patience",),
        )
    if repeats:
        raise SpecError(
            "patience ends a study at a trial that is not known before, and the repeats are the "
            "last trials of a fixed number. Set one of the two",
            ("patience",),
        )


def ends_by_itself(adapter: Adapter, algorithm: str) -> bool:
    """Whether an engine decides when the search is over: a grid, or a scheduler.

    >>> from crosstune import adapters
    >>> ends_by_itself(adapters.get("optuna"), "grid")
    True
    """
    named = adapter.algorithms.get(algorithm)  # crosstune's own grid may stand in for a library's
    return named is None or named.exhaustive or named.scheduler
