"""Record how an objective asks sampler and pruner, so that a resumed study is asked the same.

A sampler proposes when the first parameter is suggested, and a pruner is asked once after each
report. An objective may do otherwise: look at `crosstune.budget` or `trial.relative_params` in a
trial that was queued, ask `should_prune` in some trials only, or twice. Some samplers and pruners
change their state when asked. So `noting` leaves a note in a trial that asked otherwise, and
`ask_again` repeats the questions of the note. A trial without a note asked as usual.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from optuna.pruners import (
    MedianPruner,
    NopPruner,
    PercentilePruner,
    ThresholdPruner,
    WilcoxonPruner,
)
from optuna.trial import Trial

from crosstune import _optuna
from crosstune.engines.record_names import QUESTIONS

_STATELESS = (NopPruner, MedianPruner, PercentilePruner, ThresholdPruner, WilcoxonPruner)
"""Pruners without a state: they decide by the trials alone."""

_live: WeakKeyDictionary[Trial, _Questions] = WeakKeyDictionary()


@contextmanager
def noting(trial: Any) -> Iterator[None]:
    """Leave a note in the trial at the end if its objective did not ask as usual.

    Does nothing for anything but an `optuna.Trial`. A trial whose process is killed or interrupted
    runs again; if it saved a checkpoint, `note_so_far` has left a note for that.
    """
    if not isinstance(trial, Trial):
        yield
        return
    questions = _live[trial] = _Questions(trial)
    try:
        yield
    except Exception:
        questions.note()
        raise
    else:
        questions.note()
    finally:
        questions.end()
        _live.pop(trial, None)


def note_so_far(trial: Any) -> None:
    """Leave the note of a trial under way, since a later attempt may continue from here."""
    if trial in _live:
        _live[trial].note()


class _Questions:
    """The reports and questions of a trial: its methods are replaced until the `end`."""

    def __init__(self, trial: Trial):
        self._trial = trial
        now = _optuna.frozen(trial)
        self._suggested = bool(now.params)  # by the driver, where this is a worker
        self._before = now.user_attrs.get(QUESTIONS)  # of the attempt that this one retries
        self._proposed: int | None = None
        self._replaced: list[str] = []
        if _optuna.fixed(trial) and not self._suggested:
            for name in ("suggest_float", "suggest_int", "suggest_categorical"):
                self._replace(name, self._watching(getattr(trial, name)))
        self._steps: dict[int, None] = {}
        self._asks: list[int] = []
        if type(trial.study.pruner) not in _STATELESS:
            report, should_prune = trial.report, trial.should_prune

            def reported(value: float, step: int) -> None:
                report(value, step)
                self._steps[int(step)] = None  # Optuna ignores a second report of a step

            def asked() -> bool:
                self._asks.append(len(self._steps))
                return should_prune()

            self._replace("report", reported)
            self._replace("should_prune", asked)

    def note(self) -> None:
        note: dict[str, Any] = {}
        if not self._suggested:
            self._look()
            if self._proposed is not None:
                note["proposed"] = self._proposed
        steps, asks = self._all()
        rising = steps == sorted(steps)
        usual = rising and asks == list(range(1, len(steps) + 1))
        if not usual or self._before is not None:
            note.update(asks=asks, reports=len(steps))
            if not rising:
                note["steps"] = steps
        if note:
            self._trial.set_user_attr(QUESTIONS, note)

    def _all(self) -> tuple[list[int], list[int]]:
        """Steps and questions, with those taken over from the attempt before."""
        if self._before is None:
            return list(self._steps), self._asks
        storage, _ = _optuna.identity(self._trial.study)  # `study.trials` may show only some
        reports = storage.get_trial(_optuna.trial_id(self._trial)).intermediate_values
        earlier = sorted(step for step in reports if step not in self._steps)
        count = len(earlier)
        times = asks_of(self._before)
        asks = [after for after in range(count + 1) for _ in range(times(after))]
        return [*earlier, *self._steps], [*asks, *(count + after for after in self._asks)]

    def end(self) -> None:
        for name in self._replaced:
            delattr(self._trial, name)

    def _replace(self, name: str, method: Callable[..., Any]) -> None:
        setattr(self._trial, name, method)
        self._replaced.append(name)

    def _watching(self, suggest: Callable[..., Any]) -> Callable[..., Any]:
        def suggested(*args: Any, **more: Any) -> Any:
            self._look()
            return suggest(*args, **more)

        return suggested

    def _look(self) -> None:
        """Note the number of parameters at which the sampler proposed, if none made it propose."""
        if self._proposed is None and _optuna.has_proposal(self._trial):
            params = _optuna.frozen(self._trial).params
            if params.keys() <= _optuna.fixed(self._trial).keys():
                self._proposed = len(params)


def asks_of(note: Any) -> Callable[[int], int]:
    """How often a trial asked the pruner, by the number of reports; once beyond those noted."""
    count = note.get("reports") if isinstance(note, Mapping) else None
    if not isinstance(count, int) or not isinstance(note.get("asks"), list):
        return lambda after: min(after, 1)
    asks = Counter(ask for ask in note["asks"] if isinstance(ask, int))
    return lambda after: asks[after] if after <= count else 1


def propose_again(trial: Trial, note: Any) -> None:
    """Let the sampler propose now if it did at this number of parameters, by the note."""
    if isinstance(note, Mapping) and note.get("proposed") == len(trial.params):
        _ = trial.relative_params


def ask_again(trial: Trial, reports: Mapping[int, float], note: Any) -> None:
    """Repeat the reports of a trial, and ask the pruner when it was asked.

    Args:
        trial: that runs again.
        reports: by step.
        note: from `noting`; None, or a note that it cannot have left, means the usual questions.
    """
    steps, asks = _order(reports, note)
    for _ in range(asks[0]):
        trial.should_prune()
    for count, step in enumerate(steps, start=1):
        trial.report(reports[step], step)
        for _ in range(asks[count]):
            trial.should_prune()


def _order(reports: Mapping[int, float], note: Any) -> tuple[list[int], Counter[int]]:
    """The steps in the order of the reports, and the questions by the number of reports before."""
    steps = sorted(reports)
    if not isinstance(note, Mapping) or not isinstance(note.get("asks"), list):  # the usual
        return steps, Counter(range(1, len(steps) + 1))
    count = note.get("reports")
    noted = note.get("steps")
    if isinstance(noted, list) and len(noted) == len({*noted} & {*steps}):
        # Other steps are of an attempt before, whose checkpoint the trial took.
        steps = [*(step for step in steps if step not in noted), *noted]
    earlier = len(steps) - count if isinstance(count, int) and 0 <= count <= len(steps) else 0
    asks = Counter(range(1, earlier + 1))
    asks.update(earlier + ask for ask in note["asks"] if isinstance(ask, int))
    return steps, asks
