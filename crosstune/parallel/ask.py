"""Asking for a trial, whether it is new or is asked for again when a run is resumed."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial, Trial

from crosstune import _optuna
from crosstune.parallel.task import Horizon, Task
from crosstune.parallel.trial_storage import Gate
from crosstune.resume.replay_storage import ReplayStorage
from crosstune.samplers.engine import EngineSampler

Suggest = Callable[[Trial], Any]
"""Suggests every parameter of a trial."""


@dataclass(frozen=True)
class Begun:
    """A trial that has its parameters, and what was so when it got them.

    Attributes:
        trial: to be told.
        pruner: pickled.
        horizon: None where a trial may see all others.
        left: what a first attempt reported of it, whose process was killed.
        kept: what the ledger has of it, where it was asked for again; else None.
    """

    trial: Trial
    pruner: bytes
    horizon: Horizon | None
    left: Mapping[int, float] = field(default_factory=dict)
    kept: FrozenTrial | None = None

    @property
    def is_over(self) -> bool:
        """Whether the ledger has its end, so that nothing is to be evaluated."""
        return self.kept is not None and self.kept.state.is_finished()

    def task(self, gate: Gate) -> Task:
        """What a pool evaluates; its ticket is to be dismissed."""
        trial_id = _optuna.trial_id(self.trial)
        runs_again = self.kept is not None and not self.is_over
        return Task(
            run=gate.run,
            ticket=gate.admit(trial_id, runs_again=runs_again),
            number=self.trial.number,
            study_name=self.trial.study.study_name,
            pruner=self.pruner,
            horizon=self.horizon,
            left=self.left,
            home=gate.home,
        )


def begin(
    study: Study, trial: Trial, *, horizon: Horizon | None, kept: FrozenTrial | None = None
) -> Begun:
    """A trial whose parameters were just suggested.

    Args:
        horizon: as it was before it was asked for.
        kept: what the ledger has of it.
    """
    storage, _ = _optuna.identity(study)
    left = storage.left(trial.number) if isinstance(storage, ReplayStorage) else {}
    return Begun(trial, pickle.dumps(study.pruner), horizon, left, kept)


def horizon_of(study: Study) -> Horizon:
    """What a trial may see that is begun now."""
    trials = study.get_trials(deepcopy=False)
    unfinished = frozenset(t.number for t in trials if not t.state.is_finished())
    return Horizon(len(trials), unfinished)


def has_point(study: Study, trials: int | None) -> bool:
    """Whether the engine has a point now; it may have one when a trial has ended.

    Args:
        trials: how many the study shall have; None for no limit.
    """
    sampler = study.sampler
    if not isinstance(sampler, EngineSampler):
        return True
    if (math.inf if trials is None else trials) <= sampler.lasts(study):
        return True
    return sampler.ready(study)
