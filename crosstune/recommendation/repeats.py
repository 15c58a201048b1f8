"""The last trials of a budget, which evaluate leading points again.

Such a trial is queued like a start point: it counts, is told to the engine, and a resumed run takes
it over from the study. Which point it has depends only on the trials that have ended or are under
way when it is queued.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.engines import study_values as ledger
from crosstune.engines.budget import SearchBudget
from crosstune.engines.feasibility import best_trial
from crosstune.engines.record_names import DRAWN, REPEATS


def queue_repeat(
    study: Study, budget: SearchBudget, counting: Sequence[FrozenTrial] | None = None
) -> bool:
    """Queue the next trial of a study if it is a repeat; True if one was queued.

    Without a complete and feasible trial there is no leader, so the engine is asked.

    Args:
        study: whose trials are about to continue.
        budget: of the study.
        counting: the trials that count for the budget; None for all.
    """
    if not budget.repeats or budget.trials is None:
        return False
    trials = _optuna.all_trials(study)
    begun = len(trials if counting is None else counting)
    if not budget.trials - budget.repeats <= begun < budget.trials:
        return False
    if any(trial.state == TrialState.WAITING for trial in trials):
        return False
    leader = _next_leader(study, trials)
    if leader is None:
        return False
    attrs = {REPEATS: leader.number}
    if DRAWN in leader.user_attrs:
        attrs[DRAWN] = leader.user_attrs[DRAWN]
    study.enqueue_trial(leader.params, user_attrs=attrs)
    return True


def _next_leader(study: Study, trials: Sequence[FrozenTrial]) -> FrozenTrial | None:
    best = best_trial(study)
    if best is None or not best.params:
        return None
    from crosstune.recommendation.leaders import leaders  # scipy takes a second to import

    model = leaders(
        trials,
        ledger.space_of(study),
        maximize=study.direction == StudyDirection.MAXIMIZE,
        noisy=True,
    )
    running = Counter(
        trial.user_attrs[REPEATS]
        for trial in trials
        if trial.state == TrialState.RUNNING and REPEATS in trial.user_attrs
    )
    return best if model is None else model.next_repeat(running)
