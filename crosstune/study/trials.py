"""What an objective gets from a trial: the parameters' values, the budget and the seed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial

from crosstune.engines import study_values as ledger
from crosstune.engines.base import Budget
from crosstune.engines.record_names import DRAWN, RUNS, TRIAL_BUDGET
from crosstune.engines.seeds import derived_seed
from crosstune.errors import SpecError
from crosstune.samplers.engine import EngineSampler
from crosstune.space.parameters import Parameter
from crosstune.space.space import Params, Space
from crosstune.spec.foreign_space import NativeSpace, as_space
from crosstune.spec.spec import Spec, load
from crosstune.study.earlier_names import form_of


def trial_values(trial: Trial | FrozenTrial, of: Any) -> Any:
    """The values that the objective got for a trial, to train the final model with.

    `trial.params` has only what a storage can store: it lacks constants that were not suggested,
    and has a text instead of an object.

    Args:
        trial: of a study in memory, or loaded from any storage.
        of: the source of the trial: the spec, its file or a mapping of its keys; the space, of
            crosstune or of Hyperopt; the fitted `SearchCV`; or the study, unless the space has
            objects, which a study does not store.

    Returns:
        The values of the active parameters by name. For a space of Hyperopt, the result of
        `hyperopt.space_eval`; for a `SearchCV`, the parameters of the estimator.

    Raises:
        SpecError: the trial is not a point of the space.
        RequestError: `of` is none of these.

    >>> import crosstune
    >>> space = {"x": crosstune.Float(0, 1), "layers": crosstune.Constant(2)}
    >>> study = crosstune.tune({"space": space, "seed": 0}, lambda params: params["x"], trials=5)
    >>> sorted(trial_values(study.best_trial, space))
    ['layers', 'x']
    """
    if hasattr(of, "trial_values"):
        return of.trial_values(trial)
    space = ledger.space_of(of) if isinstance(of, Study) else _space(of)
    if space is None:
        return dict(trial.params)
    space = form_of(space, trial)
    point = _point(space, trial.params)
    if isinstance(space, NativeSpace):
        return space.call(lambda values: values, point, trial.number, trial.user_attrs.get(DRAWN))
    return point


def _space(of: Any) -> Space:
    declares = isinstance(of, Mapping) and not isinstance(of, Space) and "space" in of
    if isinstance(of, Spec | str | Path) or (declares and not isinstance(of["space"], Parameter)):
        return load(of).space
    return as_space(of)


def _point(space: Space, params: Mapping[str, Any]) -> Params:
    """The active parameters, with the constants that were not suggested."""
    point: Params = {}
    for name, item in space.items():
        if not space.is_active(name, point):
            continue
        if name in params:
            try:
                point[name] = ledger.read(item, params[name])
            except SpecError as error:
                raise error.under(name) from None
        elif item.coordinate is None:
            point[name] = item.only
    return point


def budget(trial: Trial | FrozenTrial) -> Budget | None:
    """How far a scheduler, such as Keras Tuner's Hyperband, wants a trial to be trained.

    None without a scheduler: the objective then decides how long it trains. The retry of a killed
    trial has the same budget.

    >>> import optuna
    >>> budget(optuna.create_study().ask()) is None
    True
    """
    if (
        isinstance(trial, Trial)
        and TRIAL_BUDGET not in trial.user_attrs
        and _schedules(trial.study.sampler)
    ):
        _ = trial.relative_params  # the engine proposes when the first parameter is read
    fields = trial.user_attrs.get(TRIAL_BUDGET)
    return None if fields is None else Budget(**fields)


def _schedules(sampler: BaseSampler) -> bool:
    """True if a sampler sets budgets. No other sampler may be asked, since it may record that."""
    if not isinstance(sampler, EngineSampler):
        return False
    return sampler.sets_budgets


def trial_seed(trial: Trial) -> int:
    """A seed for the objective's own randomness, 0 to 2**31 - 1.

    It depends only on the run's seed and the trial's number, so the same run trains the same
    models, with any engine and in any process.
    """
    runs = trial.study.user_attrs.get(RUNS, [])
    base = runs[0]["seed"] if runs else 0
    return derived_seed(base, trial.number) >> 1


def finished(study: Study) -> int:
    """Number of trials that have ended, in any state."""
    return sum(trial.state.is_finished() for trial in study.get_trials(deepcopy=False))


def epochs_trained(study: Study) -> int:
    """The epochs that a scheduled study has trained: one per report.

    An objective that continues from a checkpoint reports fewer than one that trains again. A
    trial without reports counts with its whole budget.
    """
    total = 0
    for trial in study.get_trials(deepcopy=False):
        planned = budget(trial)
        if planned is not None and trial.state.is_finished():
            total += len(trial.intermediate_values) or planned.epochs
    return total
