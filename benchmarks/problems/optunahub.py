"""Conversion between problems of OptunaHub and ours.

    hub = optunahub.load_module("benchmarks/bbob_mixint").Problem(function_id=3, dimension=5)
    problem = from_optunahub(hub, "bbob_mixint-f3")

Differences of OptunaHub:

- A choice has no order. An ordered choice becomes a plain categorical, and is unordered after a
  round trip through Optuna's distributions.
- `search_space` has every parameter of a conditional space; `__call__` suggests only the active
  ones, and `evaluate` ignores the others.
- A problem here has one metric, no constraints, and a space that does not change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection
from optuna.trial import FixedTrial, Trial

from crosstune.benchmarks.problems.base import Problem
from crosstune.engines import registry as adapters
from crosstune.engines import study_values as ledger
from crosstune.errors import RequestError, SpecError, Unsupported, no_such
from crosstune.objectives import TrialFailed
from crosstune.space.parameters import Scalar
from crosstune.spec.measures import Metric
from crosstune.spec.spec import Spec
from crosstune.system.extras import needing

with needing("a problem of OptunaHub", "optunahub", "optunahub"):
    from optunahub.benchmarks import BaseProblem


@dataclass(frozen=True)
class Evaluate:
    """The objective of a problem of OptunaHub: its `evaluate`."""

    hub: Any

    def __call__(self, params: Mapping[str, Scalar]) -> float:
        """The value at a point."""
        value = self.hub.evaluate(dict(params))
        return float(value[0] if isinstance(value, Sequence) and len(value) == 1 else value)


class HubProblem(BaseProblem):  # type: ignore[misc]  # OptunaHub has no types
    """A problem of ours as one of OptunaHub; see `to_optunahub`.

    Attributes:
        problem: the problem of ours.
    """

    def __init__(self, problem: Problem):
        self.problem = problem

    @property
    def search_space(self) -> dict[str, BaseDistribution]:
        """The distribution of each parameter, including conditional ones."""
        return dict(ledger.distributions(self.problem.space))

    @property
    def directions(self) -> list[StudyDirection]:
        """The direction of the metric."""
        return [StudyDirection.MAXIMIZE if self.problem.maximize else StudyDirection.MINIMIZE]

    def __call__(self, trial: Trial) -> float:
        """The metric of a trial, for `study.optimize`.

        Suggests the active parameters in the order of the space. The objective may report and be
        pruned, and its further metrics become user attributes. Its exceptions propagate.
        """
        try:
            value: float = self.problem.prepared(trial)
            return value
        except TrialFailed as error:
            raise (error.__cause__ or error) from None

    def evaluate(self, params: Mapping[str, Any]) -> float:
        """The metric at a point; a noisy objective gets the seed of a first trial.

        Args:
            params: values by name; inactive parameters are ignored.

        Raises:
            SpecError: the point is not in the space.
        """
        space = self.problem.space
        for name in params:
            if name not in space:
                raise SpecError(no_such("parameter", name, space), (str(name),))
        point = space.check_point(ledger.read_point(space, params), complete=True)
        return self(cast(Trial, _Alone(ledger.write_point(space, point))))


class _Alone(FixedTrial):
    """A trial with fixed values outside a study, for an objective that reads its seed."""

    study = SimpleNamespace(user_attrs={})


def to_optunahub(problem: Problem) -> HubProblem:
    """The problem as an `optunahub.benchmarks.BaseProblem`.

    >>> import optuna
    >>> from crosstune.benchmarks import problems
    >>> hub = to_optunahub(problems.get("functions/bbob-f1-d2"))
    >>> hub.evaluate({"x0": 0.0, "x1": 0.0})
    80.88...
    >>> study = optuna.create_study(directions=hub.directions)
    >>> study.optimize(hub, n_trials=10)
    """
    return HubProblem(problem)


def from_optunahub(hub: Any, name: str, *, optimum: float | None = None) -> Problem:
    """A problem of OptunaHub as one of ours; it can be pickled if `hub` can.

    Args:
        hub: an `optunahub.benchmarks.BaseProblem`.
        name: of the new problem.
        optimum: its best value, if known.

    Raises:
        Unsupported: it has several objectives, constraints, a space that is built during the
            trial, or a choice with values other than strings, numbers, booleans and null.

    >>> from crosstune.benchmarks import problems
    >>> sphere = problems.get("functions/bbob-f1-d2")
    >>> from_optunahub(to_optunahub(sphere), "sphere").optimum
    79.48
    """
    if isinstance(hub, HubProblem):
        ours = hub.problem
        return replace(
            ours,
            name=name,
            spec=ours.spec.model_copy(update={"name": name}),
            optimum=ours.optimum if optimum is None else optimum,
        )
    if len(hub.directions) != 1:
        raise Unsupported(
            f"{name!r} has {len(hub.directions)} objectives. A problem of a match has one"
        )
    if _overrides(hub, "evaluate_constraints"):
        raise Unsupported(f"{name!r} has constraints, which no engine here takes")
    if _overrides(hub, "__call__"):
        raise Unsupported(
            f"{name!r} suggests its parameters in a __call__ of its own, so its space may change "
            "from trial to trial. A match needs one space that is known beforehand"
        )
    try:
        distributions = hub.search_space
    except NotImplementedError as error:
        raise Unsupported(f"{name!r} has no search_space. A match needs one") from error
    try:
        space = adapters.get(adapters.HOST).read(distributions)
    except RequestError as error:
        raise Unsupported(f"the space of {name!r} cannot be searched here: {error}") from error
    maximize = hub.directions[0] == StudyDirection.MAXIMIZE
    metric = Metric(direction="maximize" if maximize else "minimize")
    return Problem(name, Spec(name=name, space=space, metric=metric), Evaluate(hub), optimum)


def _overrides(hub: Any, method: str) -> bool:
    """True if a problem overrides a method of OptunaHub's base class."""
    return getattr(type(hub), method, None) is not getattr(BaseProblem, method, None)
