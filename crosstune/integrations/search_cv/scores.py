"""The cross-validation scores of a candidate, as a trial stores them, and the table of all."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.ma import MaskedArray
from optuna.trial import FrozenTrial
from scipy.stats import rankdata

from crosstune.engines.record_names import SCORES

Numbers = list[float | None]


@dataclass
class FoldScores:
    """The scores of a candidate by metric, one per fold, and the times in seconds.

    None stands for a missing score or NaN: a storage uses JSON, which has no NaN.
    """

    test: dict[str, Numbers] = field(default_factory=dict)
    train: dict[str, Numbers] = field(default_factory=dict)
    fit_time: Numbers = field(default_factory=lambda: [None, None])
    score_time: Numbers = field(default_factory=lambda: [None, None])
    """Mean and standard deviation over the folds."""

    @classmethod
    def read(cls, results: dict[str, Any], row: int, folds: int) -> FoldScores:
        """Read a candidate from the table that scikit-learn returned.

        Args:
            results: columns by name, as in `cv_results_`.
            row: the candidate's.
            folds: the number of folds in the table.
        """
        scores = cls()
        for kind, by_metric in (("test", scores.test), ("train", scores.train)):
            for key in results:
                if key.startswith(f"split0_{kind}_"):
                    metric = key.removeprefix(f"split0_{kind}_")
                    by_metric[metric] = [
                        _plain(results[f"split{i}_{kind}_{metric}"][row]) for i in range(folds)
                    ]
        for name, pair in (("fit_time", scores.fit_time), ("score_time", scores.score_time)):
            pair[:] = [_plain(results[f"{part}_{name}"][row]) for part in ("mean", "std")]
        return scores

    @classmethod
    def join(
        cls, parts: Sequence[FoldScores], metrics: Sequence[str], missing: float
    ) -> FoldScores:
        """Join the folds of a candidate that were evaluated one at a time.

        Args:
            parts: one per fold; empty if the fold raised.
            metrics: used if all folds are empty.
            missing: the score of an empty fold.
        """
        joined = cls()
        for kind in ("test", "train"):
            names = [m for part in parts for m in getattr(part, kind)]
            for metric in dict.fromkeys(names or (metrics if kind == "test" else ())):
                getattr(joined, kind)[metric] = [
                    getattr(part, kind).get(metric, [_plain(missing)])[0] for part in parts
                ]
        for name in ("fit_time", "score_time"):
            times = [_number(getattr(part, name)[0]) for part in parts]
            finite = [time for time in times if time == time]
            if finite:
                setattr(joined, name, [float(np.mean(finite)), float(np.std(finite))])
        return joined

    def mean(self, metric: str) -> float:
        """The mean over the folds; NaN if one is missing."""
        return float(np.mean([_number(score) for score in self.test.get(metric, [None])]))

    def plain(self) -> dict[str, Any]:
        """As JSON, for a storage."""
        return asdict(self)


def read_trial(trial: FrozenTrial) -> FoldScores:
    """The scores stored in a trial; empty if it was not evaluated."""
    return FoldScores(**trial.user_attrs.get(SCORES, {}))


def table(
    candidates: list[dict[str, Any]],
    scores: Sequence[FoldScores],
    numbers: Sequence[int],
    folds: int,
    error_score: float,
    feasible: Sequence[bool] | None = None,
) -> dict[str, Any]:
    """`cv_results_` of `GridSearchCV`, plus `trial_number`.

    Args:
        candidates: the parameters of the estimator, one mapping per row.
        scores: one per candidate. Folds missing after pruning become NaN; a candidate without
            scores gets `error_score` in each fold.
        numbers: the trial number of each candidate.
        folds: the number of folds.
        error_score: see `GridSearchCV`.
        feasible: whether each candidate satisfies its constraints; None if all do. Infeasible
            candidates rank last.
    """
    eligible = np.ones(len(candidates), bool) if feasible is None else np.array(feasible, bool)
    results: dict[str, Any] = {}
    for name in ("fit_time", "score_time"):
        for at, part in enumerate(("mean", "std")):
            results[f"{part}_{name}"] = np.array([_number(getattr(s, name)[at]) for s in scores])
    results.update(_parameters(candidates))
    results["params"] = candidates
    results["trial_number"] = np.array(numbers)
    for kind in ("test", "train"):
        for metric in dict.fromkeys(m for s in scores for m in getattr(s, kind)):
            of_metric = [getattr(s, kind).get(metric) for s in scores]
            rows = np.array([_row(row, folds, error_score) for row in of_metric])
            results.update(_columns(f"{kind}_{metric}", rows))
            whole = [row is None or len(row) == folds for row in of_metric]
            _warn_of_nan(kind, rows.mean(axis=1), whole)
            if kind == "test":
                results[f"rank_test_{metric}"] = _rank(
                    np.where(eligible, results[f"mean_test_{metric}"], math.nan)
                )
    return results


def _row(numbers: Numbers | None, folds: int, error_score: float) -> list[float]:
    if numbers is None:
        return [error_score] * folds
    return [*map(_number, numbers), *[math.nan] * (folds - len(numbers))]


def _columns(name: str, rows: Any) -> dict[str, Any]:
    means = rows.mean(axis=1)
    columns = {f"split{i}_{name}": rows[:, i] for i in range(rows.shape[1])}
    with np.errstate(invalid="ignore"):
        return {**columns, f"mean_{name}": means, f"std_{name}": rows.std(axis=1)}


def _warn_of_nan(kind: str, means: Any, whole: list[bool]) -> None:
    """Warn of non-finite scores as scikit-learn does, unless pruning is the cause."""
    if not np.isfinite(means[whole]).all():
        warnings.warn(
            f"One or more of the {kind} scores are non-finite: {means}",
            category=UserWarning,
            stacklevel=2,
        )


def _rank(means: Any) -> Any:
    """1 for the best. NaN is tied with the worst, as in scikit-learn."""
    if np.isnan(means).all():
        return np.ones(len(means), dtype=np.int32)
    filled = np.where(np.isnan(means), np.nanmin(means) - 1, means)
    return rankdata(-filled, method="min").astype(np.int32)


def _parameters(candidates: list[dict[str, Any]]) -> dict[str, Any]:
    """The columns `param_*`, masked if a candidate does not have the parameter."""
    columns: dict[str, Any] = {}
    for name in dict.fromkeys(name for candidate in candidates for name in candidate):
        by_row = {i: candidate[name] for i, candidate in enumerate(candidates) if name in candidate}
        try:
            array = np.array(list(by_row.values()))
            dtype = array.dtype if array.ndim == 1 and array.dtype.kind != "U" else object
        except ValueError:  # lists of different lengths
            dtype = object
        column: Any = MaskedArray(np.empty(len(candidates), dtype=dtype), mask=True)
        for row, value in by_row.items():
            column[row] = value
        columns[f"param_{name}"] = column
    return columns


def _plain(value: Any) -> float | None:
    return None if value != value else float(value)


def _number(value: float | None) -> float:
    return math.nan if value is None else value
