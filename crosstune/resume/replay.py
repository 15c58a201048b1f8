"""Bring a fresh sampler and pruner to the state of a run's, by asking them again."""

from __future__ import annotations

from collections.abc import Sequence

from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from crosstune import _optuna
from crosstune.engines import study_values as ledger
from crosstune.engines.record_names import QUESTIONS, TRIAL_BUDGET
from crosstune.objectives.questions import ask_again, propose_again
from crosstune.resume.replay_storage import ReplayStorage
from crosstune.resume.trial_origins import was_added


def replay(study: Study, history: ReplayStorage, until: int) -> None:
    """Ask for each trial again, repeat its reports, and tell how it ended.

    Args:
        study: on `history`, with a sampler and a pruner as they were at `history.shown`.
        history: shows the study as it was.
        until: the number of the first trial that is not asked for.

    Raises:
        Differs: the sampler proposes another trial than the ledger has.
    """
    for number in range(history.shown, until):
        recorded = history.recorded[number]
        if was_added(recorded):
            history.show(number)
            continue
        history.queue(number)
        trial = study.ask()
        _suggest(trial, recorded)
        ask_again(trial, recorded.intermediate_values, recorded.user_attrs.get(QUESTIONS))
        tell_as_recorded(study, trial, recorded)


def overlaps(trials: Sequence[FrozenTrial], first: int) -> bool:
    """True if any two trials from `first` on ran at once, as with several jobs or processes."""
    latest = None
    for trial in trials[first:]:
        began, ended = trial.datetime_start, trial.datetime_complete
        if began is None or trial.state == TrialState.WAITING:
            continue
        if latest is not None and began < latest:
            return True
        if ended is None:
            return any(later.state.is_finished() for later in trials[trial.number + 1 :])
        latest = ended if latest is None else max(latest, ended)
    return False


def _suggest(trial: Trial, recorded: FrozenTrial) -> None:
    if TRIAL_BUDGET in recorded.user_attrs:
        _ = trial.relative_params  # a schedule has proposed, even where the values were fixed
    note = recorded.user_attrs.get(QUESTIONS)
    propose_again(trial, note)
    for name, distribution in recorded.distributions.items():
        ledger.suggest(trial, name, distribution)
        propose_again(trial, note)


def tell_as_recorded(study: Study, trial: Trial, recorded: FrozenTrial) -> None:
    """Tell how a trial ended, as the ledger has it.

    Args:
        study: whose sampler hears of it.
        trial: that was asked for again.
        recorded: the same trial in the ledger.
    """
    for key, value in recorded.user_attrs.items():
        if key not in trial.user_attrs:
            trial.set_user_attr(key, value)
    _optuna.constrain(trial, _optuna.constraints(recorded))
    if recorded.state == TrialState.COMPLETE:
        study.tell(trial, recorded.values)
    else:
        study.tell(trial, state=recorded.state)
