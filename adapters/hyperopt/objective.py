"""The hyperopt dialect: `fn(params)`, which returns a loss, or a dictionary with a status."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from optuna.trial import Trial

from crosstune.engines.record_names import DRAWN, ERROR
from crosstune.errors import ObjectiveError, RequestError, shortened
from crosstune.objectives.base import Objective, Prepared, failing
from crosstune.objectives.signature import parameter_names
from crosstune.space.space import Space
from crosstune.spec.foreign_space import NativeSpace
from crosstune.spec.spec import Spec
from crosstune.system.scalars import plain

OK = "ok"
STATUSES = ("new", "running", "suspended", OK, "fail")
"""Hyperopt's statuses; `tests/engines/hyperopt/test_objective.py` compares them."""

_logger = logging.getLogger("crosstune")


def prepare(objective: Objective, spec: Spec) -> Prepared:
    """The objective of a study.

    Raises:
        RequestError: the spec has several metrics, or see `HyperoptObjective`.
    """
    if spec.metrics:
        raise RequestError(
            "a function of Hyperopt returns one loss, and the spec has several metrics. Write the "
            "objective as f(params), which returns them by name"
        )
    return HyperoptObjective(objective, spec.space, spec.metric.name, spec.metric.direction)


class HyperoptObjective(Prepared):
    """A function for `hyperopt.fmin`, for any engine.

    Its argument is the evaluated native space, as in `fmin`, or the active parameters of a `Space`.
    It may have a second parameter named `trial`, for reports and pruning.

    A trial whose status is not STATUS_OK has failed. Other entries of the dictionary become
    attributes of the trial if they are JSON values; attachments are dropped.

    Args:
        objective: the function.
        space: the study's.
        metric: the name of the loss in the study.
        direction: of the study.

    Raises:
        RequestError: a loss cannot be maximised, or the function needs more arguments.
    """

    def __init__(self, objective: Objective, space: Space, metric: str, direction: str):
        super().__init__(objective, space, metric)
        if direction != "minimize":
            raise RequestError(
                "Hyperopt's functions return a loss, which is minimised: leave the direction "
                f"{direction!r} out, and return the negated value"
            )
        needed, names = parameter_names(objective)
        self._wants_trial = "trial" in names[1:]
        more = [name for name in needed[1:] if name != "trial"]
        if more and not getattr(objective, "fmin_pass_expr_memo_ctrl", False):
            raise RequestError(
                "a function of Hyperopt takes the point, and 'trial' where it is to be pruned; "
                f"this one needs {', '.join(map(repr, more))} as well"
            )
        self._left_out: set[str] = set()

    def _evaluate(self, trial: Trial) -> Any:
        params = self.suggest(trial)
        function: Callable[..., Any] = self._objective
        if self._wants_trial:
            function = partial(function, trial=trial)
        if isinstance(self._space, NativeSpace) and self._space.dialect == "hyperopt":
            draws = trial.user_attrs.get(DRAWN)
            return self._space.call(function, params, trial.number, draws)
        return function(params)

    def _value(self, trial: Trial, returned: Any) -> float:
        with failing(trial):
            returned = plain(returned)
        if isinstance(returned, float | int):
            with failing(trial):
                loss = float(returned)
            return super()._value(trial, loss)
        with failing(trial):
            result = {str(name): value for name, value in _result(returned).items()}
        for name, value in result.items():
            if name not in ("status", "loss"):
                self._keep(trial, name, value)
        if result["status"] == OK:
            with failing(trial):
                loss = _loss(result)
            return super()._value(trial, loss)
        if result.get("loss") is not None:
            self._keep(trial, "loss", result["loss"])
        trial.set_user_attr(ERROR, f"status {result['status']!r}")
        return float("nan")  # Optuna fails the trial

    def _keep(self, trial: Trial, name: str, value: Any) -> None:
        try:
            json.dumps(value)
            trial.set_user_attr(name, value)
        except (TypeError, ValueError, OverflowError, RecursionError):
            if name not in self._left_out:
                self._left_out.add(name)
                _logger.warning(
                    "%r of the result is not kept in the study: JSON has no such value", name
                )


def _result(returned: Any) -> Mapping[str, Any]:
    """The dictionary that a function returned, checked."""
    if not isinstance(returned, Mapping):
        raise ObjectiveError(
            f"the function returned {type(returned).__name__}. Hyperopt's return the loss as a "
            "number, or a dictionary with 'status' and 'loss'"
        )
    if returned.get("status") not in STATUSES:
        status = f"the status {returned['status']!r}" if "status" in returned else "no status"
        raise ObjectiveError(
            f"the function returned {status}. It has to be one of {', '.join(map(repr, STATUSES))}"
        )
    return returned


def _loss(result: Mapping[str, Any]) -> float:
    try:
        return float(result["loss"])
    except (KeyError, TypeError, ValueError):
        loss = f"the loss {shortened(repr(result['loss']))}" if "loss" in result else "no loss"
        raise ObjectiveError(
            f"the function returned {loss} with the status 'ok'. A number is needed"
        ) from None
