"""A study from pickled `hyperopt.Trials`.

- Reading a pickle runs any code in it. Nothing in crosstune but `read_file` does it.
- Data under "crosstune" is used if the rest of the document still agrees with it.
- Positions become values by an `hp` space or a `Space`; without one they stay integers. The fixed
  entries of an `hp` space are not parameters, as in a study of such a space.
- STATUS_OK is a complete trial, STATUS_FAIL a failed one, and so are those that raised an error
  or were cancelled, which `Trials.trials` does not show. Unfinished trials are left out. Further
  entries of `result` become user attributes if they are JSON values; a warning names the others.
- A trial outside the ranges is left out with a note. If most are outside, the space is refused.
"""

from __future__ import annotations

import datetime
import json
import logging
import math
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import hyperopt
import numpy as np
from hyperopt.base import JOB_STATE_CANCEL, JOB_STATE_DONE, JOB_STATE_ERROR
from optuna.trial import FrozenTrial, TrialState

from crosstune.adapters.hyperopt.exporting import KEY, written_by_us
from crosstune.adapters.hyperopt.imported_values import Coding
from crosstune.adapters.hyperopt.private import documents
from crosstune.engines.record_names import DRAWN, ERROR
from crosstune.errors import RequestError, message_of
from crosstune.exchange import sidecar_data as sidecar
from crosstune.exchange.points import those_that_fit
from crosstune.exchange.study_data import Contents, frozen

_logger = logging.getLogger("crosstune")

_ENDED = (JOB_STATE_DONE, JOB_STATE_ERROR, JOB_STATE_CANCEL)


def read_file(
    path: str | Path, *, space: Any = None, direction: str | None = None
) -> tuple[Contents, list[str]]:
    """The contents of a pickle of `hyperopt.Trials`, and notes. Unpickling runs its code.

    Args:
        path: of the file.
        space: the `hp` space of the search, or a `Space`.
        direction: "minimize", or "maximize" if the losses are negated values.

    Raises:
        RequestError: it cannot be read, or is not a pickle of `hyperopt.Trials`.
    """
    file = Path(path)
    if not file.is_file():
        raise RequestError(f"there is no file {path}")
    try:
        with file.open("rb") as opened:
            trials = pickle.load(opened)
    except OSError as error:
        raise RequestError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ModuleNotFoundError, AttributeError) as error:
        raise RequestError(f"{path} needs what is not installed here: {error}") from error
    except Exception as error:  # A pickle may raise anything.
        reason = message_of(error).splitlines()[0]
        raise RequestError(f"{path} is not a pickle, or is damaged: {reason}") from error
    if not isinstance(trials, hyperopt.Trials):
        kind = f"{type(trials).__module__}.{type(trials).__qualname__}"
        raise RequestError(f"{path} holds a {kind}, not hyperopt.Trials")
    return contents_of(trials, name=file.stem, space=space, direction=direction)


def contents_of(
    trials: hyperopt.Trials, *, name: str, space: Any = None, direction: str | None = None
) -> tuple[Contents, list[str]]:
    """The contents of `hyperopt.Trials`, and notes.

    Args:
        trials: to read.
        name: of the study, unless crosstune wrote the trials.
        space, direction: see `read_file`.

    Raises:
        RequestError: the trials do not belong to the space.
    """
    written = written_by_us(trials)
    directions = (direction or "minimize",)
    if written is not None:
        name, directions = written["name"], tuple(written["directions"])
        if direction not in (None, *directions):
            raise RequestError(f"the study {name!r} was made to {directions[0]}, not {direction}")
    every = documents(trials)
    finished = [doc for doc in every if doc["state"] in _ENDED]
    notes = []
    if len(finished) < len(every):
        notes.append(f"{len(every) - len(finished)} unfinished trials are left out")
    coding = Coding(finished, written, space)
    notes += coding.notes
    read, outside = those_that_fit(
        finished, lambda doc, n: _trial(doc, n, coding, directions), most=space is not None
    )
    notes += outside
    if set(trials.attachments) - {KEY, "FMinIter_Domain"}:
        notes.append("attachments are left out: a study has no place for them")
    for entry in dict.fromkeys(name for doc in finished for name in _attrs(doc["result"])[1]):
        _logger.warning("%r of the results is not kept in the study: JSON has no such value", entry)
    contents = Contents(
        name=name,
        directions=directions,
        space=coding.space,
        distributions=coding.distributions,
        trials=read,
        attrs={} if written is None else written["attrs"],
        metric_names=None if written is None else written["metric_names"],
    )
    return contents, notes


def _trial(
    doc: Mapping[str, Any], number: int, coding: Coding, directions: Sequence[str]
) -> FrozenTrial:
    vals = {label: list(val) for label, val in doc["misc"]["vals"].items()}
    result = {key: value for key, value in doc["result"].items() if key != KEY}
    beside = doc["result"].get(KEY)
    as_written = sidecar.is_trial(beside, {"result": result, "vals": vals})
    if as_written:
        params = coding.written(beside["params"], number)
        trial = sidecar.restored({**beside, "params": params}, number, coding.distributions)
        if trial is not None:
            return trial
    params = coding.params(vals, number)
    attrs, _ = _attrs(result)
    value = None
    if result.get("loss") is not None:
        loss = float(result["loss"])
        ok = doc["state"] == JOB_STATE_DONE and result.get("status") == hyperopt.STATUS_OK
        if ok and not math.isnan(loss):
            value = -loss if directions == ("maximize",) else loss
        else:
            attrs["loss"] = loss
    if doc["state"] != JOB_STATE_DONE:
        attrs[ERROR] = _reason(doc)
    draws = coding.aside(vals)
    if draws:
        attrs[DRAWN] = draws
    return frozen(
        number,
        state=TrialState.FAIL if value is None else TrialState.COMPLETE,
        value=value,
        params=params,
        distributions=coding.distributions,
        user_attrs=attrs,
        start=_local(doc.get("book_time")),
        complete=_local(doc.get("refresh_time")),
    )


def _reason(doc: Mapping[str, Any]) -> str:
    """Why a trial ended that is not done: the type and message of its error."""
    if doc["state"] == JOB_STATE_CANCEL:
        return "cancelled by Hyperopt"
    kind, message = [*map(str, doc["misc"].get("error", ())), "", ""][:2]
    name = kind.removeprefix("<class '").removesuffix("'>")
    return ": ".join(filter(None, (name, message))) or "an error, which Hyperopt did not keep"


def _attrs(result: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The further entries of a result that are JSON values, and the names of the others."""
    attrs: dict[str, Any] = {}
    odd: list[str] = []
    for name, value in result.items():
        if name in ("status", "loss", "attachments", KEY):
            continue
        plain = value.tolist() if isinstance(value, np.generic | np.ndarray) else value
        try:
            json.dumps(plain)
            attrs[str(name)] = plain
        except (TypeError, ValueError):
            odd.append(str(name))
    return attrs, odd


def _local(utc: datetime.datetime | None) -> datetime.datetime | None:
    if utc is None:
        return None
    return utc.replace(tzinfo=datetime.timezone.utc).astimezone().replace(tzinfo=None)
