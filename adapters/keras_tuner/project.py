"""Whose search a project folder of Keras Tuner's holds.

A folder holds the search of one engine, since Keras Tuner takes whatever is in it for the trials of
the tuner that finds it. Another engine gets a folder beside it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

UNTITLED = "untitled_project"
"""The name of a project that has none, as in Keras Tuner."""

STATE = "crosstune"
"""The key in the state of an oracle that holds what is ours."""


@dataclass(frozen=True)
class Project:
    """What a project folder says of its search.

    Attributes:
        engines: those that may have proposed its last trial, such as "hyperopt:tpe"; empty where
            it does not say.
        trials: how many trials were begun.
        by_keras_tuner: whether Keras Tuner's own oracle made it, without crosstune.
    """

    engines: frozenset[str]
    trials: int
    by_keras_tuner: bool

    @property
    def named(self) -> str:
        """The engine in words."""
        return "Keras Tuner" if self.by_keras_tuner else " or ".join(sorted(self.engines))


def engine_of(run: Mapping[str, Any]) -> str:
    """The engine in the record of a run, such as "hyperopt:tpe"."""
    return f"{run['backend']}:{run['sampler']}"


def project_in(folder: Path) -> Project | None:
    """What a folder holds; None if it is no project."""
    try:
        state = json.loads((folder / "oracle.json").read_text())
        trials = len(state["start_order"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    ours = state.get(STATE)
    if not isinstance(ours, dict):
        return Project(_of_keras_tuner(state), trials, by_keras_tuner=True)
    runs = ours.get("runs") or []
    return Project(frozenset(engine_of(run) for run in runs[-1:]), trials, by_keras_tuner=False)


def _of_keras_tuner(state: Mapping[str, Any]) -> frozenset[str]:
    if "beta" in state:
        return frozenset({"keras_tuner:bayesian"})
    if "brackets" in state:
        return frozenset({"keras_tuner:hyperband"})
    return frozenset({"keras_tuner:random", "keras_tuner:grid"})


def project_for(
    directory: str | os.PathLike[str] | None,
    project_name: str | None,
    engine: str,
    *,
    max_trials: int | None = None,
    adopts: bool = True,
) -> tuple[str | None, str | None]:
    """The name of the project for an engine, and what to say if it is another than was given.

    Args:
        directory, project_name: as a tuner was given them.
        engine: such as "hyperopt:tpe".
        max_trials: of the search; None is no limit.
        adopts: continue what Keras Tuner's own oracle began, where trials are left.
    """
    named = project_name or UNTITLED
    folder = Path(directory or ".", named)
    found = project_in(folder)
    if found is None or not found.engines or engine in found.engines:
        return project_name, None
    foreign = not engine.startswith("keras_tuner:")
    left = max_trials is None or found.trials < max_trials
    if found.by_keras_tuner and adopts and foreign and left:
        return project_name, None
    own = f"{named}-{engine.replace(':', '-')}"
    return own, (
        f"the folder {folder} holds a search of {found.named}, so {engine} has the folder "
        f"{folder.with_name(own)}"
    )
