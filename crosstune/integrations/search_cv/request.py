"""The space, engine and budget of a search, settled before any fit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from optuna.pruners import BasePruner, NopPruner
from optuna.study import Study

from crosstune.digests.evaluated import Evaluated
from crosstune.engines.budget import SearchBudget
from crosstune.errors import RequestError, SpecError, Unsupported
from crosstune.integrations.search_cv.objectives import measured
from crosstune.integrations.search_cv.starts import defaults_of, start_of
from crosstune.integrations.search_cv.translation import Translation, translate
from crosstune.space.parameters import Parameter
from crosstune.space.space import Space
from crosstune.spec.spec import Spec, load
from crosstune.study.choice import ChosenEngine
from crosstune.study.patience import out_of_patience
from crosstune.study.trials import finished
from crosstune.system.scalars import plain
from crosstune.tuning.front import settle
from crosstune.tuning.opening import opened
from crosstune.tuning.request import Plan, StudyRequest

DRAWS = 10
"""Default number of draws (`RandomizedSearchCV`'s own)."""

SHUFFLED = 100_000
"""The most points of lists to draw from without replacement, which takes about a second."""

BATCH = 32
"""The number of candidates evaluated in parallel if none depends on the score of another."""

_AS_THEY_ARE = ("estimator", "spec_or_grid", "param_grid", "param_distributions", "cv", "start")
"""Arguments that may hold values of the estimator, or that are converted elsewhere."""


@dataclass(frozen=True)
class SearchPlan:
    """A settled search, before its study is opened.

    Attributes:
        plan: of the study. Without trials in its budget the search takes the whole grid.
        translation: from points of the space to parameters of the estimator.
        walks: whether the candidates are a grid, so that the table is in its order.
    """

    plan: Plan
    translation: Translation
    walks: bool

    @contextmanager
    def opened(self, evaluated: Evaluated | None) -> Iterator[OpenSearch]:
        """Open the study, which is new or agrees with `evaluated`, and lock its file.

        Raises:
            Driven: another process runs it.
            RequestError: the study has trials, and is not to be resumed or does not agree.
        """
        with opened(self.plan, evaluated) as study:
            yield OpenSearch(self.plan, self.translation, self.walks, study)


@dataclass(frozen=True)
class OpenSearch(SearchPlan):
    """A search with its open study."""

    study: Study

    @property
    def seconds(self) -> float | None:
        """After which no candidate starts; None for no limit."""
        return None if self.plan.budget is None else self.plan.budget.seconds

    @property
    def batch(self) -> int:
        """The number of candidates to ask for together.

        It does not depend on `n_jobs`, so neither do the candidates.
        """
        budget = self.plan.budget
        limited = budget is not None and (budget.seconds is not None or budget.patience is not None)
        return 1 if limited or self.prunes or _learns(self.plan.engine) else BATCH

    @property
    def prunes(self) -> bool:
        """True if a candidate may be pruned between two folds."""
        return not isinstance(self.study.pruner, NopPruner)

    @property
    def wanted(self) -> float:
        """The number of candidates left in the budget."""
        if self.plan.budget is not None and out_of_patience(self.study, self.plan.budget):
            return 0
        trials = None if self.plan.budget is None else self.plan.budget.trials
        return math.inf if trials is None else max(trials - finished(self.study), 0)


def settle_search(search: Any) -> SearchPlan:
    """Settle the search of a `SearchCV` from its arguments.

    Raises:
        RequestError: the search is not possible.
    """
    search = _plain(search)
    spec, translation, is_grid = _space(search)
    backend, sampler, draws = search.backend, search.sampler, False
    if search.n_trials is not None and search.n_iter is not None:
        raise SpecError("n_trials and n_iter are two names of the same thing: give one of them")
    trials = search.n_iter if search.n_trials is None else search.n_trials
    trials = _budget(trials, "n_trials", whole=True)
    seconds = _budget(search.timeout, "timeout")
    _check_names(sampler, search.pruner)
    unlimited = trials is None and seconds is None
    default = None
    if spec is None:
        default = DRAWS
        if sampler is None and ((is_grid and unlimited) or (trials or 0) >= translation.points):
            sampler = "grid"
        spec = Spec(space=translation.space)
        backend, sampler, draws = _ours(search, sampler, translation)
        if draws and unlimited:
            trials = DRAWS
    plan = settle(
        StudyRequest(
            spec=measured(spec, search),
            own_loop=True,
            backend=backend,
            sampler=sampler,
            pruner=search.pruner,
            trials=trials,
            seconds=seconds,
            default_trials=default,
            patience=search.patience,
            seed=_seed(search),
            start=start_of(search.start, translation),
            defaults=lambda: defaults_of(search.estimator, translation),
            storage=search.storage,
            study_name=search.study_name,
            resume=search.resume,
        )
    )
    return _bounded(plan, translation, draws=draws)


def _bounded(plan: Plan, translation: Translation, *, draws: bool) -> SearchPlan:
    """Limit the trials of a plan to the number of candidates.

    Raises:
        Unsupported: the engine schedules trials.
    """
    engine, budget = plan.engine, plan.budget or SearchBudget()
    algorithm = None if engine.ours else engine.adapter.algorithms[engine.algorithm]
    if algorithm is not None and algorithm.scheduler:
        raise Unsupported(
            f"{engine.label} schedules how long each trial is trained, and cross-validation has no "
            "such length. Choose another sampler, such as 'bayesian'"
        )
    walks = algorithm is None or algorithm.exhaustive
    trials = budget.trials
    if not plan.spec.space.searched:
        trials = 1
    elif walks and translation.points < math.inf:
        trials = int(min(trials or math.inf, translation.points))
    plan = replace(plan, budget=replace(budget, trials=trials))
    return SearchPlan(plan, translation, walks and not draws)


def _check_names(sampler: Any, pruner: Any) -> None:
    """Raise RequestError if an argument is of a wrong type."""
    if sampler is not None and not isinstance(sampler, str | Mapping):
        raise RequestError(
            f"a sampler is a name, or a mapping of a name and options, not {sampler!r}"
        )
    if pruner is not None and not isinstance(pruner, BasePruner | str | Mapping):
        raise RequestError(
            f"a pruner is a name, a mapping of a name and options, or Optuna's, not {pruner!r}"
        )


def translation_of(search: Any) -> Translation:
    """The space of a `SearchCV` and its translation to parameters of the estimator."""
    return _space(search)[1]


def _ours(search: Any, sampler: Any, translation: Translation) -> tuple[str | None, Any, bool]:
    """The backend and sampler for a translated space, and whether points are drawn from lists.

    Without a backend and a storage, crosstune's grid replaces Optuna's, whose cost grows with the
    cube of the points. The seed determines its order, so its first points are a random search
    without replacement, as in `RandomizedSearchCV`.
    """
    if search.backend is None and search.storage is None:
        if (sampler.get("name") if isinstance(sampler, Mapping) else sampler) == "grid":
            return "crosstune", sampler, False
        is_random = sampler in ("random", {"name": "random"})
        if is_random and translation.points <= SHUFFLED and not translation.weighted:
            return "crosstune", "grid", True
    return search.backend, sampler, False


def _plain(search: Any) -> SimpleNamespace:
    """The arguments of a search. NumPy scalars become Python's, except in `_AS_THEY_ARE`."""
    arguments = search.get_params(deep=False) if hasattr(search, "get_params") else vars(search)
    return SimpleNamespace(
        **{key: value if key in _AS_THEY_ARE else plain(value) for key, value in arguments.items()}
    )


def _space(search: Any) -> tuple[Spec | None, Translation, bool]:
    """The spec, if there is one; the translated space; and whether it is a grid."""
    spaces = {
        name: getattr(search, name)
        for name in ("spec_or_grid", "param_grid", "param_distributions")
        if getattr(search, name) is not None
    }
    if len(spaces) != 1:
        raise SpecError(
            "what to search is given once, as spec_or_grid, param_grid or param_distributions; "
            f"here: {', '.join(spaces) or 'none of them'}"
        )
    ((name, value),) = spaces.items()
    if isinstance(value, Spec | Space) or (isinstance(value, Mapping) and _is_space(value)):
        value = deepcopy(value)  # Parameters cache results, and fit must not change its arguments.
    if name == "spec_or_grid":
        if isinstance(value, Space):
            value = Spec(space=value)
        elif isinstance(value, Mapping) and _is_space(value):
            value = Spec(space=Space(value))
        declares = isinstance(value, Mapping) and isinstance(value.get("space"), Mapping | Space)
        if isinstance(value, str | Path) or declares:
            value = load(value)
        if isinstance(value, Spec):
            return value, Translation.of(value.space), False
    try:
        translation = translate(value, lists_only=name == "param_grid")
    except SpecError as error:
        raise error.under(name) from None
    is_grid = name != "param_distributions" and translation.points < math.inf
    return None, translation, is_grid


def _is_space(value: Mapping[Any, Any]) -> bool:
    return bool(value) and all(
        isinstance(item, Parameter) or (isinstance(item, Mapping) and "type" in item)
        for item in value.values()
    )


def _learns(engine: ChosenEngine) -> bool:
    """True if its proposals depend on the scores so far."""
    walks = engine.ours or engine.adapter.algorithms[engine.algorithm].exhaustive
    return not walks and engine.algorithm != engine.adapter.roles.get("random")


def _seed(search: Any) -> int | None:
    # Meta-estimators set random_state, even if the user has set seed.
    seed = search.seed if search.random_state is None else search.random_state
    if isinstance(seed, np.random.RandomState):
        return int(seed.randint(2**31 - 1))
    if seed is None or (isinstance(seed, int | np.integer) and not isinstance(seed, bool)):
        return None if seed is None else int(seed)
    raise SpecError(f"a seed is an integer, not {seed!r}")


def _budget(value: Any, name: str, *, whole: bool = False) -> Any:
    kinds = (int, np.integer) if whole else (int, float, np.integer, np.floating)
    if value is not None and (
        isinstance(value, bool) or not isinstance(value, kinds) or not value > 0
    ):
        raise SpecError(
            f"{name} has to be {'an integer' if whole else 'a number'} above 0, not {value!r}"
        )
    return value
