"""A run on a simulated clock: several workers at once, for problems with recorded times.

An evaluation is looked up at once, and its result is told when its recorded time has passed on the
clock, in the order of the ends. So a sampler proposes while other trials run, as with that many
real workers. The time of the sampler is recorded and does not move the clock.
"""

from __future__ import annotations

import heapq
from dataclasses import replace

from optuna.study import Study
from optuna.trial import Trial, TrialState

from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.recorder import Recorder
from crosstune.benchmarks.match.results import Evaluation
from crosstune.samplers.engine import EngineSampler

_STATES = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}


def simulate(study: Study, recorder: Recorder, limits: RunLimits) -> None:
    """Evaluate until a limit is reached or the sampler is exhausted.

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
        complete = evaluation.state == "complete"
        study.tell(trial, evaluation.value if complete else None, state=_STATES[evaluation.state])
        recorder.record(evaluation)
        recorder.spent.seconds = clock
        if recorder.spent.reached(limits):
            return
