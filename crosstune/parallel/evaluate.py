"""Evaluating one trial, in whatever process the pool has put the task."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.trial import Trial

from crosstune.checkpoints.stores import keep_at
from crosstune.errors import CrosstuneError, RequestError, RunError, described, message_of
from crosstune.objectives import Prepared, TrialFailed, prepare
from crosstune.parallel.channel import connect
from crosstune.parallel.task import Outcome, Task
from crosstune.parallel.trial_view import StoredSampler, Window
from crosstune.spec.spec import Spec
from crosstune.study.internal import own_study


@dataclass(frozen=True)
class Recipe:
    """What a process needs to make the objective for itself; see `dialects.prepare`."""

    spec: Spec
    objective: Any
    dialect: str | None

    def packed(self) -> bytes:
        """For another process.

        Functions of a module go by its name, and of the main script or an interactive session by
        value.

        Raises:
            RequestError: something in it cannot be sent.
        """
        import cloudpickle

        described = isinstance(self.spec.objective, str | Mapping) and self.objective is None
        keys = {name: getattr(self.spec, name) for name in type(self.spec).model_fields}
        keys |= {"start": [], "objective": self.spec.objective if described else None}
        try:
            return bytes(cloudpickle.dumps((keys, self.objective, self.dialect)))
        except Exception as error:
            raise RequestError(
                "the objective cannot be sent to another process. A function of a module can, and "
                f"so can one without open files, locks or connections: {error}"
            ) from error


@dataclass(frozen=True)
class Here:
    """A run whose driver is this process."""

    gate: BaseStorage
    function: Callable[[Trial], float]
    process: int


_runs: dict[int, Here] = {}
_recipe: bytes | None = None


def begin_run(run: int, gate: BaseStorage, function: Callable[[Trial], float]) -> None:
    """Let tasks of a run that come to this process use its own gate and objective."""
    _runs[run] = Here(gate, function, os.getpid())


def end_run(run: int) -> None:
    """Forget a run."""
    _runs.pop(run, None)


def install(recipe: bytes) -> None:
    """Keep the recipe of all tasks that come to this process."""
    global _recipe
    _recipe = recipe


def evaluate(task: Task) -> Outcome:
    """Evaluate a trial and say how it went; a worker's function."""
    try:
        gate, function = _found(task)
        return carried_out(task, gate, function)
    except CrosstuneError as error:
        return Outcome("failed", error=described(error), fatal=_sendable(error))
    except Exception as error:
        # Those of gRPC cannot be pickled. It is told, unless the trial was given up meanwhile.
        return Outcome("failed", error=f"its process lost the driver: {described(error)}")


def carried_out(task: Task, gate: BaseStorage, function: Callable[[Trial], float]) -> Outcome:
    """How a trial fares with an objective.

    Args:
        gate: the driver's, or the way to it.

    Raises:
        CrosstuneError: see `outcome_of`.
        Exception: the gate cannot be reached, or takes nothing more of the trial.
    """
    window = Window(gate, task)
    keep_at(window, task.home)
    with own_study():
        study = optuna.load_study(
            study_name=task.study_name,
            storage=window,
            sampler=StoredSampler(),
            pruner=pickle.loads(task.pruner),
        )
    window.on_left = lambda trial: study.pruner.prune(study, trial)
    attempt = gate.create_new_trial(task.ticket)
    outcome = outcome_of(function, Trial(study, attempt))
    taught = pickle.dumps(study.pruner)
    if taught == task.pruner:
        return outcome
    return Outcome(outcome.state, outcome.value, outcome.error, pruner=taught)


def outcome_of(function: Callable[[Trial], float], trial: Trial) -> Outcome:
    """How an objective fares with a trial.

    Raises:
        CrosstuneError: it returned what no study can use, or asked for another space.
    """
    try:
        value = function(trial)
    except optuna.TrialPruned:
        return Outcome("pruned")
    except TrialFailed:
        return Outcome("failed")
    return Outcome("complete", value) if value == value else Outcome("failed")


def _found(task: Task) -> tuple[BaseStorage, Callable[[Trial], float]]:
    here = _runs.get(task.run)
    if here is not None and here.process == os.getpid():
        return here.gate, here.function
    if here is not None:
        raise RunError(
            "the executor forks this process, which gRPC does not survive. Give it processes that "
            "are spawned: ProcessPoolExecutor(mp_context=multiprocessing.get_context('spawn')), "
            "loky, or workers= alone"
        )
    recipe = task.recipe or _recipe
    if recipe is None or task.address is None:
        raise RunError("a task came to a process that its run knows nothing of")
    return connect(task.address), _prepared(recipe)


@lru_cache(maxsize=4)
def _prepared(recipe: bytes) -> Prepared:
    """The objective, made once a process."""
    keys, objective, dialect = pickle.loads(recipe)
    folder = keys["folder"]
    if folder is not None and Path(folder).is_dir() and str(folder) not in sys.path:
        sys.path.insert(0, str(folder))  # as `targets.find` does
    return prepare(Spec(**keys), objective, dialect)


def _sendable(error: CrosstuneError) -> CrosstuneError:
    """The error, or its message where the error does not survive being sent."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RunError(message_of(error))
    return error
