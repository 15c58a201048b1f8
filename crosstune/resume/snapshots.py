"""Snapshots of a run beside its study, so that a long one need not be replayed from its beginning.

They are only a shortcut. A snapshot that is missing, foreign, damaged, of other versions or of
other trials is not used, and every trial is asked for again. The same holds if the trials after a
snapshot do not agree with the ledger.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.engines.record import BUDGET
from crosstune.engines.record_names import RUNS
from crosstune.resume.frozen import Frozen, freeze, thaw
from crosstune.resume.mismatch import MADE_ON
from crosstune.system import signed_file as sealed

SHARE = 0.02
"""The share of a run's time that snapshots may take."""
LEAST = 2.0
"""Seconds before the first snapshot, and at least between two."""

FORMAT = 5
"""The format of a snapshot. Raise it whenever a class or an attribute in it changes its name or
its meaning: snapshots of other formats are not read, and the run is replayed."""

RESUMED = "resumed"
"""The key of a run's record that lists when it was resumed."""

_logger = logging.getLogger("crosstune")


@dataclass(frozen=True)
class Header:
    """The first line of a snapshot.

    Attributes:
        study: name of the study.
        run: the record of the run, as text.
        trials: the number of trials that had ended.
        digest: of those trials.
        format: of the snapshot. Version 0.1.0 wrote none; that is format 1.
    """

    study: str
    run: str
    trials: int
    digest: str
    format: int = 1


class Keeper:
    """An Optuna callback that writes a snapshot now and then, after a trial has ended.

    Args:
        study: whose run begins.
        path: of the snapshot.
        share: the share of the run's time that snapshots may take.
        least: seconds between two snapshots, at least.

    Attributes:
        seconds: spent on snapshots so far.
        written: the number of snapshots so far.
    """

    def __init__(self, study: Study, path: Path, *, share: float, least: float):
        self.seconds = 0.0
        self.written = 0
        self._study = study
        self._path = path
        self._share = share
        self._least = least
        self._cost = 0.0
        self._since = time.monotonic()
        self._digest = Digest()
        self._cannot_freeze = False
        self._warned = False

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Write a snapshot if it is time."""
        if time.monotonic() - self._since >= max(self._least, self._cost / self._share):
            self.write()

    def finish(self) -> None:
        """Write the last snapshot if the run was long enough to be worth it."""
        self(self._study, None)  # type: ignore[arg-type]  # the trial is not looked at

    def write(self) -> None:
        """Write a snapshot now. A failure is logged once, and the run continues."""
        if self._cannot_freeze:
            return
        began = time.monotonic()
        try:
            self._write()
        except (OSError, sealed.Untrusted) as error:
            if not self._warned:
                self._warned = True
                _logger.warning(
                    "no snapshot of the study can be kept in %s: %s. The run continues; resuming "
                    "it will ask for every trial again",
                    self._path,
                    getattr(error, "strerror", None) or error,
                )
        except Exception as error:  # From any object of the engine; it is then replayed in full.
            self._cannot_freeze = True
            _logger.info("the engine cannot be kept in a snapshot: %s", error)
        self._since = time.monotonic()
        self._cost = self._since - began
        self.seconds += self._cost

    def _write(self) -> None:
        trials = _optuna.all_trials(self._study)
        ended = next((t.number for t in trials if not t.state.is_finished()), len(trials))
        if any(trial.state != TrialState.WAITING for trial in trials[ended:]):
            return  # a trial runs: the sampler is between two states
        run = identity(self._study.user_attrs[RUNS][-1])
        digest = self._digest.of(trials[:ended])
        header = Header(self._study.study_name, run, ended, digest, FORMAT)
        content = freeze(self._study, _optuna.system_attrs(self._study))
        sealed.write(self._path, json.dumps(vars(header)).encode() + b"\n" + content)
        self.written += 1


class Digest:
    """A digest of a growing list of trials that have ended."""

    def __init__(self) -> None:
        self._count = 0
        self._chain = b""

    def of(self, trials: Sequence[FrozenTrial]) -> str:
        """The digest of all trials; only those after the last call are read."""
        for trial in trials[self._count :]:
            content = (
                trial.number,
                trial.state.name,
                trial.values,
                [
                    (name, distribution.to_internal_repr(trial.params[name]))
                    for name, distribution in trial.distributions.items()
                ],
                sorted(trial.intermediate_values.items()),
            )
            self._chain = hashlib.sha256(self._chain + repr(content).encode()).digest()
        self._count = len(trials)
        return self._chain.hex()


def identity(record: Mapping[str, Any]) -> str:
    """The record of a run as text, without the keys that may change later."""
    changes = (RESUMED, BUDGET)
    fixed = {key: value for key, value in record.items() if key not in changes}
    return json.dumps(fixed, sort_keys=True)


def load(
    path: Path, study: str, record: Mapping[str, Any], now: Mapping[str, Any],
    trials: Sequence[FrozenTrial],
) -> tuple[int, Frozen] | None:  # fmt: skip
    """The number of trials in a snapshot and its content, or None if it cannot be used.

    Nothing is unpickled before owner, mode, signature, versions and trials are checked.

    Args:
        path: of the snapshot.
        study: the name of the study.
        record: of the run that is resumed.
        now: the record of such a run that begins now, for the versions.
        trials: of the study.
    """
    try:
        head, _, content = sealed.read(path).partition(b"\n")
        header = Header(**json.loads(head))
        if header.format != FORMAT:
            raise sealed.Untrusted(f"its format is {header.format}, this version reads {FORMAT}")
        if header.study != study or header.run != identity(record):
            raise sealed.Untrusted("it is of another run")
        if any(record.get(key) != now.get(key) for key in ("versions", MADE_ON)):
            raise sealed.Untrusted("it was written with other versions, or on another machine")
        seen = trials[: header.trials]
        if len(seen) < header.trials or Digest().of(seen) != header.digest:
            raise sealed.Untrusted("the study's trials are not those that it has seen")
        return header.trials, thaw(content)
    except FileNotFoundError:
        return None
    except Exception as error:  # Also from classes that have changed.
        _logger.warning(
            "the snapshot %s is not used, and every trial is asked for again: %s",
            path,
            getattr(error, "strerror", None) or error,
        )
        return None
