"""Every name of scikit-learn that is not in its public reference, with the reason for its use.

`tests/unit/integrations/test_search_cv_private.py` fails when one of them moves.

- `BaseSearchCV` and its `_run_search`: scikit-learn's docstring tells authors of searches to
  derive from it. It does scoring, refitting, metadata routing and the delegation of `predict` and
  the like, so a search that inherits from it is a drop-in for `GridSearchCV`.
- The mapping that `evaluate_candidates` returns: `fit` continues with the same object, so its new
  content becomes `cv_results_`. A pruned candidate has fewer folds than the others, which
  scikit-learn's own table cannot hold.
- `_validate_params`, which scikit-learn calls at the start of each `fit`: arguments are refused
  with the same message as by `GridSearchCV`.
- "fits failed": the text that identifies the error raised when every fit failed.
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
    """True if `evaluate_candidates` raised because every fit of its candidates failed."""
    return "fits failed" in str(error)


class Folds:
    """A splitter that splits once, so that all candidates are scored on the same folds.

    Args:
        splitter: a cross-validator of scikit-learn.
        begin: called once with the folds, before any candidate. True if candidates are evaluated
            on one fold at a time.
    """

    def __init__(self, splitter: Any, begin: Callable[[list[Any]], bool]):
        self._splitter = splitter
        self._begin: Callable[[list[Any]], bool] | None = begin
        self._folds: list[Any] | None = None
        self.alone = False
        self.only = 0
        """The index of the fold to return, if folds are evaluated one at a time."""
        self.n = 0
        """The number of folds, set by `get_n_splits`."""

    def get_n_splits(self, x: Any = None, y: Any = None, **more: Any) -> int:
        """The number of folds that `split` yields. The first call makes the folds.

        Args:
            x, y: features and target.
            more: further arguments of the splitter, such as groups.

        Raises:
            ValueError: the splitter yields another number of folds than it announces.
        """
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
        """Yield the folds, as pairs of training and test indices.

        Args:
            x, y, more: as in `get_n_splits`.
        """
        self.get_n_splits(x, y, **more)
        assert self._folds is not None
        yield from [self._folds[self.only]] if self.alone else self._folds

    def get_metadata_routing(self) -> Any:
        """The metadata that the splitter requests from `fit`, such as groups."""
        return get_routing_for_object(self._splitter)

    def __getstate__(self) -> dict[str, Any]:
        # scikit-learn sends a copy to each worker, which does not need the indices.
        return {**self.__dict__, "_folds": None, "_begin": None}


def replace(results: dict[str, Any], table: Mapping[str, Any]) -> None:
    """Replace the content of the table that `evaluate_candidates` returned."""
    results.clear()
    results.update(table)
