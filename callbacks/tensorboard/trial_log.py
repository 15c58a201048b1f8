"""The TensorBoard run of a trial."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from crosstune._optuna import constraints
from crosstune.callbacks.tensorboard import hparams
from crosstune.callbacks.tensorboard.event_file import NAME, Event, EventFile, scalars
from crosstune.callbacks.tensorboard.event_file import summary as summary_event
from crosstune.engines.record_names import PREFIX

REPORTS = "reports/"
FURTHER = "metrics/"
CONSTRAINTS = "constraints/"
SECONDS = "seconds"
SETTLED = 2.0
"""Seconds after which a running trial without reports is assumed to have its parameters."""

_STATUS = {
    TrialState.COMPLETE: hparams.COMPLETE,
    TrialState.PRUNED: hparams.PRUNED,
    TrialState.FAIL: hparams.FAILED,
}


class TrialLog:
    """Brings the run of a trial up to date.

    Steps have to increase in a file, since TensorBoard drops points before a smaller step. So the
    file is rewritten if a report has a smaller step than the last one, or if a parameter follows
    the first report.

    Args:
        folder: of the run.
        session: name of the trial in the HParams tab, unique in a log directory.
        metrics: names of the objectives.
    """

    def __init__(self, folder: Path, session: str, metrics: tuple[str, ...]):
        self._session = session
        self._metrics = metrics
        self._report = REPORTS + metrics[0]
        self._folder = folder
        self._find()

    def _find(self) -> None:
        """Begin with the existing file, before reading it."""
        files = sorted(self._folder.glob(f"{NAME}.*"))  # others may be of another program
        self._file = EventFile(files[-1] if files else _path(self._folder, 0))
        for stale in files[:-1]:  # left by a crash while the file was rewritten
            stale.unlink()
        self._params: dict[str, Any] | None = None
        self._times: dict[int, float] = {}
        self._last = -1
        self._ended = False

    def write(self, trial: FrozenTrial, now: float) -> None:
        """Write missing events.

        Args:
            trial: its current state.
            now: the time of new reports, in seconds since 1970; at most the end of an ended trial.
        """
        self._catch_up()
        if self._ended:
            return
        at = min(now, _seconds(trial.datetime_complete)) if trial.state.is_finished() else now
        start = _seconds(trial.datetime_start)
        reports = trial.intermediate_values
        if not (reports or trial.state.is_finished() or now - start >= SETTLED):
            return  # its parameters may not be complete yet
        new = sorted(step for step in reports if step > self._last)
        times = dict.fromkeys(new, at)
        params = {
            name: hparams.value(distribution, trial.params[name])
            for name, distribution in trial.distributions.items()
        }
        anew = len(self._times) + len(new) < len(reports) or (
            self._params is not None and params != self._params
        )
        if anew:
            times = {step: self._times.get(step, at) for step in sorted(reports)}
        events: list[Event] = []
        if anew or self._params is None:
            opening = hparams.session_start(params, session=self._session, start=start)
            events.append(summary_event(opening, start))
        events += [scalars({self._report: reports[step]}, step, t) for step, t in times.items()]
        if trial.state.is_finished():
            events.append(self._closing(trial))
        if anew:
            number = int(self._file.path.name.rpartition(".")[2]) + 1
            self._file.replace(_path(self._folder, number), events)
        elif events:
            self._file.append(events)
        self._params = params
        self._times.update(times)
        self._last = max(reports, default=-1)
        self._ended = trial.state.is_finished()

    def _closing(self, trial: FrozenTrial) -> Event:
        """The last record; without it, the trial has not ended in the log."""
        end = _seconds(trial.datetime_complete)
        # Negative if the clock was set back meanwhile.
        took = max(0.0, end - _seconds(trial.datetime_start))
        final = {**further_metrics(trial), SECONDS: took}
        if trial.state == TrialState.COMPLETE:
            final.update(zip(self._metrics, trial.values, strict=True))
        event = scalars(final, trial.number, end)
        event.summary.MergeFrom(hparams.session_end(_STATUS[trial.state], end=end))
        return event

    def _catch_up(self) -> None:
        """Read the new events of the file."""
        if not self._file.path.exists():  # another process may have rewritten it
            self._find()
        events = self._file.read()
        if events is None:
            self._find()
            events = self._file.read() or []
        for event in events:
            params = hparams.read_session_start(event.summary)
            if params is not None:
                self._params = params
            self._ended = self._ended or hparams.is_session_end(event.summary)
            if any(entry.tag == self._report for entry in event.summary.value):
                self._times[event.step] = event.wall_time
                self._last = event.step


def further_metrics(trial: FrozenTrial) -> Mapping[str, float]:
    """The constraints and numeric user attributes of a trial, by their tags."""
    metrics = {CONSTRAINTS + key: float(value) for key, value in constraints(trial).items()}
    for name, value in trial.user_attrs.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if number and not name.startswith(PREFIX):
            with suppress(OverflowError):  # an integer beyond 1e308
                metrics[FURTHER + name] = float(value)
    return metrics


def metric_tags(metrics: Iterable[str], further: Iterable[str]) -> list[Any]:
    """The metrics in the HParams tab."""
    names = list(metrics)
    return [
        *(hparams.metric(name, "the value of a complete trial") for name in names),
        *(hparams.metric(REPORTS + name, "the last report of the trial") for name in names[:1]),
        *(hparams.metric(name, _meaning(name)) for name in further),
        hparams.metric(SECONDS, "how long the trial took"),
    ]


def _meaning(tag: str) -> str:
    """The description of a further metric."""
    if tag.startswith(CONSTRAINTS):
        return "a constraint: feasible at 0 or below"
    return "an attribute of the trial"


def _seconds(moment: Any) -> float:
    return float(moment.timestamp())


def _path(folder: Path, number: int) -> Path:
    return folder / f"{NAME}.{number:03d}"
