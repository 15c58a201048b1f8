"""Pruning of scikit-learn estimators that learn by `partial_fit`."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
from optuna.study import StudyDirection
from optuna.trial import BaseTrial

from crosstune.callbacks import pickled
from crosstune.callbacks.pausable import PausableTraining
from crosstune.callbacks.report import Divergence, PruningCallback
from crosstune.checkpoints.stores import Store
from crosstune.errors import RequestError
from crosstune.system.extras import needing
from crosstune.system.scalars import plain_arguments

with needing("partial_fit_with_pruning", "crosstune[scikit-learn]", "sklearn"):
    from sklearn.base import is_classifier
    from sklearn.metrics import check_scoring
    from sklearn.utils import gen_batches, shuffle

NAME = "estimator.pickle"
"""The file name of a paused estimator."""
_OVERFLOWS = ("Floating-point under-/overflow", "non-finite parameter weights")
"""Parts of the messages of scikit-learn's ValueErrors for weights that are NaN or infinite."""


@plain_arguments("X", "y", "X_valid", "y_valid", "classes", "store")
def partial_fit_with_pruning(
    estimator: Any,
    X: Any,  # noqa: N803  # as in scikit-learn
    y: Any,
    X_valid: Any,  # noqa: N803
    y_valid: Any,
    *,
    trial: BaseTrial,
    epochs: int,
    batch_size: int | None = None,
    scoring: str | Callable[..., float] | None = None,
    classes: Any = None,
    seed: int | None = None,
    divergence: Divergence = "prune",
    fold: int | None = None,
    store: Store | None = None,
) -> float:
    """Fit an estimator epoch by epoch, and return its final score on the validation data.

    After each epoch the score is reported, and the trial may be pruned. To use other batches, write
    the loop yourself and call `PruningCallback` in it.

    Under a scheduler of crosstune the training is paused and continued by itself: the fitted
    estimator is pickled as the trial's checkpoint, and read again only if this user on this machine
    has written it. Elsewhere a continued trial is trained from the beginning.

    Args:
        estimator: one with `partial_fit`, such as `SGDClassifier`, `MLPClassifier` or
            `MultinomialNB`. It is fitted in place, and continues from its current state.
        X, y: the training data: arrays, a sparse matrix or a data frame.
        X_valid, y_valid: the data of the score.
        trial: the trial to report to.
        epochs: number of passes over the data, from 1.
        batch_size: samples per call of `partial_fit`, in a new random order each epoch; None for
            all, in their order.
        scoring: as in scikit-learn, larger is better, so the study has to maximize; None for the
            estimator's `score`.
        classes: all classes of a classifier; None for those in `y`.
        seed: of the order; None for a random one.
        divergence: the state of a trial whose weights or score are no longer finite, as in
            `PruningCallback`.
        fold: the trial's fold that these data are, from 0; None if there is only one. Every fold
            has the same `epochs`.
        store: of the checkpoint, as in `crosstune.checkpoints.find`.

    Raises:
        optuna.TrialPruned: the pruner stops the trial, or it diverged.
        TrainingDiverged: it diverged, and `divergence` is "fail".
        RequestError: the estimator cannot learn by epochs, the study minimizes, or a number of
            epochs or samples is not above 0.

    >>> import optuna
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import SGDClassifier
    >>> trial = optuna.create_study(direction="maximize").ask()
    >>> X, y = load_iris(return_X_y=True)
    >>> score = partial_fit_with_pruning(
    ...     SGDClassifier(random_state=0), X, y, X, y, trial=trial, epochs=3
    ... )
    """
    _check(estimator, trial, epochs, batch_size)
    steps = None if fold is None else epochs
    prune = PruningCallback(trial, "score", divergence=divergence, fold=fold, epochs=steps)
    scorer = check_scoring(estimator, scoring=scoring)
    named: dict[str, Any] = {}
    if "classes" in inspect.signature(estimator.partial_fit).parameters and is_classifier(
        estimator
    ):
        named["classes"] = np.unique(y) if classes is None else classes
    order = np.random.RandomState(seed)
    score = math.nan
    pausable = PausableTraining(trial if fold is None else None, NAME, store)
    done = pausable.restore(partial(pickled.read, subject=estimator))
    for _ in range(done):  # the batches that follow are those of an uninterrupted training
        next(_batches(X, y, batch_size, order))
    last = min(epochs, pausable.end or epochs)
    if done >= last:
        return _score(scorer, estimator, X_valid, y_valid)
    for epoch in range(done, last):
        try:
            for rows, targets in _batches(X, y, batch_size, order):
                estimator.partial_fit(rows, targets, **named)
        except ValueError as error:
            if not any(words in str(error) for words in _OVERFLOWS):
                raise
            score = math.nan
        else:
            score = _score(scorer, estimator, X_valid, y_valid)
        if pausable.pauses_at(epoch + 1):
            pausable.keep(partial(pickled.write, subject=estimator), epoch + 1)
        prune(epoch, score=score)
    return score


def _batches(
    rows: Any, targets: Any, size: int | None, order: np.random.RandomState
) -> Iterator[tuple[Any, Any]]:
    if size is None:
        yield rows, targets
        return
    rows, targets = shuffle(rows, targets, random_state=order)
    for part in gen_batches(len(targets), size):
        # `iloc`, since pandas 2 treats a slice of a float index as labels.
        yield tuple(
            data.iloc[part] if hasattr(data, "iloc") else data[part] for data in (rows, targets)
        )


def _score(scorer: Callable[..., float], estimator: Any, rows: Any, targets: Any) -> float:
    """The score; NaN if a prediction is not finite, for which most scores raise an error."""
    try:
        return float(scorer(estimator, rows, targets))
    except ValueError:
        predicted = np.asarray(estimator.predict(rows))
        if predicted.dtype.kind == "f" and not np.isfinite(predicted).all():
            return math.nan
        raise


def _check(estimator: Any, trial: BaseTrial, epochs: int, batch_size: int | None) -> None:
    if not hasattr(estimator, "partial_fit"):
        name = type(estimator).__name__
        raise RequestError(
            f"{name} cannot be fitted epoch by epoch: as it is set, it has no partial_fit. "
            + (
                "Transform the data first, and give the last step alone"
                if hasattr(estimator, "steps")
                else "Fit it at once, and report the score of each fold instead"
            )
        )
    for name, number in (("epochs", epochs), ("batch_size", batch_size)):
        if number is not None and (not isinstance(number, Integral) or number < 1):
            raise RequestError(f"{name} is a whole number above 0, not {number!r}")
    study = getattr(trial, "study", None)
    if study is not None and study.directions == [StudyDirection.MINIMIZE]:
        raise RequestError(
            "the study minimizes, and a score of scikit-learn is the better the larger it is. Make "
            "the study with direction='maximize'; a loss has a score such as 'neg_log_loss'"
        )
