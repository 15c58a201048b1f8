"""One run of a match: a contender on a problem under a seed.

It is the study that `crosstune run` would make. A partial run is repeated from its start, with the
evaluations from its file. This brings sampler and pruner to their former state, and every proposal
is compared with the one on file.
"""

from __future__ import annotations

import heapq
import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from crosstune.benchmarks.match.contender import Contender
from crosstune.benchmarks.match.folder import FolderError, RunFile
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.recorder import Recorder, RunMismatch
from crosstune.benchmarks.match.results import Evaluation, MatchRun
from crosstune.benchmarks.match.seeding import engine_seed
from crosstune.benchmarks.problems.base import Problem
from crosstune.engines.budget import SearchBudget
from crosstune.errors import CrosstuneError, Passing, described, message_of
from crosstune.samplers.constraints import uses_constraints
from crosstune.samplers.engine import EngineSampler
from crosstune.spec.spec import Spec
from crosstune.study.clock import SamplerClock
from crosstune.system.filenames import as_file_name
from crosstune.tuning.front import settle
from crosstune.tuning.loop import run
from crosstune.tuning.opening import open_study

_STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}


@dataclass(frozen=True)
class MatchTask:
    """A run to carry out, in the form that is sent to a process."""

    problem: Problem
    contender: Contender
    seed: int
    limits: RunLimits
    path: Path
    log_dir: Path | None = None


def carry_out(task: MatchTask) -> None:
    """Carry out the rest of a run, and write it to its file.

    An error of the sampler or an unusual one of the objective ends the run as failed.

    Raises:
        FolderError: the file cannot be written.
        RunMismatch: the run does not repeat the evaluations on file.
    """
    file = RunFile(task.path)
    with file.open(), _quiet(), ExitStack() as ended:
        try:
            study = task_study(task)
            if isinstance(study.sampler, EngineSampler):
                ended.callback(study.sampler.close)
            recorder = Recorder(task.problem, file.read(), file, SamplerClock(study))
            with _logged(study, task):
                if task.limits.workers is not None:
                    simulate(study, recorder, task.limits)
                elif task.problem.batch > 1:
                    in_batches(study, recorder, task.limits, task.problem.batch)
                else:
                    limits = _limits_of(study, task.limits)
                    _in_real_time(study, recorder, limits, task.problem.spec.repeats)
            final_test = recorder.final_test(study)
        except (FolderError, RunMismatch, KeyboardInterrupt, Passing):
            raise
        except BaseException as error:
            ours = isinstance(error, CrosstuneError)
            text = message_of(error) if ours else described(error)
            file.close(MatchRun(end="failed", error=text))
            return
        over = recorder.spent.reached(_limits_of(study, task.limits))
        budget = task.limits.budget
        file.close(
            MatchRun(
                end="done" if over else "exhausted",
                final_test=final_test,
                budget=budget,
                unconstrained=recorder.constrained and not uses_constraints(study.sampler),
            )
        )


def task_study(task: MatchTask) -> Study:
    """The study of a run, in memory, with the contender's sampler and pruner."""
    spec = _with_first_design(task.problem.spec, task.limits.first, task.seed)
    request = task.contender.request(
        spec,
        engine_seed(task.seed),
        task.limits.trials,
        # Hyperband's brackets depend on the name, so it is the same for every contender.
        study_name=f"{spec.name}-{task.seed}",
    )
    budget = SearchBudget(task.limits.trials, task.limits.seconds, spec.repeats)
    return open_study(replace(settle(request), budget=budget))


def _with_first_design(spec: Spec, first: int, seed: int) -> Spec:
    """The spec with points drawn from the prior, the same for all, after its own start points."""
    rng = np.random.default_rng(engine_seed(seed))
    drawn = tuple(spec.space.sample(rng) for _ in range(first))
    return spec.model_copy(update={"start": (*spec.start, *drawn)})


def _limits_of(study: Study, limits: RunLimits) -> RunLimits:
    """The limits of a run's evaluations; a scheduler counts configurations by itself."""
    sampler = study.sampler
    scheduled = isinstance(sampler, EngineSampler) and sampler.scheduler is not None
    return replace(limits, trials=None) if scheduled else limits


def _in_real_time(study: Study, recorder: Recorder, limits: RunLimits, repeats: int) -> None:
    def stop_when_spent(study: Study, _: FrozenTrial) -> None:
        if recorder.spent.reached(limits):
            study.stop()

    counts_more = limits.seconds is not None or limits.epochs is not None
    run(
        study,
        recorder,
        trials=limits.trials,
        # `run` needs a limit; without a number of trials the callback ends it.
        seconds=math.inf if limits.trials is None else None,
        repeats=repeats,
        callbacks=[stop_when_spent] if counts_more else [],
    )


def simulate(study: Study, recorder: Recorder, limits: RunLimits) -> None:
    """Evaluate on a simulated clock, for problems with recorded times.

    An evaluation is looked up at once, and its result is told when its recorded time has passed on
    the clock, in the order of the ends. So a sampler proposes while other trials run, as with that
    many real workers. The time of the sampler is recorded and does not move the clock. It ends when
    a limit is reached or the sampler is exhausted.

    Args:
        study: holds the contender's sampler.
        recorder: gives the evaluations.
        limits: `seconds` are of the clock; `workers` is the number of trials at once.
    """
    clock, begun = 0.0, 0
    running: list[tuple[float, int, Trial, Evaluation]] = []
    while True:
        while len(running) < (limits.workers or 1) and (limits.trials or begun + 1) > begun:
            if isinstance(study.sampler, EngineSampler) and study.sampler.exhausted(study):
                break
            trial = study.ask()
            evaluation = recorder.take(trial)
            ended = clock + evaluation.seconds
            heapq.heappush(running, (ended, trial.number, trial, replace(evaluation, ended=ended)))
            begun += 1
        if not running:
            return
        clock, _, trial, evaluation = heapq.heappop(running)
        if limits.seconds is not None and clock > limits.seconds:
            recorder.spent.seconds = limits.seconds
            return
        _tell(study, recorder, trial, evaluation)
        recorder.spent.seconds = clock
        if recorder.spent.reached(limits):
            return


def in_batches(study: Study, recorder: Recorder, limits: RunLimits, size: int) -> None:
    """Evaluate in batches until a limit is reached or the sampler is exhausted.

    All points of a batch are proposed before the first value of it is told.

    Args:
        study: holds the contender's sampler.
        recorder: gives the evaluations.
        limits: of the run, on the real clock.
        size: number of trials in a batch; the last one may have fewer.
    """
    while not recorder.spent.reached(limits):
        left = size if limits.trials is None else min(size, limits.trials - recorder.spent.trials)
        batch: list[tuple[Trial, Evaluation]] = []
        while len(batch) < left:
            if isinstance(study.sampler, EngineSampler) and study.sampler.exhausted(study):
                break
            trial = study.ask()
            batch.append((trial, recorder.take(trial)))
        if not batch:
            return
        for trial, evaluation in batch:
            _tell(study, recorder, trial, evaluation)


def _tell(study: Study, recorder: Recorder, trial: Trial, evaluation: Evaluation) -> None:
    complete = evaluation.state == "complete"
    told = evaluation.values or evaluation.value
    study.tell(trial, told if complete else None, state=_STATES[evaluation.state])
    recorder.record(evaluation)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the logs of samplers and studies; the report of a match has their content."""
    logger, verbosity = logging.getLogger("crosstune"), optuna.logging.get_verbosity()
    level = logger.level
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
        logger.setLevel(level)


@contextmanager
def _logged(study: Study, task: MatchTask) -> Iterator[None]:
    """Log a study for TensorBoard, in a folder for each problem, contender and seed."""
    if task.log_dir is None:
        yield
        return
    from crosstune.callbacks.tensorboard.callback import TensorBoardCallback

    name = f"{as_file_name(task.problem.name)}-{as_file_name(task.contender.label)}-{task.seed:04d}"
    with TensorBoardCallback(task.log_dir, study, metric=task.problem.metric, name=name):
        yield
