"""What cross-validation says of one candidate, as a trial keeps it, and of all, as a table."""

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
class Scores:
    """The scores of a candidate by metric, one a fold, and the times in seconds.

    None stands for a score that is missing, or not a number: JSON, in which a storage keeps
    them, has no NaN.
    """

    test: dict[str, Numbers] = field(default_factory=dict)
    train: dict[str, Numbers] = field(default_factory=dict)
    fit_time: Numbers = field(default_factory=lambda: [None, None])
    score_time: Numbers = field(default_factory=lambda: [None, None])
    """Mean and standard deviation over the folds."""

    @classmethod
    def read(cls, results: dict[str, Any], row: int, folds: int) -> Scores:
        """A row of the table that scikit-learn returned."""
        found = cls()
        for kind, held in (("test", found.test), ("train", found.train)):
            for key in results:
                if key.startswith(f"split0_{kind}_"):
                    metric = key.removeprefix(f"split0_{kind}_")
                    held[metric] = [
                        _plain(results[f"split{i}_{kind}_{metric}"][row]) for i in range(folds)
                    ]
        for name, pair in (("fit_time", found.fit_time), ("score_time", found.score_time)):
            pair[:] = [_plain(results[f"{part}_{name}"][row]) for part in ("mean", "std")]
        return found

    @classmethod
    def join(cls, parts: Sequence[Scores], metrics: Sequence[str], missing: float) -> Scores:
        """One candidate from its folds, each evaluated alone; a fold that raised is empty."""
        joined = cls()
        for kind in ("test", "train"):
            names = [m for part in parts for m in getattr(part, kind)]
            for metric in dict.fromkeys(names or (metrics if kind == "test" else ())):
                getattr(joined, kind)[metric] = [
                    getattr(part, kind).get(metric, [_plain(missing)])[0] for part in parts
                ]
        for name in ("fit_time", "score_time"):
            times = [_number(getattr(part, name)[0]) for part in parts]
            known = [time for time in times if time == time]
            if known:
                setattr(joined, name, [float(np.mean(known)), float(np.std(known))])
        return joined

    def mean(self, metric: str) -> float:
        """The mean over the folds; NaN where one is missing."""
        return float(np.mean([_number(score) for score in self.test.get(metric, [None])]))

    def plain(self) -> dict[str, Any]:
        """As a storage keeps it."""
        return asdict(self)


def read_trial(trial: FrozenTrial) -> Scores:
    """The scores that a trial keeps; none of a trial that was never evaluated."""
    return Scores(**trial.user_attrs.get(SCORES, {}))


def table(
    candidates: list[dict[str, Any]],
    scores: Sequence[Scores],
    numbers: Sequence[int],
    folds: int,
    error_score: float,
    feasible: Sequence[bool] | None = None,
) -> dict[str, Any]:
    """`cv_results_` of `GridSearchCV`, and `trial_number`, the trial behind each row.

    Args:
        candidates: what the estimator was given.
        scores: of each; NaN where a fold is missing since it was pruned. A candidate without
            any has `error_score` in each fold.
        numbers: the trials of the study.
        folds: how many there are.
        error_score: see `GridSearchCV`.
        feasible: whether each satisfies its constraints; None for all. The others rank last.
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
            held = [getattr(s, kind).get(metric) for s in scores]
            rows = np.array([_row(one, folds, error_score) for one in held])
            results.update(_columns(f"{kind}_{metric}", rows))
            _warn_of_nan(
                kind, rows.mean(axis=1), [one is None or len(one) == folds for one in held]
            )
            if kind == "test":
                results[f"rank_test_{metric}"] = _rank(
                    np.where(eligible, results[f"mean_test_{metric}"], math.nan)
                )
    return results


def _row(held: Numbers | None, folds: int, error_score: float) -> list[float]:
    if held is None:
        return [error_score] * folds
    return [*map(_number, held), *[math.nan] * (folds - len(held))]


def _columns(name: str, rows: Any) -> dict[str, Any]:
    means = rows.mean(axis=1)
    columns = {f"split{i}_{name}": rows[:, i] for i in range(rows.shape[1])}
    with np.errstate(invalid="ignore"):
        return {**columns, f"mean_{name}": means, f"std_{name}": rows.std(axis=1)}


def _warn_of_nan(kind: str, means: Any, whole: list[bool]) -> None:
    """Say what scikit-learn says of scores that are no numbers; a pruned one is meant to be so."""
    if not np.isfinite(means[whole]).all():
        warnings.warn(
            f"One or more of the {kind} scores are non-finite: {means}",
            category=UserWarning,
            stacklevel=2,
        )


def _rank(means: Any) -> Any:
    """1 for the best; what has no mean is tied with the worst, as in scikit-learn."""
    if np.isnan(means).all():
        return np.ones(len(means), dtype=np.int32)
    known = np.where(np.isnan(means), np.nanmin(means) - 1, means)
    return rankdata(-known, method="min").astype(np.int32)


def _parameters(candidates: list[dict[str, Any]]) -> dict[str, Any]:
    """`param_*`, masked where a candidate does not have the parameter."""
    columns: dict[str, Any] = {}
    for name in dict.fromkeys(name for candidate in candidates for name in candidate):
        held = {i: candidate[name] for i, candidate in enumerate(candidates) if name in candidate}
        try:
            array = np.array(list(held.values()))
            dtype = array.dtype if array.ndim == 1 and array.dtype.kind != "U" else object
        except ValueError:  # lists of several lengths
            dtype = object
        column: Any = MaskedArray(np.empty(len(candidates), dtype=dtype), mask=True)
        for row, value in held.items():
            column[row] = value
        columns[f"param_{name}"] = column
    return columns


def _plain(value: Any) -> float | None:
    return None if value != value else float(value)


def _number(value: float | None) -> float:
    return math.nan if value is None else value
