"""The record of a trial's checkpoints in its attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from optuna.trial import BaseTrial

from crosstune.engines.record_names import CHECKPOINTS

_ARTIFACT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Unusable(Exception):
    """A checkpoint from which training cannot continue, with the reason."""


@dataclass(frozen=True)
class CheckpointRecord:
    """One checkpoint.

    Attributes:
        artifact: its id in the store, a UUID.
        name: the file name when it is found.
        step: number of completed epochs or steps.
        sha256: checksum of the file.
        trial: the number of the trial that saved it.
        params: that trial's parameters, in Optuna's internal representation.
    """

    artifact: str
    name: str
    step: int
    sha256: str
    trial: int
    params: Mapping[str, float]

    def check_fits(self, trial: BaseTrial) -> None:
        """Compare the parameters that both trials have.

        Raises:
            Unusable: one differs.
        """
        params = internal_params(trial)
        for name in sorted(self.params.keys() & params.keys()):
            if self.params[name] != params[name]:
                raise Unusable(f"it was trained with another {name}")


@dataclass(frozen=True)
class Record:
    """The content of the attribute.

    Attributes:
        entries: the valid checkpoints, the newest first.
        discarded: useless artifacts that may be in the store: those being written when a process
            was killed, and those that could not be removed.
        damaged: number of entries that cannot be read.
    """

    entries: tuple[CheckpointRecord, ...] = ()
    discarded: tuple[str, ...] = ()
    damaged: int = 0


def read(trial: BaseTrial) -> Record:
    """The record of a trial, without ids that are no UUIDs: these might lead out of the folder."""
    attribute = trial.user_attrs.get(CHECKPOINTS, {"entries": []})
    listed = attribute.get("entries") if isinstance(attribute, Mapping) else None
    if not isinstance(listed, list):
        return Record(damaged=1)
    entries = [entry for entry in map(_entry, listed) if entry is not None]
    named = attribute.get("discarded")
    discarded = filter(_is_artifact, named if isinstance(named, list) else [])
    return Record(tuple(entries), tuple(discarded), len(listed) - len(entries))


def reached(trial: BaseTrial) -> int:
    """The highest step of a trial's checkpoints; -1 if it has none."""
    return max((entry.step for entry in read(trial).entries), default=-1)


def write(trial: BaseTrial, entries: Sequence[CheckpointRecord], discarded: Sequence[str]) -> None:
    """Write the record of a trial to the study, in one step.

    Args:
        trial: running.
        entries, discarded: as in `Record`.
    """
    value = {"entries": [asdict(entry) for entry in entries], "discarded": list(discarded)}
    trial.set_user_attr(CHECKPOINTS, value)


def internal_params(trial: BaseTrial) -> dict[str, float]:
    """The parameters so far as numbers, which every storage returns unchanged."""
    distributions = trial.distributions
    return {
        name: float(distributions[name].to_internal_repr(value))
        for name, value in trial.params.items()
    }


def is_plain_name(name: object) -> bool:
    """Whether a name is, on every system, a file name without a path."""
    return (
        isinstance(name, str)
        and name not in ("", ".", "..")
        and "\0" not in name
        and PurePosixPath(name).name == name == PureWindowsPath(name).name
    )


def _is_artifact(name: object) -> bool:
    return isinstance(name, str) and _ARTIFACT.fullmatch(name) is not None


def _entry(stored: Any) -> CheckpointRecord | None:
    try:
        entry = CheckpointRecord(**stored)
        valid = (
            _is_artifact(entry.artifact)
            and is_plain_name(entry.name)
            and isinstance(entry.step, int)
            and isinstance(entry.trial, int)
            and isinstance(entry.params, Mapping)
        )
    except TypeError:
        return None
    return entry if valid else None
