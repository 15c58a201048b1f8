"""A study as TensorBoard runs: one per trial, and one for the whole study.

    LOGDIR/_hparams_/0001/              the columns of the HParams tab, of all studies in LOGDIR
    LOGDIR/NAME/study/                  best value, trials per hour, trials by state
    LOGDIR/NAME/trial-00000/            reports, metrics, parameters and state of a trial; with a
                                        scheduler, of a configuration, by its first trial
    LOGDIR/NAME/crosstune.json          the mark that identifies the study

A log is synchronised with its study: the files are read, and missing events are appended. So a log
can be continued after a crash, a full disk or a resumed study, and several processes may write it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from crosstune.callbacks.tensorboard import directory, hparams
from crosstune.callbacks.tensorboard.progress_log import ProgressLog
from crosstune.callbacks.tensorboard.trial_log import TrialLog, further_metrics, metric_tags
from crosstune.engines import study_values as ledger
from crosstune.engines.record_names import SPACE
from crosstune.space.space import Space
from crosstune.study.configurations import scheduler_of
from crosstune.study.one_trial_each import one_trial_each

_logger = logging.getLogger("crosstune")


class StudyLog:
    """Brings the log of one study up to date.

    Args:
        root: the log directory, which may contain other studies.
        study: with one or several objectives, of any engine.
        metrics: names of the objectives. None for those of the log, the study or its spec, or
            "value".
        name: the folder under `root`. None for the study's name, and under it the engine's for a
            study of crosstune. A number is added if it contains another study.
    """

    def __init__(
        self,
        root: Path,
        study: Study,
        *,
        metrics: tuple[str, ...] | None = None,
        name: str | None = None,
    ):
        self.root = root
        self.study = study
        self.metrics = metrics
        self._given = metrics is not None
        self._name = name
        self._forget()

    def _forget(self) -> None:
        self._folder: Path | None = None
        self._trials: dict[int, TrialLog] = {}
        self._finished: set[int] = set()
        self._first_open = 0
        self._progress: ProgressLog | None = None
        self._known: dict[str, BaseDistribution] = {}
        self._further: set[str] = set()
        self._declared = False

    @property
    def folder(self) -> Path | None:
        """The folder of the log; None before the first trial has begun."""
        return self._folder

    def sync(self, now: float) -> bool:
        """Write missing events, and return whether a trial is running.

        Args:
            now: seconds since 1970, the time of new reports.

        Raises:
            OSError: the log cannot be written. The next call tries again.
        """
        with directory.alone(self.root):
            # Under the lock, so that the log cannot be newer than these trials.
            fresh = self._fresh()
            if fresh and self._lost():
                self._forget()
                fresh = self._fresh()
            if fresh:
                self._bring_up_to_date(fresh, now)
        if scheduler_of(self.study) is not None:  # a paused configuration is not running
            fresh = self.study.get_trials(deepcopy=False)
        return any(trial.state == TrialState.RUNNING for trial in fresh)

    def _lost(self) -> bool:
        """Whether the log was deleted, so that its content has to be read again."""
        return self._folder is not None and (
            directory.read_mark(self._folder) is None
            or (self._progress is not None and self._progress.lost())
        )

    def _fresh(self) -> list[FrozenTrial]:
        """The trials that have begun and are not completely logged."""
        trials = self.study.get_trials(deepcopy=False)
        scheduler = scheduler_of(self.study)
        if scheduler is None:
            trials = trials[self._first_open :]
        else:
            trials = _open_if_paused(self.study, trials, scheduler["max_epochs"])
        return [
            trial
            for trial in trials
            if trial.number not in self._finished and trial.datetime_start is not None
        ]

    def _bring_up_to_date(self, fresh: list[FrozenTrial], now: float) -> None:
        folder = self._open(fresh[0])
        self._describe(fresh)
        for trial in fresh:
            self._write(folder, trial, now)
        done = [trial for trial in fresh if trial.state.is_finished()]
        if self._progress is None:
            self._progress = ProgressLog(self.study.directions, self._names(), folder)
        self._progress.write(done)
        self._finished.update(trial.number for trial in done)
        while self._first_open in self._finished:
            self._finished.discard(self._first_open)
            self._first_open += 1

    def _write(self, folder: Path, trial: FrozenTrial, now: float) -> None:
        log = self._trials.get(trial.number)
        if log is None:
            name = f"trial-{trial.number:05d}"
            session = f"{folder.relative_to(self.root).as_posix()}/{name}"
            log = TrialLog(folder / name, session, self._names())
            self._trials[trial.number] = log
        log.write(trial, now)
        if trial.state.is_finished():
            del self._trials[trial.number]

    def _names(self) -> tuple[str, ...]:
        count = len(self.study.directions)
        if self.metrics is None:
            names = self.study.metric_names or directory.spec_metric(self.study)
            numbered = [f"value_{number}" for number in range(count)] if count > 1 else ["value"]
            self.metrics = tuple(names or numbered)
        return self.metrics

    def _open(self, trial: FrozenTrial) -> Path:
        """The folder of this study, created if it is missing."""
        if self._folder is None:
            for path in directory.numbered(
                self.root / (self._name or directory.folder_name(self.study))
            ):
                mark = directory.read_mark(path)
                if mark is None:
                    if not directory.is_free(path):
                        continue  # of another program
                    directory.write_mark(path, self.study.study_name, trial, self._names())
                elif not self._is_ours(mark):
                    continue
                elif self._names() != tuple(mark["metrics"]):
                    self._keep_names(path, tuple(mark["metrics"]))
                self._folder = path
                break
        assert self._folder is not None
        return self._folder

    def _keep_names(self, path: Path, names: tuple[str, ...]) -> None:
        """Use the metrics of an existing log, whose files contain them."""
        if self._given:
            _logger.warning("the log in %s keeps its metrics: %s", path, ", ".join(names))
        self.metrics = names

    def _is_ours(self, mark: Mapping[str, Any]) -> bool:
        """Whether a log is of this study, by its name and the start of a trial."""
        trials = self.study.get_trials(deepcopy=False)
        number = mark["trial"]
        start = trials[number].datetime_start if number < len(trials) else None
        return (
            mark["study"] == self.study.study_name
            and start is not None
            and start.isoformat() == mark["start"]
        )

    def _describe(self, trials: list[FrozenTrial]) -> None:
        """Add new columns to the HParams tab."""
        infos: list[Any] = []
        if not self._declared:
            declared = self.study.user_attrs.get(SPACE)
            if declared is not None:
                space = Space(declared)
                self._known.update(ledger.distributions(space))
                infos += hparams.columns(space, self._known)
        for trial in trials:
            for name, distribution in trial.distributions.items():
                if self._known.get(name) != distribution:
                    self._known[name] = distribution
                    infos.append(hparams.column(name, distribution))
        further = {name for trial in trials for name in further_metrics(trial)} - self._further
        if infos or further or not self._declared:
            made = hparams.experiment([], metric_tags(self._names(), sorted(further)))
            for info in infos:
                made = hparams.merge(made, hparams.experiment([info], []))
            directory.add_columns(self.root, made)
            self._further |= further
            self._declared = True


def _open_if_paused(
    study: Study, trials: Iterable[FrozenTrial], max_epochs: int
) -> list[FrozenTrial]:
    """The configurations of a scheduled study as trials; one that may continue is running."""
    maximize = study.direction == StudyDirection.MAXIMIZE
    merged = one_trial_each(trials, maximize=maximize, max_epochs=max_epochs)
    for trial in merged:
        if trial.state == TrialState.PRUNED:
            trial.state = TrialState.RUNNING
    return merged
