"""Replay a run in order up to where its driver was killed.

A proposal in such a run depends on which earlier numbers are told. So its trials are asked for and
told again in the order of `crosstune.parallel.driver`, each proposal is compared with the
ledger, and the pruner is asked of each report again. Nothing is evaluated.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial

from crosstune import _optuna
from crosstune.engines.record_names import QUESTIONS
from crosstune.objectives.questions import ask_again
from crosstune.parallel.ask import Begun, Suggest, begin, has_point, horizon_of
from crosstune.parallel.evaluate import carried_out
from crosstune.parallel.trial_storage import Gate
from crosstune.resume.replay import tell_as_recorded
from crosstune.resume.replay_storage import ReplayStorage


def go_through(
    study: Study, history: ReplayStorage, suggest: Suggest, *, lag: int, trials: int | None
) -> list[Begun]:
    """Ask for the trials of a run again, and tell those that had ended in order.

    Args:
        study: on `history`, with a sampler and a pruner as they were when the run began.
        history: shows the study as it was.
        suggest: suggests every parameter of a trial.
        lag: of the run.
        trials: the number that the study shall have; None for no limit.

    Returns:
        The trials under way at the end, in the order in which they are to be told: those in flight,
        and those behind one in flight that had ended.

    Raises:
        Differs: the sampler proposes another trial than the ledger has.
    """
    gate = Gate(*_optuna.identity(study))
    under_way: list[Begun] = []
    while True:
        while len(under_way) <= lag:
            recorded = history.await_next()
            if recorded is None:
                return under_way  # the next is a new one
            if not has_point(study, trials):
                break
            under_way.append(_asked_again(study, suggest, recorded))
        if not under_way or not under_way[0].is_over:
            return under_way
        tell_again(study, gate, under_way.pop(0))


def tell_again(study: Study, gate: Gate, begun: Begun) -> None:
    """Ask the pruner again of a trial that had ended, and tell how it ended.

    Args:
        study: on the history.
        gate: in front of its storage.
        begun: the trial, asked for again.
    """
    recorded = begun.recorded
    assert recorded is not None
    if recorded.intermediate_values or QUESTIONS in recorded.user_attrs:
        task = begun.task(gate)
        outcome = carried_out(task, gate, _reporting(recorded))
        gate.dismiss(task.ticket)
        if outcome.pruner is not None:
            study.pruner = pickle.loads(outcome.pruner)
    tell_as_recorded(study, begun.trial, recorded)


def _asked_again(study: Study, suggest: Suggest, recorded: FrozenTrial) -> Begun:
    horizon = horizon_of(study)
    trial = study.ask()
    try:
        suggest(trial)
    except optuna.TrialPruned:
        if recorded.params:
            raise
        # The space turned out to be exhausted then, too.
    return begin(study, trial, horizon=horizon, recorded=recorded)


def _reporting(recorded: FrozenTrial) -> Callable[[Trial], float]:
    """An objective that repeats the reports of a trial."""

    def report(trial: Trial) -> float:
        ask_again(trial, recorded.intermediate_values, recorded.user_attrs.get(QUESTIONS))
        return 0.0

    return report
