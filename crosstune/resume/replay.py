"""A fresh sampler and pruner brought to where those of a run stood, by asking them again."""

from __future__ import annotations

from collections.abc import Sequence

from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from crosstune import _optuna
from crosstune.engines import study_values as ledger
from crosstune.engines.record_names import QUESTIONS, TRIAL_BUDGET
from crosstune.objectives.questions import ask_again, propose_again
from crosstune.resume.history import History, was_added


def replay(study: Study, history: History, until: int) -> None:
    """Ask for each trial again, report what it reported, and tell how it ended.

    Args:
        study: on `history`, with a sampler and a pruner that stand at `history.shown`.
        until: the number of the first trial that is not asked for.

    Raises:
        Differs: the sampler proposes another trial than the ledger has.
    """
    for number in range(history.shown, until):
        kept = history.kept[number]
        if was_added(kept):
            history.show(number)
            continue
        history.queue(number)
        trial = study.ask()
        _suggest(trial, kept)
        ask_again(trial, kept.intermediate_values, kept.user_attrs.get(QUESTIONS))
        tell_as_kept(study, trial, kept)


def overlaps(trials: Sequence[FrozenTrial], first: int) -> bool:
    """Whether any two trials from `first` on ran at once, as with several jobs or processes."""
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


def _suggest(trial: Trial, kept: FrozenTrial) -> None:
    """The parameters, in the order in which they were suggested."""
    if TRIAL_BUDGET in kept.user_attrs:
        _ = trial.relative_params  # a schedule has proposed, even where the values were fixed
    note = kept.user_attrs.get(QUESTIONS)
    propose_again(trial, note)
    for name, held in kept.distributions.items():
        ledger.suggest(trial, name, held)
        propose_again(trial, note)


def tell_as_kept(study: Study, trial: Trial, kept: FrozenTrial) -> None:
    """Tell how a trial ended, as the ledger has it."""
    for key, value in kept.user_attrs.items():
        if key not in trial.user_attrs:
            trial.set_user_attr(key, value)
    _optuna.constrain(trial, _optuna.constraints(kept))
    if kept.state == TrialState.COMPLETE:
        study.tell(trial, kept.values)
    else:
        study.tell(trial, state=kept.state)
