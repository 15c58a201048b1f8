"""How long a search goes on: one rule for every way to begin one.

The budget is what was asked for, else what the spec says. Where neither limits the search, a grid
or a scheduler ends by itself, and any other engine gets the default number of trials.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from crosstune.engines.base import Adapter


class Limits(Protocol):
    """What a spec says of how long to search."""

    @property
    def trials(self) -> int | None:
        """Finished trials of the study in all."""

    @property
    def seconds(self) -> float | None:
        """After which no trial begins."""


DEFAULT_TRIALS = 100
"""Default number of trials."""


@dataclass(frozen=True)
class Budget:
    """A limit of a search as a whole.

    Attributes:
        trials: finished trials of the study, pruned and failed ones counted; None for no limit.
        seconds: after which no trial begins; None for no limit.
    """

    trials: int | None = None
    seconds: float | None = None

    def plain(self) -> dict[str, float | None]:
        """The budget as the record of a study has it."""
        return asdict(self)


def settle(
    spec: Limits | None,
    *,
    trials: int | None = None,
    seconds: float | None = None,
    ends_by_itself: bool,
    default: int | None = None,
) -> Budget:
    """The budget of a search.

    Args:
        spec: says what is not given here; None where there is no spec.
        trials, seconds: what was asked for; None is the spec's.
        ends_by_itself: whether the engine decides when the search is over.
        default: the number of trials where nothing limits the search; None is 100.

    >>> settle(None, ends_by_itself=False)
    Budget(trials=100, seconds=None)
    >>> settle(None, ends_by_itself=True)
    Budget(trials=None, seconds=None)
    """
    if spec is not None:
        trials = spec.trials if trials is None else trials
        seconds = spec.seconds if seconds is None else seconds
    if trials is None and seconds is None and not ends_by_itself:
        trials = DEFAULT_TRIALS if default is None else default
    return Budget(trials, seconds)


def ends_by_itself(adapter: Adapter, algorithm: str) -> bool:
    """Whether an engine decides when the search is over: a grid, or a scheduler.

    >>> from crosstune import adapters
    >>> ends_by_itself(adapters.get("optuna"), "grid")
    True
    """
    named = adapter.algorithms.get(algorithm)  # crosstune's own grid may stand in for a library's
    return named is None or named.exhaustive or named.scheduler
