"""What a search was asked for: the space, the engine and the budget, settled before any fit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from optuna.pruners import BasePruner, NopPruner
from optuna.study import Study

from crosstune.digests.evaluated import Evaluated
from crosstune.engines import budget as budgets
from crosstune.engines.budget import Budget
from crosstune.errors import RequestError, SpecError, Unsupported
from crosstune.integrations.search_cv.translation import Translation, translate
from crosstune.space.parameters import Parameter
from crosstune.space.space import Space
from crosstune.spec.spec import Metric, Spec, load
from crosstune.study.choice import Engine, choose
from crosstune.system.scalars import plain
from crosstune.tuning.front import open_study
from crosstune.tuning.loop import finished

DRAWS = 10
"""How many candidates are drawn where none is said, as by `RandomizedSearchCV`."""

SHUFFLED = 100_000
"""Up to how many points lists are drawn from without replacement; that takes about a second."""

BATCH = 32
"""How many candidates are fitted at once, where none depends on the score of another."""


_AS_THEY_ARE = ("estimator", "spec_or_grid", "param_grid", "param_distributions", "cv")
"""Arguments whose values go to the estimator, or that convert by themselves."""


@dataclass(frozen=True)
class Plan:
    """A search that can be carried out, once its study is open.

    Attributes:
        trials: finished trials of the study in all; None goes on to the end of the grid.
        seconds: None for no limit.
        walks: whether the candidates are those of a grid, in whose order the table is.
    """

    spec: Spec
    engine: Engine
    translation: Translation
    trials: int | None
    seconds: float | None
    walks: bool

    def open(self, search: Any, evaluated: Evaluated | None) -> Request:
        """The request, with a study that is new or agrees with `evaluated`.

        Raises:
            RequestError: there is a study with trials, and it is not to be resumed, or differs.
        """
        study = _open(search, self.spec, self.engine, evaluated, Budget(self.trials, self.seconds))
        return Request(
            study, self.translation, self.trials, self.seconds, not _learns(self.engine), self.walks
        )


@dataclass(frozen=True)
class Request:
    """A search with its study.

    Attributes:
        ahead: whether no candidate depends on the score of another.
    """

    study: Study
    translation: Translation
    trials: int | None
    seconds: float | None
    ahead: bool
    walks: bool

    @property
    def batch(self) -> int:
        """How many candidates are asked for at once.

        It does not depend on `n_jobs`, so the candidates are the same whatever that is.
        """
        return BATCH if self.ahead and self.seconds is None and not self.prunes else 1

    @property
    def prunes(self) -> bool:
        """Whether a candidate may be given up between two folds."""
        return not isinstance(self.study.pruner, NopPruner)

    @property
    def wanted(self) -> float:
        """How many candidates the budget has left."""
        return math.inf if self.trials is None else max(self.trials - finished(self.study), 0)


def settle(search: Any) -> Plan:
    """The search that the arguments of a `SearchCV` ask for.

    Raises:
        RequestError: it cannot be carried out.
    """
    search = _plain(search)
    spec, translation, is_grid = _space(search)
    backend, draws = search.backend, False
    if search.n_trials is not None and search.n_iter is not None:
        raise SpecError("n_trials and n_iter are two names of the same thing: give one of them")
    given = search.n_iter if search.n_trials is None else search.n_trials
    trials = _budget(given, "n_trials", whole=True)
    seconds = _budget(search.timeout, "timeout")
    sampler = search.sampler
    if sampler is not None and not isinstance(sampler, str | Mapping):
        raise RequestError(
            f"a sampler is a name, or a mapping of a name and options, not {sampler!r}"
        )
    drawn = None if spec is not None else DRAWS
    if spec is None:
        unlimited = is_grid and trials is None and seconds is None
        if sampler is None and (unlimited or (trials or 0) >= translation.points):
            sampler = "grid"
        spec = Spec(space=translation.space)
        backend, sampler, draws = _ours(search, sampler, translation)
    spec = _scored(spec)
    engine = choose(spec, backend=backend, sampler=sampler, seed=_seed(search))
    algorithm = None if engine.ours else engine.adapter.algorithms[engine.algorithm]
    if algorithm is not None and algorithm.scheduler:
        raise Unsupported(
            f"{engine.label} schedules how long each trial is trained, and cross-validation has no "
            "such length. Choose another sampler, such as 'bayesian'"
        )
    walks = algorithm is None or algorithm.exhaustive
    ends = walks and not draws
    budget = budgets.settle(
        spec, trials=trials, seconds=seconds, ends_by_itself=ends, default=drawn
    )
    trials, seconds = budget.trials, budget.seconds
    if not spec.space.searched:
        trials = 1
    elif walks and translation.points < math.inf:
        trials = int(min(trials or math.inf, translation.points))
    return Plan(spec, engine, translation, trials, seconds, ends)


def translation_of(search: Any) -> Translation:
    """The space of a `SearchCV`, and the way from its points to the estimator's parameters."""
    return _space(search)[1]


def _ours(search: Any, sampler: Any, translation: Translation) -> tuple[str | None, Any, bool]:
    """The backend and sampler of lists, and whether points are drawn from them.

    Where neither a backend is named nor a study is stored, our own grid takes Optuna's place: the
    cost of Optuna's grows with the cube of the points. Its order is drawn by the seed, so the first
    points of it are those of a random search without replacement, as `RandomizedSearchCV` does.
    """
    if search.backend is None and search.storage is None:
        if _is_walk(sampler):
            return "crosstune", sampler, False
        is_random = sampler in ("random", {"name": "random"})
        if is_random and translation.points <= SHUFFLED and not translation.weighted:
            return "crosstune", "grid", True
    return search.backend, sampler, False


def _plain(search: Any) -> SimpleNamespace:
    """The arguments of a search with numpy's scalars as Python's; those of the estimator stay."""
    arguments = search.get_params(deep=False) if hasattr(search, "get_params") else vars(search)
    return SimpleNamespace(
        **{key: held if key in _AS_THEY_ARE else plain(held) for key, held in arguments.items()}
    )


def _space(search: Any) -> tuple[Spec | None, Translation, bool]:
    """The spec, if one was given; the space; and whether it was given as a grid."""
    given = {
        name: getattr(search, name)
        for name in ("spec_or_grid", "param_grid", "param_distributions")
        if getattr(search, name) is not None
    }
    if len(given) != 1:
        raise SpecError(
            "what to search is given once, as spec_or_grid, param_grid or param_distributions; "
            f"here: {', '.join(given) or 'none of them'}"
        )
    ((name, value),) = given.items()
    if isinstance(value, Spec | Space) or (isinstance(value, Mapping) and _is_space(value)):
        value = deepcopy(value)  # Parameters keep what they work out, and fit changes no argument.
    if name == "spec_or_grid":
        if isinstance(value, Space):
            value = Spec(space=value)
        elif isinstance(value, Mapping) and _is_space(value):
            value = Spec(space=Space(value))
        elif isinstance(value, str | Path) or _is_spec(value):
            value = load(value)
        if isinstance(value, Spec):
            return value, Translation.of(value.space), False
    try:
        translation = translate(value, lists_only=name == "param_grid")
    except SpecError as error:
        raise error.under(name) from None
    is_grid = name != "param_distributions" and translation.points < math.inf
    return None, translation, is_grid


def _is_spec(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("space"), Mapping | Space)


def _is_space(value: Mapping[Any, Any]) -> bool:
    return bool(value) and all(
        isinstance(item, Parameter) or (isinstance(item, Mapping) and "type" in item)
        for item in value.values()
    )


def _scored(spec: Spec) -> Spec:
    """The spec with scikit-learn's direction: a score is better when it is larger."""
    if spec.metric != Metric() and spec.metric.direction != "maximize":
        raise SpecError(
            f"the spec minimizes {spec.metric.name!r}, and scikit-learn's scorers are better when "
            "they are larger. Write maximize, and choose the scorer by scoring=",
            ("metric", "direction"),
        )
    name = "score" if spec.metric == Metric() else spec.metric.name
    return spec.model_copy(update={"metric": Metric(name=name, direction="maximize")})


def _open(
    search: Any, spec: Spec, engine: Engine, evaluated: Evaluated | None, budget: Budget
) -> Study:
    search = _plain(search)
    pruner = search.pruner
    if pruner is not None and not isinstance(pruner, BasePruner | str | Mapping):
        raise RequestError(
            f"a pruner is a name, a mapping of a name and options, or Optuna's, not {pruner!r}"
        )
    return open_study(
        spec,
        engine,
        pruner=pruner,
        storage=search.storage,
        study_name=search.study_name,
        resume=search.resume,
        evaluated=evaluated,
        budget=budget,
    )


def _learns(engine: Engine) -> bool:
    """Whether what it proposes depends on the scores so far."""
    walks = engine.ours or engine.adapter.algorithms[engine.algorithm].exhaustive
    return not walks and engine.algorithm != engine.adapter.roles.get("random")


def _is_walk(sampler: Any) -> bool:
    return (sampler.get("name") if isinstance(sampler, Mapping) else sampler) == "grid"


def _seed(search: Any) -> int | None:
    # Meta-estimators set random_state, whatever the user has given as seed.
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
