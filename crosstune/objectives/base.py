"""The base of every dialect: an objective as Optuna's `f(trial) -> float`."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Number
from typing import Any, TypeAlias, TypeVar

import optuna
from optuna.trial import FrozenTrial, Trial

from crosstune.digests.evaluated import Evaluated
from crosstune.engines import study_values as ledger
from crosstune.engines.record_names import ERROR
from crosstune.errors import (
    CrosstuneError,
    ObjectiveError,
    Passing,
    RunError,
    described,
    message_of,
    shortened,
)
from crosstune.objectives.measured import TrialFailed, constrain, note_nan, split
from crosstune.objectives.questions import noting
from crosstune.objectives.signature import default_arguments
from crosstune.samplers.scheduled.pausing import end_part
from crosstune.space.defaults import Defaults
from crosstune.space.parameters import shown
from crosstune.space.space import Params, Space
from crosstune.spec.measures import MetricLimit
from crosstune.system.scalars import plain

Objective: TypeAlias = Callable[..., Any]
_P = TypeVar("_P", bound="Prepared")


@contextmanager
def failing(trial: Trial) -> Iterator[None]:
    """Turn an error of the user's code into a failed trial, with the error as an attribute.

    This includes SystemExit, and errors that end a task in other frameworks, such as asyncio's
    CancelledError. Ctrl-C, a pruned trial and crosstune's own errors are raised unchanged.

    Raises:
        TrialFailed: the user's code raised.
    """
    try:
        yield
    except (optuna.TrialPruned, TrialFailed, CrosstuneError, KeyboardInterrupt, Passing):
        raise
    except BaseException as error:
        trial.set_user_attr(ERROR, described(error))
        raise TrialFailed(message_of(error)) from error


class Prepared(ABC):
    """`f(trial)` in front of an objective: suggests, calls, checks the returned value.

    Args:
        objective: the user's.
        space: the study's.
        metric: the name of the returned value.
    """

    def __init__(self, objective: Objective, space: Space, metric: str):
        self._objective = objective
        self._space = space
        self._metric = metric
        self._metrics: tuple[str, ...] = ()
        self._limits: tuple[MetricLimit, ...] = ()

    @property
    def objective(self) -> Objective:
        """The user's objective."""
        return self._objective

    @abstractmethod
    def _evaluate(self, trial: Trial) -> Any:
        """Call the objective for a trial; its errors are not caught."""

    def __call__(self, trial: Trial) -> Any:
        """The metric of a trial, or its metrics as a tuple if there are several.

        Raises:
            optuna.TrialPruned: the objective gave up the trial, or a scheduler pauses it.
            TrialFailed: the objective raised, or did not return one of several metrics.
            ObjectiveError: it did not return a number.
            RunError: the sampler raised.
        """
        with noting(trial), failing(trial):
            returned = self._evaluate(trial)
        if self._metrics:
            values = self._values(trial, returned)
            if self._limits:
                constrain(trial, dict(zip(self._metrics, values, strict=True)), self._limits)
            return values
        value = self._value(trial, returned)
        if self._limits:
            constrain(trial, {self._metric: value}, self._limits)
        return end_part(trial, value)

    def test(self, trial: FrozenTrial) -> dict[str, float] | None:
        """The result of the objective's own `test(params)` for a trial; None if it has none."""
        test = getattr(self._objective, "test", None)
        return test(ledger.read_point(self._space, trial.params)) if callable(test) else None

    def under(self: _P, space: Space) -> _P:
        """The same objective for another form of its space."""
        again = copy.copy(self)
        again._space = space
        return again

    def measuring(self: _P, metrics: Iterable[str], limits: Iterable[MetricLimit]) -> _P:
        """The same objective with several metrics, if there are any, and with constraints."""
        again = copy.copy(self)
        again._metrics, again._limits = tuple(metrics), tuple(limits)
        return again

    def defaults(self) -> Defaults:
        """The objective's own default values: the default arguments of its function."""
        name = getattr(self._objective, "__name__", type(self._objective).__name__)
        return Defaults(f"{name}()", default_arguments(self._objective))

    def evaluated(self) -> Evaluated | None:
        """Digests of data that the values depend on beside the params; None if not known."""
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
                f"the sampler failed on trial {trial.number}: {described(error)}. "
                "Are its options of the right types? --debug shows where it failed"
            ) from error

    def _value(self, trial: Trial, returned: Any) -> float:
        with failing(trial):
            value, further = self._read(returned)
        for name, item in further.items():
            trial.set_user_attr(name, item)
        if value != value:
            trial.set_user_attr(ERROR, f"{self._metric!r} = NaN")
        return value

    def _values(self, trial: Trial, returned: Any) -> tuple[float, ...]:
        """The metrics, of which there are several; further items become attributes."""
        with failing(trial):
            items, further = split(trial, returned, self._metrics)
            values = tuple(
                _number(item, name) for item, name in zip(items, self._metrics, strict=True)
            )
        for name, item in further.items():
            trial.set_user_attr(name, _plain(item))
        note_nan(trial, self._metrics, values)
        return values

    def _read(self, returned: Any) -> tuple[float, dict[str, Any]]:
        """The metric and the further ones; methods of the returned object may raise anything."""
        further: dict[str, Any] = {}
        if isinstance(returned, Mapping):
            metrics = dict(returned)
            if self._metric not in metrics:
                raise ObjectiveError(
                    f"the objective returned no {self._metric!r}. It returned: "
                    f"{', '.join(map(str, metrics)) or 'an empty mapping'}"
                )
            returned = metrics.pop(self._metric)
            further = {str(name): _plain(value) for name, value in metrics.items()}
        return _number(returned, self._metric), further


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
            f"the objective returned {shortened(repr(returned))}. It has to return the number "
            f"{metric!r}, or a mapping with it"
        )
    try:
        return float(returned)
    except (TypeError, ValueError) as error:
        if isinstance(error, ValueError) and isinstance(returned, Number):
            raise  # a number without a float, such as a signaling NaN
        raise ObjectiveError(
            f"the objective returned {type(returned).__name__}, which is no number: "
            f"{message_of(error)}"
        ) from error


def _plain(value: Any) -> Any:
    """A metric that a storage can hold: unchanged, as a number, or else as a text."""
    value = plain(value)
    if isinstance(value, bool | float | str | None):
        return value
    try:
        number = float(value)
        return value if isinstance(value, int) else number
    except Exception:  # of the value's own methods
        return _text(value)


def _text(value: Any) -> str:
    try:
        return str.__str__(str(value))
    except Exception:  # of the value's own methods, or an integer of thousands of digits
        return shown(value)
