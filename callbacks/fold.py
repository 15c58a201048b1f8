"""Folds of cross-validation, and the steps of a trial that they report."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from crosstune.errors import ObjectiveError, RequestError


@dataclass(frozen=True)
class Fold:
    """One fold of a trial.

    Attributes:
        number: from 0.
        epochs: maximum number of steps of each fold of the trial.
    """

    number: int
    epochs: int

    def step(self, step: int) -> int:
        """The step of the trial for a step of the fold; earlier folds come first.

        Raises:
            ObjectiveError: the step is beyond the fold.

        >>> Fold(2, epochs=10).step(3)
        23
        """
        if step >= self.epochs:
            raise ObjectiveError(
                f"step {step} of fold {self.number}: a fold has the steps 0 to {self.epochs - 1} "
                f"by epochs={self.epochs}. Give the most that a fold may have"
            )
        return self.number * self.epochs + step


class Reported:
    """The last step of a trial that a callback of this process has reported.

    Attributes:
        last: the step; -1 for none.
        by: the mark of that callback, which is not a reference to it.
    """

    def __init__(self) -> None:
        self.last = -1
        self.by: object = None


_trials: WeakKeyDictionary[Any, Reported] = WeakKeyDictionary()


def reported(trial: Any) -> Reported:
    """The record that all callbacks of a live trial share. A retry is another trial."""
    try:
        return _trials.setdefault(trial, Reported())
    except TypeError:  # a frozen trial, which has no hash and stores no reports
        return Reported()


def as_fold(fold: Any, epochs: Any) -> Fold | None:
    """The fold of a callback; None if the callback is for the whole trial.

    Raises:
        RequestError: an argument is invalid or missing.
    """
    check_fold(fold, epochs)
    if fold is None:
        return None
    if epochs is None:
        raise RequestError(
            f"fold {fold} needs the number of steps of a fold, which its steps come after: give "
            "epochs= too, the same for every fold"
        )
    return Fold(operator.index(fold), operator.index(epochs))


def check_fold(fold: Any, epochs: Any) -> None:
    """Raise a RequestError if a fold, or its number of epochs, is invalid."""
    if fold is not None and not _is_whole(fold, 0):
        raise RequestError(f"fold is a whole number from 0 on, not {fold!r}")
    if epochs is not None and not _is_whole(epochs, 1):
        raise RequestError(f"epochs is a whole number above 0, not {epochs!r}")
    if fold is None and epochs is not None:
        raise RequestError("epochs are those of a fold, and are of no use without fold=")


def check_folds(folds: Any) -> None:
    """Raise a RequestError if a number of folds is invalid."""
    if not _is_whole(folds, 1):
        raise RequestError(f"folds is a whole number above 0, not {folds!r}")


def _is_whole(value: Any, least: int) -> bool:
    try:
        return not isinstance(value, bool) and operator.index(value) >= least
    except TypeError:
        return False
