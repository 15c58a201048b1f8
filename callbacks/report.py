"""The base of all pruning callbacks: check a metric, report it, and ask the pruner."""

from __future__ import annotations

import logging
import math
import operator
from collections.abc import Mapping
from typing import Any, Literal, Protocol, SupportsIndex, TypeAlias

import optuna
from optuna.trial import BaseTrial

from crosstune.callbacks.fold import Fold, as_fold, reported
from crosstune.errors import ObjectiveError, RequestError, UnknownName, Unsupported, no_such
from crosstune.system.scalars import plain_arguments

Divergence: TypeAlias = Literal["prune", "fail"]
"""The state of a trial whose metric is NaN or infinite."""

_logger = logging.getLogger("crosstune")


class TrainingDiverged(Exception):
    """The monitored metric is NaN or infinite, and `divergence` is "fail".

    `crosstune.tune` and the command line continue with the next trial. A plain `study.optimize`
    needs ``catch=(TrainingDiverged,)`` for that.
    """


class Reports(Protocol):
    """The part of `optuna.Trial` that a reporter uses."""

    def report(self, value: float, step: int) -> None:
        """Store the metric after `step`."""

    def should_prune(self) -> bool:
        """Whether the pruner stops the trial."""


class Reporter:
    """`PruningCallback` for anything that takes reports, without checks of the arguments.

    Args:
        trial: takes the reports.
        monitor, divergence: as in `PruningCallback`.
        fold: of the trial; None for the whole trial.
    """

    def __init__(
        self, trial: Reports, monitor: str, divergence: Divergence, fold: Fold | None = None
    ):
        self._trial, self._monitor, self._divergence = trial, monitor, divergence
        self._fold = fold
        self._mark = object()
        self._reported = reported(trial)
        self._warned = False

    def __call__(
        self, step: SupportsIndex, metrics: Mapping[str, Any] | None = None, /, **more: Any
    ) -> None:
        """Report the metric after `step`, and ask the study's pruner.

        Raises:
            optuna.TrialPruned: the pruner stops the trial, or the metric diverged.
            TrainingDiverged: the metric diverged, and `divergence` is "fail".
            ObjectiveError: the metric is missing or no number, the step is no whole number, or
                another callback has reported it.
        """
        self.decide(whole(step), measured(self._monitor, by_name(metrics, more)))

    def decide(self, step: int, value: float) -> None:
        """Report `value`, and raise an exception if the trial has to end."""
        if self._fold is not None:
            step = self._fold.step(step)
        if step <= self._reported.last and self._reported.by is not self._mark:
            raise self._of_another(step)
        if not math.isfinite(value):
            self._end_diverged(step, value)
        if step <= self._reported.last:
            self._warn(step)
            return
        self._report(value, step)
        if self._trial.should_prune():
            raise optuna.TrialPruned(f"pruned after step {step}: {self._monitor} = {value:.6g}")

    def _report(self, value: float, step: int) -> None:
        self._reported.last, self._reported.by = step, self._mark
        self._trial.report(value, step)

    def _of_another(self, step: int) -> ObjectiveError:
        reason = f"and another callback has reported this trial up to step {self._reported.last}"
        if self._fold is None:
            return ObjectiveError(
                f"step {step} of {self._monitor} was reported already, {reason}. In "
                "cross-validation give the callback of each fold its number and the epochs of one, "
                "as fold=1, epochs=10; the step of the trial is fold x epochs + epoch then"
            )
        return ObjectiveError(
            f"{self._monitor} of fold {self._fold.number} is step {step} of the trial, which was "
            f"reported already, {reason}. Give each fold= once, in their order, and all the same "
            "epochs="
        )

    def _end_diverged(self, step: int, value: float) -> None:
        # Optuna takes the last report as the value of a pruned trial.
        self._report(math.nan, max(step, self._reported.last + 1))
        message = f"diverged at step {step}: {self._monitor} = {value}"
        if self._divergence == "fail":
            raise TrainingDiverged(message)
        raise optuna.TrialPruned(message)

    def _warn(self, step: int) -> None:
        if not self._warned:
            self._warned = True
            _logger.warning(
                "step %d of %s came after step %d, so it is not reported, and nothing is pruned "
                "until a step exceeds that",
                step,
                self._monitor,
                self._reported.last,
            )


class PruningCallback(Reporter):
    """Reports a metric in any training loop, and ends a trial that is pruned.

    Call it after each epoch or step with the metrics by name: ``prune(epoch, val_loss=loss)``, or
    ``prune(epoch, {"val/loss": loss})``. Metrics may be numbers, numpy scalars or tensors of one
    element.

    A step that is not above the last one is not reported, the pruner is not asked, and one warning
    is logged: Optuna keeps the first report of a step, so the pruner would use that one. It is an
    error if another callback has reported the step, as in a second fold. With `fold`, each epoch of
    each fold is a separate step: fold x epochs + epoch.

    Args:
        trial: the trial to report to.
        monitor: the metric to report. The study's direction is its direction.
        divergence: the state of a trial whose metric is NaN or infinite: "prune" or "fail". It
            ends at once, and its last report is NaN, which Optuna treats as the worst at that step.
        fold: the trial's fold that this callback reports, from 0; None for the trial as a whole.
        epochs: maximum number of steps of a fold, the same for all folds; only with `fold`.

    Raises:
        Unsupported: the study has several objectives.
        RequestError: an argument is invalid.

    >>> prune = PruningCallback(optuna.create_study().ask(), "loss")
    >>> for epoch in range(3):
    ...     prune(epoch, loss=1 / (epoch + 1), seconds=0.5)
    """

    @plain_arguments()
    def __init__(
        self,
        trial: BaseTrial,
        monitor: str = "val_loss",
        *,
        divergence: Divergence = "prune",
        fold: int | None = None,
        epochs: int | None = None,
    ):
        check(trial, monitor, divergence)
        super().__init__(trial, monitor, divergence, as_fold(fold, epochs))


def check(trial: object, monitor: str, divergence: str) -> None:
    """Check arguments of `PruningCallback`.

    Args:
        trial, monitor, divergence: as in `PruningCallback`.

    Raises:
        Unsupported: the study has several objectives.
        RequestError: an argument is invalid.
    """
    if not isinstance(trial, BaseTrial):
        raise RequestError(f"a pruning callback needs the optuna.Trial, not {trial!r}")
    check_choices(monitor, divergence)
    study = getattr(trial, "study", None)  # a FixedTrial has none
    if study is not None:
        check_one_objective(study.directions)


def check_choices(monitor: object, divergence: object) -> None:
    """Raise a RequestError if `monitor` or `divergence` is invalid."""
    if not isinstance(monitor, str) or not monitor:
        raise RequestError(f"monitor has to be the name of a metric, not {monitor!r}")
    if divergence not in ("prune", "fail"):
        raise UnknownName(no_such("divergence", divergence, ("prune", "fail")))


def check_one_objective(objectives: Any) -> None:
    """Raise Unsupported if there are several objectives."""
    if len(objectives) > 1:
        raise Unsupported(
            f"the study has {len(objectives)} objectives, and pruning needs one: Optuna's pruners "
            "compare a single metric. Leave the pruning callback out, or give the study one "
            "objective"
        )


def by_name(metrics: Mapping[str, Any] | None, more: Mapping[str, Any]) -> dict[str, Any]:
    """All metrics of a call.

    Raises:
        ObjectiveError: a metric has no name.
    """
    if metrics is not None and not isinstance(metrics, Mapping):
        raise ObjectiveError(
            f"metrics are given by name, as in prune(epoch, val_loss=loss), not as {metrics!r:.80}"
        )
    return {**(metrics or {}), **more}


def measured(monitor: str, metrics: Mapping[str, Any]) -> float:
    """The monitored metric as a number; it may be NaN or infinite.

    Raises:
        ObjectiveError: the metric is missing, with a list of the others, or it is no number.
    """
    if monitor not in metrics:
        raise ObjectiveError(no_such("reported metric", monitor, map(str, metrics)))
    metric = metrics[monitor]
    value = metric
    try:
        if hasattr(value, "item"):  # of numpy, torch, jax and so on
            value = value.item()
        if isinstance(value, str | bytes | bool):
            raise TypeError
        return float(value)
    except OverflowError:  # an integer beyond the range of floats
        return math.inf
    except (TypeError, ValueError, RuntimeError):
        shape = getattr(metric, "shape", None)
        size = f" of shape {tuple(shape)}" if shape else ""
        raise ObjectiveError(
            f"the metric {monitor!r} has to be one number, not {type(metric).__name__}{size}"
            + ("" if shape else f": {metric!r:.80}")
        ) from None


def whole(step: SupportsIndex) -> int:
    """A step as an integer.

    Raises:
        ObjectiveError: it is not an integer of 0 or more.
    """
    try:
        number = operator.index(step)
    except (TypeError, RuntimeError):
        number = -1
    if number < 0 or isinstance(step, bool):
        raise ObjectiveError(f"a step has to be a whole number from 0 on, not {step!r:.80}")
    return number
