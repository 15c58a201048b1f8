"""Which engine's search is in a project folder of Keras Tuner.

A folder has the search of one engine, since a tuner treats all trials in its folder as its own.
Another engine gets a folder beside it.
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
"""The key of crosstune's data in the state of an oracle."""


@dataclass(frozen=True)
class Project:
    """The search in a project folder.

    Attributes:
        engines: those that may have proposed its last trial, such as "hyperopt:tpe"; empty if
            unknown.
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
    """The project in a folder, if there is one."""
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
    """The name of the project for an engine, and a message if it is not `project_name`.

    Args:
        directory, project_name: the arguments of the tuner.
        engine: such as "hyperopt:tpe".
        max_trials: of the search; None for no limit.
        adopts: continue a search by Keras Tuner's own oracle, if trials are left.
    """
    named = project_name or UNTITLED
    folder = Path(directory or ".", named)
    project = project_in(folder)
    if project is None or not project.engines or engine in project.engines:
        return project_name, None
    foreign = not engine.startswith("keras_tuner:")
    left = max_trials is None or project.trials < max_trials
    if project.by_keras_tuner and adopts and foreign and left:
        return project_name, None
    other = f"{named}-{engine.replace(':', '-')}"
    return other, (
        f"the folder {folder} holds a search of {project.named}, so {engine} has the folder "
        f"{folder.with_name(other)}"
    )
