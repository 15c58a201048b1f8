"""What a trial tells its objective beside the parameters."""

from __future__ import annotations

import zlib

from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial

from crosstune.adapters.base import Budget
from crosstune.samplers.engine import BUDGET, EngineSampler


def budget(trial: Trial | FrozenTrial) -> Budget | None:
    """How far a scheduler, such as Keras Tuner's Hyperband, wants a trial to be trained.

    None where nothing schedules: then the objective trains as long as it likes. The retry of a
    trial that was killed has the budget of that.

    >>> import optuna
    >>> budget(optuna.create_study().ask()) is None
    True
    """
    if (
        isinstance(trial, Trial)
        and BUDGET not in trial.user_attrs
        and _schedules(trial.study.sampler)
    ):
        _ = trial.relative_params  # the engine is asked when the first parameter is
    held = trial.user_attrs.get(BUDGET)
    return None if held is None else Budget(**held)


def _schedules(sampler: BaseSampler) -> bool:
    """Whether a sampler sets budgets. Another one is not asked: it may remember that it was."""
    known = isinstance(sampler, EngineSampler)
    return known and sampler.adapter.algorithms[sampler.algorithm].scheduler


def trial_seed(trial: Trial) -> int:
    """A seed for the objective's own randomness, 0 to 2**31 - 1.

    It depends on the run's seed and the trial's number alone, so the same run trains the same
    models, whichever engine or process evaluates them.
    """
    runs = trial.study.user_attrs.get("crosstune:runs", [])
    base = runs[0]["seed"] if runs else 0
    return zlib.crc32(repr((base, trial.number)).encode()) >> 1


def epochs_trained(study: Study) -> int:
    """The epochs that a scheduled study has really trained: one for each report.

    An objective that continues from a checkpoint reports fewer than one that trains again. A
    trial without reports counts with its whole budget.
    """
    total = 0
    for trial in study.get_trials(deepcopy=False):
        planned = budget(trial)
        if planned is not None and trial.state.is_finished():
            total += len(trial.intermediate_values) or planned.epochs
    return total
