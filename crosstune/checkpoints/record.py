"""What a trial's attribute says of its checkpoints."""

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
    """A checkpoint that training cannot be continued from, and why."""


@dataclass(frozen=True)
class Entry:
    """One checkpoint.

    Attributes:
        artifact: its id in the store, a UUID.
        name: what the file is called when it is found.
        step: how far the training had come.
        sha256: of the file.
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
    """What the attribute holds.

    Attributes:
        entries: the checkpoints that count, the newest first.
        discarded: artifacts that may be in the store and are of no use: what was being written
            when a process was killed, and what could not be removed.
        damaged: how many entries could not be read.
    """

    entries: tuple[Entry, ...] = ()
    discarded: tuple[str, ...] = ()
    damaged: int = 0


def read(trial: BaseTrial) -> Record:
    """The record of a trial. Ids that are no UUIDs could lead out of the store's folder."""
    held = trial.user_attrs.get(CHECKPOINTS, {"entries": []})
    listed = held.get("entries") if isinstance(held, Mapping) else None
    if not isinstance(listed, list):
        return Record(damaged=1)
    entries = [entry for entry in map(_entry, listed) if entry is not None]
    named = held.get("discarded")
    discarded = filter(_is_artifact, named if isinstance(named, list) else [])
    return Record(tuple(entries), tuple(discarded), len(listed) - len(entries))


def reached(trial: BaseTrial) -> int:
    """The step of a trial's farthest checkpoint; -1 if it has none."""
    return max((entry.step for entry in read(trial).entries), default=-1)


def write(trial: BaseTrial, entries: Sequence[Entry], discarded: Sequence[str]) -> None:
    """Note in the study, in one step, which checkpoints count and which do not."""
    value = {"entries": [asdict(entry) for entry in entries], "discarded": list(discarded)}
    trial.set_user_attr(CHECKPOINTS, value)


def internal_params(trial: BaseTrial) -> dict[str, float]:
    """The parameters so far as numbers, which every storage gives back as they were."""
    distributions = trial.distributions
    return {
        name: float(distributions[name].to_internal_repr(value))
        for name, value in trial.params.items()
    }


def is_plain_name(name: object) -> bool:
    """Whether a name is that of a file alone, on every system, and leads nowhere else."""
    return (
        isinstance(name, str)
        and name not in ("", ".", "..")
        and "\0" not in name
        and PurePosixPath(name).name == name == PureWindowsPath(name).name
    )


def _is_artifact(name: object) -> bool:
    return isinstance(name, str) and _ARTIFACT.fullmatch(name) is not None


def _entry(held: Any) -> Entry | None:
    try:
        entry = Entry(**held)
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
