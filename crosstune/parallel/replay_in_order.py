"""A run in order, gone through again up to where its driver was killed.

What is proposed in such a run depends on which earlier numbers are told. So its trials are asked
for and told again in the order of `crosstune.parallel.driver`, each proposal is compared with the
ledger, and the pruner decides of each report as it did. Nothing is evaluated.
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
    """Ask for the trials of a run again, and tell those that had ended in their turn.

    Args:
        study: on `history`, with a sampler and a pruner as they were when the run began.
        suggest: every parameter of a trial.
        lag: of the run.
        trials: how many the study shall have; None for no limit.

    Returns:
        What is under way then, in the order in which it is to be told. The trials in flight are
        among it, and those behind one in flight that had ended.

    Raises:
        Differs: the sampler proposes another trial than the ledger has.
    """
    gate = Gate(*_optuna.identity(study))
    under_way: list[Begun] = []
    while True:
        while len(under_way) <= lag:
            kept = history.await_next()
            if kept is None:
                return under_way  # the next is a new one
            if not has_point(study, trials):
                break
            under_way.append(_asked_again(study, suggest, kept))
        if not under_way or not under_way[0].is_over:
            return under_way
        tell_again(study, gate, under_way.pop(0))


def tell_again(study: Study, gate: Gate, begun: Begun) -> None:
    """Let the pruner decide again of a trial that had ended, and tell how it did."""
    kept = begun.kept
    assert kept is not None
    if kept.intermediate_values or QUESTIONS in kept.user_attrs:
        task = begun.task(gate)
        outcome = carried_out(task, gate, _reporting(kept))
        gate.dismiss(task.ticket)
        if outcome.pruner is not None:
            study.pruner = pickle.loads(outcome.pruner)
    tell_as_recorded(study, begun.trial, kept)


def _asked_again(study: Study, suggest: Suggest, kept: FrozenTrial) -> Begun:
    horizon = horizon_of(study)
    trial = study.ask()
    try:
        suggest(trial)
    except optuna.TrialPruned:
        if kept.params:
            raise
        # The space turned out to be exhausted then, too.
    return begin(study, trial, horizon=horizon, kept=kept)


def _reporting(kept: FrozenTrial) -> Callable[[Trial], float]:
    """An objective that reports what a trial reported."""

    def report(trial: Trial) -> float:
        ask_again(trial, kept.intermediate_values, kept.user_attrs.get(QUESTIONS))
        return 0.0

    return report
