"""A draft of a spec from the trials of a study, with what was guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from crosstune.engines import registry
from crosstune.engines.record_names import RUNS
from crosstune.errors import CrosstuneError, RequestError
from crosstune.exchange.study_data import Contents
from crosstune.spec.spec import Spec

FEWEST = 3
"""The fewest trials with a parameter, and without it, from which a condition is guessed."""

MOST_VALUES = 12
"""The most values that an integer has had for it to be taken for a parent."""


@dataclass(frozen=True)
class Draft:
    """The keys of a spec file, and sentences on what was guessed and what is left to do."""

    keys: dict[str, Any]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Condition:
    """The values of a parent with which a parameter is there.

    Attributes:
        parent: its name.
        values: with which the parameter was there.
        unseen: whether the parent has values that no trial has had.
        trials: the number of trials that agree.
    """

    parent: str
    values: tuple[Any, ...]
    unseen: bool
    trials: int


def draft(contents: Contents, *, metric: str | None = None, script: str | None = None) -> Draft:
    """The draft of a spec from a study.

    Args:
        contents: of the study.
        metric: the name of the objective, if the study does not tell.
        script: the name of the script whose first trials these are. Then the engine, the seed and
            the number of trials are not the script's, and are left out.

    Raises:
        RequestError: it has no parameters, or one that no spec can describe.
    """
    runs = contents.attrs.get(RUNS) or []
    record = runs[0] if runs else {}
    first = contents.metric_names[0] if contents.metric_names else None
    name = metric or first or record.get("metric")
    notes = ["name the objective: `objective: module:function`, or pass it to crosstune.tune"]
    if name is None:
        notes.append("guess: the metric has no name in the study")
    space, guesses = _space(contents)
    keys: dict[str, Any] = {"name": script or contents.name}
    if len(contents.directions) > 1:
        names = contents.metric_names or [f"objective_{i}" for i in range(len(contents.directions))]
        pairs = zip(names, contents.directions, strict=True)
        keys["metrics"] = [{"name": one, "direction": way} for one, way in pairs]
    else:
        keys["metric"] = {"name": name or "value", "direction": contents.directions[0]}
    if script is not None:
        notes.append("set the budget: `trials: N`, or `seconds: S`")
    else:
        keys["trials"] = len(contents.finished) or 1
        notes.append("guess: the budget is the number of finished trials")
        if isinstance(record.get("seed"), int):
            keys["seed"] = record.get("base_seed", record["seed"])
        else:
            notes.append("no seed is known, so each run draws another one")
        keys |= _engine(record)
    keys["space"] = space
    notes += guesses
    try:
        return Draft(Spec(**keys).to_dict(), tuple(notes))
    except CrosstuneError as error:
        raise RequestError(f"the draft would be no spec: {error}") from error


def _engine(record: Mapping[str, Any]) -> dict[str, Any]:
    """The engine and the pruner of a record, if they can be named in a spec."""
    keys: dict[str, Any] = {}
    if record.get("backend") in registry.names():
        options = record.get("options") or {}
        keys["backend"] = record["backend"]
        keys["sampler"] = {"name": record["sampler"], **options} if options else record["sampler"]
    pruner = record.get("pruner")
    if isinstance(pruner, Mapping) and "name" in pruner:
        keys["pruner"] = {"name": pruner["name"], **pruner.get("options", {})}
    return keys


def _space(contents: Contents) -> tuple[dict[str, Any], list[str]]:
    """The space of a draft, and notes; as it was declared, or from distributions."""
    if contents.space is not None:
        return contents.space.to_dict(), []
    if not contents.distributions:
        raise RequestError(f"the study {contents.name!r} has no parameters to draft a space from")
    space = registry.get(registry.HOST).read(contents.distributions).to_dict()
    notes = [*_changing(contents)]
    trials = [
        trial
        for trial in contents.trials
        if trial.state in (TrialState.COMPLETE, TrialState.PRUNED) and trial.params
    ]
    for name in contents.distributions:
        without = sum(name not in trial.params for trial in trials)
        if not without:
            continue
        condition = _condition(name, trials, contents.distributions)
        if condition is None:
            notes.append(
                f"{name} is not in {without} of {len(trials)} trials, and no choice explains it: "
                "it has no condition here"
            )
            continue
        values = condition.values
        space[name]["when"] = {condition.parent: values[0] if len(values) == 1 else list(values)}
        words = " or ".join(map(repr, values))
        unseen = "; not every value of it was seen" if condition.unseen else ""
        notes.append(
            f"guess: {name} only when {condition.parent} is {words}, as in {condition.trials} of "
            f"{len(trials)} trials{unseen}"
        )
    return space, notes


def _changing(contents: Contents) -> Iterator[str]:
    """A note for each parameter whose range was not the same in every trial."""
    ranges: dict[str, list[BaseDistribution]] = {}
    for trial in contents.trials:
        for name, distribution in trial.distributions.items():
            seen = ranges.setdefault(name, [])
            if distribution not in seen:
                seen.append(distribution)
    for name, seen in ranges.items():
        if len(seen) > 1:
            yield f"guess: {name} had {len(seen)} ranges, and has all of them here"


def _condition(
    name: str, trials: Sequence[FrozenTrial], distributions: Mapping[str, BaseDistribution]
) -> _Condition | None:
    """The condition that explains in which trials a parameter is; None if none does."""
    there = [trial for trial in trials if name in trial.params]
    gone = [trial for trial in trials if name not in trial.params]
    if len(there) < FEWEST or len(gone) < FEWEST:
        return None
    candidates = []
    for parent, distribution in distributions.items():
        values = _values(distribution, parent, trials)
        if parent == name or values is None or any(parent not in t.params for t in there):
            continue
        with_it = {_position(values, trial.params[parent]) for trial in there}
        without = {_position(values, t.params[parent]) for t in gone if parent in t.params}
        if with_it & without or (not without and len(with_it) == len(values)):
            continue
        there_with = tuple(values[i] for i in sorted(with_it))
        unseen = len(with_it | without) < len(values)
        everywhere = all(parent in trial.params for trial in gone)
        explained = _Condition(parent, there_with, unseen, len(trials))
        candidates.append((not everywhere, len(there_with), explained))
    return min(candidates, key=lambda item: item[:2])[2] if candidates else None


def _values(
    distribution: BaseDistribution, name: str, trials: Sequence[FrozenTrial]
) -> list[Any] | None:
    """The values that a parent can have; None for a parameter that can be no parent."""
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    if isinstance(distribution, IntDistribution):
        values = sorted({trial.params[name] for trial in trials if name in trial.params})
        return values if len(values) <= MOST_VALUES else None
    return None


def _position(values: Sequence[Any], value: Any) -> int:
    same = (i for i, item in enumerate(values) if type(item) is type(value) and item == value)
    return next(same, -1)
