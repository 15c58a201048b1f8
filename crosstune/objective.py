"""The user's objective, whatever dialect it is written in, as Optuna's `f(trial) -> float`.

Dialects:

- "optuna": `f(trial)`, which suggests its own parameters.
- "crosstune": `f(params)` or `f(params, trial)`, which is handed the values of the active
  parameters.
- "sklearn": an estimator and its data, described in the spec.

Each returns the metric as a number, or a mapping with it; what else is in the mapping is kept
as user attributes of the trial.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import optuna
from optuna.trial import FrozenTrial, Trial

from crosstune.adapters import ledger
from crosstune.errors import (
    CrosstuneError,
    ObjectiveError,
    RequestError,
    RunError,
    SpecError,
    no_such,
)
from crosstune.space import Params, Space
from crosstune.spec import Spec

Objective: TypeAlias = Callable[..., Any]
ERROR = "crosstune:error"
"""The trial attribute that holds why it failed."""

DIALECTS = ("optuna", "crosstune", "sklearn")


class TrialFailed(Exception):
    """The objective raised: the trial failed, and the study may go on."""


def prepare(
    spec: Spec, objective: Objective | str | Mapping[str, Any] | None, dialect: str | None
) -> Prepared:
    """The objective of a study, ready for `study.optimize`.

    Args:
        spec: says the space and the metric, and the objective where `objective` is None.
        objective: a callable, ``module:function``, or the mapping of the sklearn dialect.
        dialect: one of `DIALECTS`; None tells it from the objective.

    Raises:
        RequestError: it does not import, or its signature is of no dialect.
    """
    given = spec.objective if objective is None else objective
    if given is None:
        raise RequestError(
            "the spec names no objective. Give 'objective: module:function', or pass one to tune"
        )
    function: Any = find(given, spec.folder) if isinstance(given, str) else given
    if dialect is None:
        dialect = tell_dialect(function)
    if dialect not in DIALECTS:
        raise RequestError(no_such("dialect", dialect, DIALECTS))
    if dialect == "sklearn":
        from crosstune.estimators import EstimatorObjective

        function = EstimatorObjective(function, spec)
        dialect = "crosstune"
    return Prepared(function, spec.space, spec.metric.name, dialect)


def find(target: str, folder: Path | None) -> Any:
    """What ``module:name`` stands for; the module is looked for in `folder` first.

    Raises:
        RequestError: it does not import, or has no such name.
    """
    module_name, colon, attribute = target.partition(":")
    if not colon or not re.fullmatch(r"[^./\\:]+(\.[^./\\:]+)*", module_name) or not attribute:
        raise RequestError(
            f"an objective is written module:function, such as train:score for the function score "
            f"in train.py, not {target!r}"
        )
    if folder is not None and str(folder) not in sys.path:
        # As Python does for a script: the objective may import its neighbours at any time.
        sys.path.insert(0, str(folder))
    where = f"beside the spec in {folder} or installed" if folder else "installed"
    _check_not_shadowed(module_name.partition(".")[0], folder)
    try:
        found = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise RequestError(f"{target!r}: there is no module {error.name!r} {where}") from error
        raise RequestError(f"importing {module_name!r} failed: {error}") from error
    except Exception as error:
        raise RequestError(
            f"importing {module_name!r} failed: {type(error).__name__}: {error}"
        ) from error
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise RequestError(
                f"{target!r}: {module_name} has {no_such('name', part, _public(found))}"
            ) from None
    return found


def _check_not_shadowed(module: str, folder: Path | None) -> None:
    """Raise where the module beside the spec would not be the one that is used."""
    if folder is None or module not in sys.modules:
        return
    beside = [path for path in (folder / f"{module}.py", folder / module) if path.exists()]
    loaded = getattr(sys.modules[module], "__file__", None)
    if beside and folder not in Path(loaded or "/").resolve().parents:
        raise RequestError(
            f"{beside[0]} cannot be used: another module {module!r} is imported already, from "
            f"{loaded or 'Python itself'}. Rename it"
        )


def tell_dialect(objective: Any) -> str:
    """The dialect of an objective, by its type and then by its parameters' names.

    Raises:
        RequestError: it cannot be told.
    """
    if isinstance(objective, Mapping):
        return "sklearn"
    if not callable(objective):
        raise RequestError(f"an objective is a function, not {objective!r}")
    needed, every = _parameter_names(objective)
    if needed == ["trial"]:
        return "optuna"
    if "params" in every and set(needed) <= {"params", "trial"}:
        return "crosstune"
    shown = ", ".join(needed)
    raise RequestError(
        f"the objective {getattr(objective, '__name__', objective)}({shown}) has to take 'trial' "
        "(Optuna's), or 'params', or 'params' and 'trial', and nothing else without a default. "
        "Rename its parameters, or say dialect= in Python"
    )


def suggest(space: Space, trial: Trial) -> Params:
    """The values of the active parameters of a trial, suggested in the order of the space."""
    distributions = ledger.distributions(space)
    params: Params = {}
    for name, item in space.items():
        if space.is_active(name, params):
            params[name] = ledger.read(item, ledger.suggest(trial, name, distributions[name]))
    return params


class Prepared:
    """`f(trial)` in front of an objective: suggests, calls, checks what it returns."""

    def __init__(self, objective: Objective, space: Space, metric: str, dialect: str):
        self._objective = objective
        self._metric = metric
        self._dialect = dialect
        self._space = space
        self._distributions = ledger.distributions(space)
        _, names = ([], ["params", "trial"]) if dialect == "optuna" else _parameter_names(objective)
        self._wants_trial = "trial" in names or (names == [] and dialect == "crosstune")

    def __call__(self, trial: Trial) -> float:
        """The metric of a trial.

        Raises:
            optuna.TrialPruned: the objective gave up the trial.
            TrialFailed: the objective raised.
            ObjectiveError: it returned no number.
            RunError: the sampler raised.
        """
        args, more = self._arguments(trial)
        try:
            returned = self._objective(*args, **more)
            self._check_ranges(trial)
        except (optuna.TrialPruned, CrosstuneError):
            raise
        except (Exception, SystemExit) as error:
            trial.set_user_attr(ERROR, f"{type(error).__name__}: {error}")
            raise TrialFailed(str(error)) from error
        return self._value(trial, returned)

    def _arguments(self, trial: Trial) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What the objective is called with."""
        if self._dialect == "optuna":
            return (trial,), {}
        try:
            params = suggest(self._space, trial)
        except (optuna.TrialPruned, CrosstuneError):
            raise
        except Exception as error:
            raise RunError(
                f"the sampler failed on trial {trial.number}: {type(error).__name__}: {error}. "
                "Are its options of the right types? --debug shows where it failed"
            ) from error
        if self._wants_trial:
            return (), {"params": params, "trial": trial}
        return (params,), {}

    def _check_ranges(self, trial: Trial) -> None:
        """Raise where the objective suggested another range than the space says.

        Only an objective in Optuna's dialect can: an engine would have searched one range, and
        the objective used another.
        """
        if self._dialect != "optuna":
            return
        for name, held in trial.distributions.items():
            if name not in self._space:
                raise SpecError(no_such("parameter in the space", name, self._space))
            if held != self._distributions[name]:
                raise SpecError(
                    f"the objective asks for {name!r} in {held}, and the space says "
                    f"{self._distributions[name]}"
                )

    def test(self, trial: FrozenTrial) -> dict[str, float] | None:
        """What the objective's own `test(params)` says of a trial; None where it has none."""
        test = getattr(self._objective, "test", None)
        return test(ledger.read_point(self._space, trial.params)) if callable(test) else None

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


def _number(returned: Any, metric: str) -> float:
    if isinstance(returned, tuple | list):
        raise ObjectiveError(
            f"the objective returned {len(returned)} values. A study has one metric: return "
            f"{metric!r} alone, or a mapping with it and the others"
        )
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
    if isinstance(value, bool | int | float | str | None):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


def _parameter_names(function: Objective) -> tuple[list[str], list[str]]:
    """The parameters that have to be given, and all that have a name."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return [], []
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return [p.name for p in named if p.default is p.empty], [p.name for p in named]


def _public(thing: object) -> list[str]:
    return [name for name in dir(thing) if not name.startswith("_")]
