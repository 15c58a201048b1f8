"""Every name of scikit-learn that is not in its public reference, with the reason.

`tests/unit/integrations/test_search_cv_private.py` fails when one of them moves.

- `BaseSearchCV` and its `_run_search`: what scikit-learn's own docstring tells the authors of
  further searches to derive from. Scoring, refitting, metadata routing and the delegation of
  `predict` and the like are in it, so a search is a drop-in for `GridSearchCV` by inheritance.
- The mapping that `evaluate_candidates` returns is the one that `fit` goes on with, so what is
  put in its place there becomes `cv_results_`. A pruned candidate has fewer folds than the
  others, which scikit-learn's own table cannot hold.
- `_validate_params`, which scikit-learn calls at the start of every `fit` of its own: arguments are
  refused with the same words as by `GridSearchCV`.
- "fits failed": the text by which the error for fits that all raised is told from others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils.metadata_routing import get_routing_for_object

__all__ = ["BaseSearchCV", "Evaluate", "Folds", "every_fit_failed", "replace", "validate"]

Evaluate: TypeAlias = Callable[..., dict[str, Any]]
"""`evaluate_candidates(candidates, cv=...)`."""


def validate(search: Any) -> None:
    """Raise for arguments that scikit-learn refuses; the error is a ValueError and a TypeError."""
    search._validate_params()


def every_fit_failed(error: ValueError) -> bool:
    """Whether `evaluate_candidates` raised since no fit of its candidates worked."""
    return "fits failed" in str(error)


class Folds:
    """A splitter that splits once, so that all candidates are scored on the same folds.

    Args:
        splitter: what splits.
        begin: called once with the folds, before any candidate; says whether candidates are
            evaluated on one fold at a time.
    """

    def __init__(self, splitter: Any, begin: Callable[[list[Any]], bool]):
        self._splitter = splitter
        self._begin: Callable[[list[Any]], bool] | None = begin
        self._folds: list[Any] | None = None
        self.alone = False
        self.only = 0
        """The fold to give, where they are given one at a time."""
        self.n = 0
        """How many there are, once `get_n_splits` was called."""

    def get_n_splits(self, x: Any = None, y: Any = None, **more: Any) -> int:
        """How many folds `split` gives; they are made here."""
        if self._folds is None and self._begin is not None:
            self.n = self._splitter.get_n_splits(x, y, **more)
            self._folds = list(self._splitter.split(x, y, **more))
            if len(self._folds) != self.n:
                raise ValueError(
                    f"cv gives {len(self._folds)} folds, and its get_n_splits says {self.n}"
                )
            self.alone = self._begin(self._folds)
        return 1 if self.alone else self.n

    def split(self, x: Any, y: Any = None, **more: Any) -> Iterator[Any]:
        """The folds, as pairs of training and test indices."""
        self.get_n_splits(x, y, **more)
        assert self._folds is not None
        yield from [self._folds[self.only]] if self.alone else self._folds

    def get_metadata_routing(self) -> Any:
        """What the splitter asks of `fit`, such as groups."""
        return get_routing_for_object(self._splitter)

    def __getstate__(self) -> dict[str, Any]:
        # A copy goes to each worker along with the search, which has no use for the indices.
        return {**self.__dict__, "_folds": None, "_begin": None}


def replace(results: dict[str, Any], table: Mapping[str, Any]) -> None:
    """Put a table in the place of the one that `evaluate_candidates` returned."""
    results.clear()
    results.update(table)
