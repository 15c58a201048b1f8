"""The schedulers that `exec` can check before any library is imported."""

from __future__ import annotations

from crosstune.errors import RequestError, UnknownName, no_such

NAMES = ("freeze-thaw", "i-epoch", "successive-halving", "hyperband")
"""Those of `crosstune.samplers.scheduled.settings`, which imports libraries."""


def check_written(scheduler: str) -> None:
    """Check a scheduler as the command line has it.

    Raises:
        RequestError: it is no name with a number of epochs.
        UnknownName: there is no such scheduler.

    >>> check_written("i-epoch:50")
    """
    name, _, epochs = scheduler.partition(":")
    if name not in NAMES:
        raise UnknownName(no_such("scheduler", name, NAMES))
    if not epochs.isdecimal() or int(epochs) < 2:
        raise RequestError(
            "a script has no number of epochs of its own, so write the scheduler as name:epochs, "
            f"with 2 epochs or more, as i-epoch:50, not {scheduler!r}"
        )
