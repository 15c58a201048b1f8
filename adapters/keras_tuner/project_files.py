"""Reads the files of a Keras Tuner project, of this version or an older one.

Versions before 1.2 wrote no order of the trials and no messages, and gave an integer on a log scale
a step of 1, which Keras Tuner itself can no longer read.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from crosstune.adapters.keras_tuner.exporting import BESIDE, ORACLE
from crosstune.adapters.keras_tuner.library import Trial, keras_tuner
from crosstune.errors import RequestError, described
from crosstune.exchange import sidecar_data as sidecar
from crosstune.system.files import regular


def read_oracle(folder: Path) -> tuple[Any, dict[str, int] | None]:
    """The hyperparameters, and the position of each trial; None if the folder has no order."""
    state = _json(folder / ORACLE)
    try:
        native = keras_tuner.HyperParameters.from_config(_renewed(state["hyperparameters"]))
        order = state.get("start_order")
        return native, None if order is None else {name: n for n, name in enumerate(order)}
    except Exception as error:  # Keras Tuner does not validate its input.
        raise _damaged(folder / ORACLE, error) from error


def read_trials(folder: Path, order: dict[str, int] | None) -> list[tuple[Any, datetime.datetime]]:
    """The trials with the times of their files, by the order, or by the times if there is none."""
    trials = [_trial(file) for file in sorted(folder.glob("trial_*/trial.json"))]
    if order is None:
        return sorted(trials, key=lambda timed: timed[1])
    return sorted(trials, key=lambda timed: order.get(timed[0].trial_id, len(order)))


def read_beside(folder: Path) -> dict[str, Any]:
    """The data that crosstune wrote beside Keras Tuner's files; empty if it did not write them."""
    if not (folder / BESIDE).exists():
        return {}
    beside = _json(folder / BESIDE)
    whole = sidecar.is_study(beside) and isinstance(beside.get("trials"), dict)
    return beside if whole and "metric" in beside else {}


def _trial(file: Path) -> tuple[Any, datetime.datetime]:
    try:
        state = _json(file)
        state["hyperparameters"] = _renewed(state["hyperparameters"])
        trial = Trial.from_state({"message": None, "best_step": None, **state})
        return trial, datetime.datetime.fromtimestamp(file.stat().st_mtime)
    except RequestError:
        raise
    except Exception as error:  # Keras Tuner does not validate its input.
        raise _damaged(file, error) from error


def _renewed(hyperparameters: Any) -> Any:
    """Hyperparameters of any version in the form of this one."""
    for construct in hyperparameters["space"]:
        config = construct["config"]
        config.setdefault("conditions", [])
        step = config.get("step")
        if config.get("sampling") in ("log", "reverse_log") and step is not None and step <= 1:
            config["step"] = None
    return hyperparameters


def _json(file: Path) -> Any:
    try:
        with open(file, encoding="utf-8", opener=regular) as opened:
            return json.load(opened)
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(file, error) from error


def _damaged(file: Path, error: Exception) -> RequestError:
    reason = error.strerror if isinstance(error, OSError) else described(error)
    return RequestError(f"{file} is damaged, or is not a file of Keras Tuner: {reason}")
