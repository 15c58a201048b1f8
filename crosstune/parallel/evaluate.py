"""Evaluating one trial, in the process to which the pool sent its task."""

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
from crosstune.objectives.measured import is_nan
from crosstune.parallel.channel import connect
from crosstune.parallel.task import TaskOutcome, TrialTask
from crosstune.parallel.trial_view import StoredSampler, Window
from crosstune.spec.spec import Spec
from crosstune.study.internal import own_study


@dataclass(frozen=True)
class Recipe:
    """The arguments of `objectives.prepare`, to be sent to another process."""

    spec: Spec
    objective: Any
    dialect: str | None

    def packed(self) -> bytes:
        """The recipe, pickled.

        Functions of a module are pickled by name, those of the main script or an interactive
        session by value.

        Raises:
            RequestError: something in it cannot be pickled.
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


_runs: dict[int, tuple[BaseStorage, Callable[[Trial], float], int]] = {}
"""Gate, objective and process of each run begun here, or before this process was forked."""
_recipe: bytes | None = None


def begin_run(run: int, gate: BaseStorage, function: Callable[[Trial], float]) -> None:
    """Let tasks of a run in this process use the run's own gate and objective.

    Args:
        run: number of the run.
        gate: of the run.
        function: the objective.
    """
    _runs[run] = gate, function, os.getpid()


def end_run(run: int) -> None:
    """Forget a run."""
    _runs.pop(run, None)


def install(recipe: bytes) -> None:
    """Set the recipe of all tasks of this process."""
    global _recipe
    _recipe = recipe


def evaluate(task: TrialTask) -> TaskOutcome:
    """Evaluate a trial; the function that a worker calls."""
    try:
        gate, function = _gate_and_objective(task)
        return carried_out(task, gate, function)
    except CrosstuneError as error:
        return TaskOutcome("failed", error=described(error), fatal=_sendable(error))
    except Exception as error:
        # Errors of gRPC cannot be pickled. It is told, unless the trial was given up meanwhile.
        return TaskOutcome("failed", error=f"its process lost the driver: {described(error)}")


def carried_out(
    task: TrialTask, gate: BaseStorage, function: Callable[[Trial], float]
) -> TaskOutcome:
    """The outcome of a trial's task.

    Args:
        task: of the trial.
        gate: the driver's, or a proxy of it.
        function: the objective.

    Raises:
        CrosstuneError: see `outcome_of`.
        Exception: the gate cannot be reached, or the trial is over.
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
    pruner = pickle.dumps(study.pruner)
    if pruner == task.pruner:
        return outcome
    return TaskOutcome(outcome.state, outcome.value, outcome.error, pruner=pruner)


def outcome_of(function: Callable[[Trial], Any], trial: Trial) -> TaskOutcome:
    """The outcome of an objective's call.

    Raises:
        CrosstuneError: it returned a value that no study can use, or asked for another space.
    """
    try:
        value = function(trial)
    except optuna.TrialPruned:
        return TaskOutcome("pruned")
    except TrialFailed:
        return TaskOutcome("failed")
    return TaskOutcome("failed") if is_nan(value) else TaskOutcome("complete", value)


def _gate_and_objective(task: TrialTask) -> tuple[BaseStorage, Callable[[Trial], float]]:
    if task.run in _runs:
        gate, function, process = _runs[task.run]
        if process == os.getpid():
            return gate, function
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
    """The objective, made once per process."""
    keys, objective, dialect = pickle.loads(recipe)
    folder = keys["folder"]
    if folder is not None and Path(folder).is_dir() and str(folder) not in sys.path:
        sys.path.insert(0, str(folder))  # as `import_path.find` does
    return prepare(Spec(**keys), objective, dialect)


def _sendable(error: CrosstuneError) -> CrosstuneError:
    """The error, or a `RunError` with its message if it cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RunError(message_of(error))
    return error
