"""What every dialect makes of an objective: Optuna's `f(trial) -> float`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import optuna
from optuna.trial import FrozenTrial, Trial

from crosstune.adapters import ledger
from crosstune.errors import CrosstuneError, ObjectiveError, RunError
from crosstune.evaluated import Evaluated
from crosstune.questions import noting
from crosstune.scalars import plain
from crosstune.space import Params, Space

Objective: TypeAlias = Callable[..., Any]
ERROR = "crosstune:error"
"""The trial attribute that holds why it failed."""


class TrialFailed(Exception):
    """The objective raised: the trial failed, and the study may go on."""


class Prepared(ABC):
    """`f(trial)` in front of an objective: suggests, calls, checks what it returns.

    Args:
        objective: the user's.
        space: the study's.
        metric: the name of what it returns.
    """

    def __init__(self, objective: Objective, space: Space, metric: str):
        self._objective = objective
        self._space = space
        self._metric = metric

    @property
    def objective(self) -> Objective:
        """The user's."""
        return self._objective

    @abstractmethod
    def _evaluate(self, trial: Trial) -> Any:
        """What the objective returns for a trial; what it raises goes through."""

    def __call__(self, trial: Trial) -> float:
        """The metric of a trial.

        Raises:
            optuna.TrialPruned: the objective gave up the trial.
            TrialFailed: the objective raised.
            ObjectiveError: it returned no number.
            RunError: the sampler raised.
        """
        try:
            with noting(trial):
                returned = self._evaluate(trial)
        except (optuna.TrialPruned, CrosstuneError):
            raise
        except (Exception, SystemExit) as error:
            trial.set_user_attr(ERROR, f"{type(error).__name__}: {error}")
            raise TrialFailed(str(error)) from error
        return self._value(trial, returned)

    def test(self, trial: FrozenTrial) -> dict[str, float] | None:
        """What the objective's own `test(params)` says of a trial; None where it has none."""
        test = getattr(self._objective, "test", None)
        return test(ledger.read_point(self._space, trial.params)) if callable(test) else None

    def evaluated(self) -> Evaluated | None:
        """What the values depend on beside the params; None where nobody says it."""
        return None

    def suggest(self, trial: Trial) -> Params:
        """The values of the active parameters.

        Raises:
            RunError: the sampler raised.
        """
        try:
            return suggest(self._space, trial)
        except (optuna.TrialPruned, CrosstuneError):
            raise
        except Exception as error:
            raise RunError(
                f"the sampler failed on trial {trial.number}: {type(error).__name__}: {error}. "
                "Are its options of the right types? --debug shows where it failed"
            ) from error

    def _value(self, trial: Trial, returned: Any) -> float:
        if isinstance(returned, Mapping):
            metrics = dict(returned)
            if self._metric not in metrics:
                raise ObjectiveError(
                    f"the objective returned no {self._metric!r}. It returned: "
                    f"{', '.join(map(str, metrics)) or 'an empty mapping'}"
                )
            returned = metrics.pop(self._metric)
            for name, value in metrics.items():
                trial.set_user_attr(str(name), _plain(value))
        value = _number(returned, self._metric)
        if value != value:
            trial.set_user_attr(ERROR, f"{self._metric!r} = NaN")
        return value


def suggest(space: Space, trial: Trial) -> Params:
    """The values of the active parameters of a trial, suggested in the order of the space."""
    distributions = ledger.distributions(space)
    params: Params = {}
    for name, item in space.items():
        if space.is_active(name, params):
            params[name] = ledger.read(item, ledger.suggest(trial, name, distributions[name]))
    return params


def _number(returned: Any, metric: str) -> float:
    if isinstance(returned, tuple | list):
        raise ObjectiveError(
            f"the objective returned {len(returned)} values. A study has one metric: return "
            f"{metric!r} alone, or a mapping with it and the others"
        )
    returned = plain(returned)
    if returned is None or isinstance(returned, str | bytes | bool):
        raise ObjectiveError(
            f"the objective returned {returned!r}. It has to return the number {metric!r}, or a "
            "mapping with it"
        )
    try:
        return float(returned)
    except (TypeError, ValueError) as error:
        raise ObjectiveError(
            f"the objective returned {type(returned).__name__}, which is no number: {error}"
        ) from error


def _plain(value: Any) -> Any:
    """A metric as a storage can hold it."""
    value = plain(value)
    if isinstance(value, bool | int | float | str | None):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)
