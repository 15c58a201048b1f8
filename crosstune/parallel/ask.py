"""Asking for a trial, whether it is new or is asked for again when a run is resumed."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial, Trial

from crosstune import _optuna
from crosstune.parallel.task import Horizon, TaskOutcome, TrialTask
from crosstune.parallel.trial_storage import Gate
from crosstune.resume.replay_storage import ReplayStorage
from crosstune.samplers.engine import EngineSampler

Suggest = Callable[[Trial], Any]
"""Suggests every parameter of a trial."""


@dataclass(frozen=True)
class Begun:
    """A trial with its parameters, and the state of the study when it got them.

    Attributes:
        trial: to be told.
        pruner: pickled.
        horizon: None if the trial may see all others.
        left: the reports of a first attempt whose process was killed, by step.
        recorded: the trial in the ledger if it was asked for again; else None.
    """

    trial: Trial
    pruner: bytes
    horizon: Horizon | None
    left: Mapping[int, float] = field(default_factory=dict)
    recorded: FrozenTrial | None = None

    @property
    def is_over(self) -> bool:
        """True if the ledger has its end, so that nothing is to be evaluated."""
        return self.recorded is not None and self.recorded.state.is_finished()

    def task(self, gate: Gate) -> TrialTask:
        """The task for a pool; its ticket has to be dismissed."""
        trial_id = _optuna.trial_id(self.trial)
        runs_again = self.recorded is not None and not self.is_over
        return TrialTask(
            run=gate.run,
            ticket=gate.admit(trial_id, runs_again=runs_again),
            number=self.trial.number,
            study_name=self.trial.study.study_name,
            pruner=self.pruner,
            horizon=self.horizon,
            left=self.left,
            home=gate.home,
        )


@dataclass(frozen=True)
class Running:
    """A trial that is under way. One that is over waits to be told again and has no task.

    Attributes:
        begun: the trial, with its parameters.
        task: of the pool.
        future: of its outcome.
        checkpoint: the step of its checkpoint when this attempt was submitted, or -1.
    """

    begun: Begun
    task: TrialTask | None
    future: Future[TaskOutcome]
    checkpoint: int = -1

    @property
    def number(self) -> int:
        """Number of the trial."""
        return self.begun.trial.number

    def outcome(self) -> TaskOutcome | None:
        """The outcome; None while it is not known."""
        future = self.future
        if not future.done() or future.cancelled() or future.exception() is not None:
            return None
        return future.result()


def begin(
    study: Study, trial: Trial, *, horizon: Horizon | None, recorded: FrozenTrial | None = None
) -> Begun:
    """A trial whose parameters were just suggested.

    Args:
        study: whose pruner is sent with it.
        trial: with its parameters.
        horizon: as it was before the trial was asked for.
        recorded: the trial in the ledger, if it was asked for again.
    """
    storage, _ = _optuna.identity(study)
    left = storage.left(trial.number) if isinstance(storage, ReplayStorage) else {}
    return Begun(trial, pickle.dumps(study.pruner), horizon, left, recorded)


def horizon_of(study: Study) -> Horizon:
    """The trials that a trial begun now may see."""
    trials = study.get_trials(deepcopy=False)
    unfinished = frozenset(t.number for t in trials if not t.state.is_finished())
    return Horizon(len(trials), unfinished)


def has_point(study: Study, trials: int | None) -> bool:
    """True if the engine has a point now; if not, it may have one when a trial has ended.

    Args:
        study: with the engine's sampler.
        trials: the number that the study shall have; None for no limit.
    """
    sampler = study.sampler
    if not isinstance(sampler, EngineSampler):
        return True
    if (math.inf if trials is None else trials) <= sampler.lasts(study):
        return True
    return sampler.ready(study)
