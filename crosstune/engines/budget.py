"""The budget of a search: one rule for every way to start one.

The budget is the one that was passed, else the spec's. If neither limits the search, a grid or a
scheduler ends by itself, and any other engine gets the default number of trials.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

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


DEFAULT_TRIALS = 100
"""Default number of trials."""


@dataclass(frozen=True)
class SearchBudget:
    """The limit of a search as a whole.

    Attributes:
        trials: finished trials of the study, pruned and failed ones included; None for no limit.
        seconds: after which no trial begins; None for no limit.
    """

    trials: int | None = None
    seconds: float | None = None

    def plain(self) -> dict[str, float | None]:
        """The budget as a study's record stores it."""
        return asdict(self)


def settle(
    spec: Limits | None,
    *,
    trials: int | None = None,
    seconds: float | None = None,
    ends_by_itself: bool,
    default: int | None = None,
) -> SearchBudget:
    """The budget of a search.

    Args:
        spec: the limits that are not passed here; None without a spec.
        trials, seconds: the limits that the caller sets; None: the spec's.
        ends_by_itself: whether the engine decides when the search is over.
        default: the number of trials if nothing limits the search; None: 100.

    >>> settle(None, ends_by_itself=False)
    SearchBudget(trials=100, seconds=None)
    >>> settle(None, ends_by_itself=True)
    SearchBudget(trials=None, seconds=None)
    """
    if spec is not None:
        trials = spec.trials if trials is None else trials
        seconds = spec.seconds if seconds is None else seconds
    if trials is None and seconds is None and not ends_by_itself:
        trials = DEFAULT_TRIALS if default is None else default
    return SearchBudget(trials, seconds)


def ends_by_itself(adapter: Adapter, algorithm: str) -> bool:
    """Whether an engine decides when the search is over: a grid, or a scheduler.

    >>> from crosstune import adapters
    >>> ends_by_itself(adapters.get("optuna"), "grid")
    True
    """
    named = adapter.algorithms.get(algorithm)  # crosstune's own grid may stand in for a library's
    return named is None or named.exhaustive or named.scheduler
