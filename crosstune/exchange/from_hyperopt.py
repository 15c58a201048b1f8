"""A study from pickled `hyperopt.Trials`.

- Reading a pickle runs whatever code it holds. Nothing in crosstune but `read_file` does it.
- What stands under "crosstune" is taken where the rest of the document still agrees with it.
- Positions become values by an `hp` space or a space of ours; without one they stay integers.
- STATUS_OK is a complete trial, STATUS_FAIL a failed one. Unfinished trials are left out. Further
  entries of `result` become user attributes where JSON can hold them.
"""

from __future__ import annotations

import datetime
import json
import math
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import hyperopt
from hyperopt.base import JOB_STATE_DONE
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from crosstune import adapters
from crosstune.adapters import ledger
from crosstune.adapters.native.hyperopt_labels import HyperoptSpace
from crosstune.errors import RequestError, SpecError, Unsupported
from crosstune.exchange import kept
from crosstune.exchange.contents import Contents, frozen, in_space, observed, own
from crosstune.exchange.to_hyperopt import KEY, held_beside
from crosstune.space import Space


def read_file(
    path: str | Path, *, space: Any = None, direction: str | None = None
) -> tuple[Contents, list[str]]:
    """The contents of a pickle of `hyperopt.Trials`, and notes. Unpickling runs its code.

    Args:
        space: the `hp` space of the search, or a `Space`.
        direction: "minimize", or "maximize" where the losses are negated values.

    Raises:
        RequestError: it cannot be read, or holds something else.
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
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise RequestError(f"{path} is no pickle, or a damaged one: {reason}") from error
    if not isinstance(trials, hyperopt.Trials):
        found = f"{type(trials).__module__}.{type(trials).__qualname__}"
        raise RequestError(f"{path} holds a {found}, not hyperopt.Trials")
    return contents_of(trials, name=file.stem, space=space, direction=direction)


def contents_of(
    trials: hyperopt.Trials, *, name: str, space: Any = None, direction: str | None = None
) -> tuple[Contents, list[str]]:
    """The contents of `hyperopt.Trials`, and notes.

    Raises:
        RequestError: the trials do not belong to the space.
    """
    held = held_beside(trials)
    directions = (direction or "minimize",)
    if held is not None:
        name, directions = held["name"], tuple(held["directions"])
        if direction not in (None, *directions):
            raise RequestError(f"the study {name!r} was made to {directions[0]}, not {direction}")
    finished = [doc for doc in trials.trials if doc["state"] == JOB_STATE_DONE]
    notes = []
    if len(finished) < len(trials.trials):
        notes.append(f"{len(trials.trials) - len(finished)} unfinished trials are left out")
    coding = _Coding(finished, held, space)
    notes += coding.notes
    read = [_trial(doc, number, coding, directions) for number, doc in enumerate(finished)]
    contents = Contents(
        name=name,
        directions=directions,
        space=coding.space,
        distributions=coding.distributions,
        trials=read,
        attrs={} if held is None else held["attrs"],
        metric_names=None if held is None else held["metric_names"],
    )
    return contents, notes


class _Coding:
    """How what Hyperopt drew becomes a value: by an `hp` space, by ours, or not at all.

    Attributes:
        space: what the study is to declare; None where it is not known.
        distributions: under which the study holds the values.
        mode: which form of our space drew.
        as_written: whether what crosstune wrote beside a trial can be taken.
    """

    def __init__(self, docs: Sequence[Any], held: dict[str, Any] | None, space: Any):
        self.notes: list[str] = []
        self.as_written = held is not None and space is None
        self.native: HyperoptSpace | None = None
        self.mode = "literal" if held is None else held["mode"]
        self.space: Space | None = None
        if isinstance(space, Space):
            self.space = space
        elif space is not None:
            self.space = _declared(space)
            self.native = HyperoptSpace(space)
        elif held is not None and held["space"] is not None:
            self.space = Space(held["space"])
        labels = dict.fromkeys(label for doc in docs for label in doc["misc"]["vals"])
        self.distributions: dict[str, BaseDistribution] = {}
        if self.space is not None:
            self.distributions.update(ledger.distributions(self.space))
        if held is not None:
            for name, distribution in kept.distributions(held).items():
                self.distributions.setdefault(name, distribution)
        unknown = [label for label in labels if label not in self.distributions]
        if unknown and self.space is not None:
            names = ", ".join(repr(label) for label in unknown)
            raise RequestError(f"the space has no {names}, which the trials have")
        for label in unknown:
            drawn = [_number(v) for doc in docs for v in doc["misc"]["vals"][label]]
            if drawn:
                self.distributions[label] = observed(drawn)
        if unknown:
            self.notes.append(
                "no space is known, so a choice is the position of its option, and a range is what "
                "was seen of it. Give the hp space (--space module:name) or a spec (--spec)"
            )

    def params(self, vals: Mapping[str, Sequence[Any]], number: int) -> dict[str, Any]:
        """The parameters of a trial as the study holds them.

        Raises:
            SpecError: they are no point of the space.
        """
        drawn = {label: _number(val[0]) for label, val in vals.items() if len(val)}
        if self.native is not None:
            assert self.space is not None
            known = self.native.params(drawn)
            if drawn:  # else it failed before the first suggestion
                for name, item in self.space.items():
                    if item.coordinate is None and self.space.is_active(name, known):
                        known[name] = item.only
            return in_space(self.space, known, number)
        if self.space is None:
            return {name: self._value(name, raw) for name, raw in drawn.items()}
        space = self.space
        beside = {n: self._value(n, raw) for n, raw in drawn.items() if n not in space}
        point: dict[str, Any] = {}
        begun = bool(drawn) or not space.searched  # else it failed before the first suggestion
        for name, item in space.items():
            try:
                if name in drawn:
                    point[name] = self._decoded(name, drawn[name])
                elif begun and item.coordinate is None and space.is_active(name, point):
                    point[name] = item.only
            except SpecError as error:
                raise SpecError(f"trial {number} is no point of the space: {error}") from None
        return {**in_space(space, point, number), **beside}

    def _value(self, name: str, raw: Any) -> Any:
        """A value by its distribution alone."""
        held = self.distributions[name]
        if isinstance(held, CategoricalDistribution):
            return held.to_external_repr(raw)
        return int(raw) if isinstance(held, IntDistribution) else float(raw)

    def _decoded(self, name: str, raw: Any) -> Any:
        assert self.space is not None
        item = self.space[name]
        if self.mode == "exact":
            return item.decode(raw)
        held = ledger.distribution(item)
        if isinstance(held, CategoricalDistribution):
            if not 0 <= raw < len(held.choices):
                raise SpecError(f"{name!r} has {len(held.choices)} values, and none at {raw!r}")
            return ledger.read(item, held.choices[int(raw)])
        return own(item, raw)


def _declared(native: Any) -> Space:
    """The space that an `hp` expression stands for, with its fixed entries where they have a form.

    Where an option of a choice has no name there, or an expression no form, it is what
    `crosstune.tune` makes of it.
    """
    labels = HyperoptSpace(native)
    try:
        read = adapters.get("hyperopt").read(native)
    except Unsupported:
        return labels
    return read if all(read.get(name) == item for name, item in labels.items()) else labels


def _trial(
    doc: Mapping[str, Any], number: int, coding: _Coding, directions: Sequence[str]
) -> FrozenTrial:
    vals = {label: list(val) for label, val in doc["misc"]["vals"].items()}
    result = {key: value for key, value in doc["result"].items() if key != KEY}
    beside = doc["result"].get(KEY)
    if coding.as_written and kept.is_trial(beside, {"result": result, "vals": vals}):
        trial = kept.restored(beside, number, coding.distributions)
        if trial is not None:
            return trial
    attrs = {k: v for k, v in result.items() if k not in ("status", "loss") and _is_json(v)}
    value = None
    if result.get("loss") is not None:
        loss = float(result["loss"])
        if result.get("status") == hyperopt.STATUS_OK and not math.isnan(loss):
            value = -loss if directions == ("maximize",) else loss
        else:
            attrs["loss"] = loss
    return frozen(
        number,
        state=TrialState.FAIL if value is None else TrialState.COMPLETE,
        value=value,
        params=coding.params(vals, number),
        distributions=coding.distributions,
        user_attrs=attrs,
        start=_local(doc.get("book_time")),
        complete=_local(doc.get("refresh_time")),
    )


def _number(raw: Any) -> Any:
    """A number of Python's for one of numpy's."""
    return raw.item() if hasattr(raw, "item") else raw


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def _local(utc: datetime.datetime | None) -> datetime.datetime | None:
    if utc is None:
        return None
    return utc.replace(tzinfo=datetime.timezone.utc).astimezone().replace(tzinfo=None)
