"""The settings of a match, and whether they and the objectives agree with those of a folder."""

from __future__ import annotations

import json
import logging
import os
import platform
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from crosstune.benchmarks.match.identity import identify
from crosstune.benchmarks.match.results import About, Identity, Settings
from crosstune.benchmarks.problems.base import Problem
from crosstune.engines import registry as adapters
from crosstune.errors import RequestError
from crosstune.terminal.urls import without_secrets

_COMMON = ("crosstune", "keras", "numpy", "optuna", "scikit-learn", "scipy", "torch")
_SHOWN = 12
"""The largest number of changes of an objective that a message lists."""
_logger = logging.getLogger("crosstune")


def agree(path: Path, before: Settings | None, now: Settings) -> Settings:
    """Merge the requested settings with those of a folder.

    Seeds and contenders may be added, and a budget raised; all else has to be the same.

    Args:
        path: of the folder, for the message.
        before: the settings in the folder; None for a new one.
        now: the requested settings.

    Raises:
        RequestError: something else differs; the message lists it.
    """
    if before is None:
        return now
    there, here = before.versions, now.versions
    differing = [
        *_differing("problem", _by_name(before), _by_name(now)),
        *_differing("version of", *({k: v[k] for k in there if k in here} for v in (there, here))),
        *_differing("", *({k: getattr(s, k) for k in ("first", "workers")} for s in (before, now))),
    ]
    for name in ("trials", "seconds", "epochs"):
        old, new = getattr(before, name), getattr(now, name)
        if old != new and (old is None or new is None or new < old):
            differing.append(f"{name}: {old!r} there, {new!r} now; a budget can only be raised")
    missing = [label for label in before.contenders if label not in now.contenders]
    if missing:
        differing.append(
            f"{', '.join(missing)} took part there; name them too, beside those to add"
        )
    if differing:
        raise RequestError(
            f"{path} holds another match. Name another folder (--out), or ask for the same:\n  "
            + "\n  ".join(differing)
        )
    scales = {about.name: about.scale for about in before.problems}
    return replace(
        now,
        problems=tuple(replace(about, scale=scales[about.name]) for about in now.problems),
        seeds=max(before.seeds, now.seeds),
        versions={**there, **here},
        looks=before.looks,
        rounds=now.rounds or before.rounds,
    )


def _by_name(settings: Settings) -> dict[str, Any]:
    """The problems without their objectives, which `agree_on_objectives` compares, and scales.

    A folder of an earlier version has the URLs with their secrets.
    """
    return {
        about.name: without_secrets(asdict(replace(about, objective=None, scale=None)))
        for about in settings.problems
    }


def _differing(kind: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """One sentence per difference, down to the key in which mappings differ."""
    sentences: list[str] = []
    for name in dict.fromkeys([*before, *now]):
        old, new = before.get(name), now.get(name)
        label = f"{kind} {name}".strip()
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            sentences += _differing(f"{label},", old, new)
        elif old != new:
            sentences.append(f"{label}: {old!r} there, {new!r} now")
    return sentences


def about(problem: Problem) -> About:
    """The description of a problem in the settings."""
    spec = without_secrets(problem.spec.to_dict())
    return About(
        problem.name,
        problem.metric,
        problem.maximize,
        problem.space.fingerprint(),
        # In the form that is read from a file, for comparison with one.
        json.loads(json.dumps(spec)),
        problem.optimum,
        identity(problem),
    )


def versions(backends: Iterable[str]) -> dict[str, str]:
    """The versions of Python, of the backends' libraries and of common ones for objectives."""
    installed: dict[str, str] = {}
    for name in _COMMON:
        with suppress(PackageNotFoundError):
            installed[name] = version(name)
    for backend in backends:
        installed.update(adapters.get(backend).versions())
    return {"python": platform.python_version(), **dict(sorted(installed.items()))}


def machine() -> dict[str, str]:
    """The system, processor and cores, without the name of the machine or its user."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(os.cpu_count()),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())


def identity(problem: Problem) -> Identity:
    """The digests of a problem's objective."""
    objective: Any = problem.prepared.objective
    if type(objective).__module__.startswith(("crosstune.objectives.", "crosstune.adapters.")):
        parts: dict[str, Any] = objective.made_of()
        return identify(parts)
    return identify({"the objective": objective})


def differences(there: Identity, here: Identity) -> list[str]:
    """One clause per difference of two objectives, without values that they change themselves.

    >>> differences(Identity({"score": "0a", "load": "1"}), Identity({"score": "0b"}))
    ['load is gone', 'score has changed']
    """
    state = {*there.state, *here.state}
    clauses = []
    for name in sorted({*there.parts, *here.parts} - state):
        if name not in here.parts:
            if name not in here.unseen:
                clauses.append(f"{name} is gone")
        elif name not in there.parts:
            if name not in there.unseen:
                clauses.append(f"{name} is new")
        elif there.parts[name] != here.parts[name]:
            clauses.append(f"{name} has changed")
    return clauses


def agree_on_objectives(
    path: Path,
    before: Settings | None,
    now: Settings,
    *,
    accept: bool,
    used: Collection[str],
    failed: Collection[str],
) -> Settings:
    """Merge the objectives of `now` with those in a folder.

    Args:
        path: of the folder, for the message.
        before: the settings in the folder; None for a new one.
        now: the requested settings.
        accept: keep the results of an objective that has changed.
        used: names of the problems whose results would be kept.
        failed: names of the problems that have only failures to keep.

    Raises:
        RequestError: an objective has changed; the message lists the changes.
    """
    if before is None:
        return now
    there = {about.name: about.objective for about in before.problems}
    if any(objective is None for objective in there.values()):
        _logger.warning(
            "%s was begun by a version that did not note the objective, so it is unknown whether "
            "the objective has changed. It is noted now",
            path,
        )
    changed: list[str] = []
    hopeless = True
    abouts = []
    for about in now.problems:
        old, new = there.get(about.name), about.objective
        abouts.append(_with_state(about, old))
        if old is None or new is None:
            continue
        if about.name in {*used, *failed}:
            changes = differences(old, new)
            changed += (
                changes if len(now.problems) == 1 else [f"{about.name}: {f}" for f in changes]
            )
            hopeless = hopeless and not (changes and about.name in used)
        for name, why in new.unseen.items():
            _warn_once(f"{path}: it cannot be told whether {name} has changed: {why}")
    if changed and not accept:
        raise RequestError(_refusal(path, changed, hopeless=hopeless))
    return replace(now, problems=tuple(abouts))


@cache
def _warn_once(text: str) -> None:
    """Warn once, not in every round of a match."""
    _logger.warning(text)


def _with_state(about: About, old: Identity | None) -> About:
    if old is None or about.objective is None:
        return about
    return replace(about, objective=replace(about.objective, state=old.state))


def _refusal(path: Path, changed: list[str], *, hopeless: bool) -> str:
    listed = [*changed[:_SHOWN], *([f"and {len(changed) - _SHOWN} more"] * (len(changed) > _SHOWN))]
    lines = "\n  ".join(listed)
    if hopeless:
        return (
            f"{path} holds only failures, of another objective:\n  {lines}\n--retry-failed "
            "(retry_failed=True) repeats them with the objective as it is now"
        )
    return (
        f"{path} holds results of another objective, which cannot be compared with new ones:\n"
        f"  {lines}\nUse another folder (--out). If the change does not alter what is measured, "
        "--same-objective (same_objective=True) keeps the results"
    )


def with_state(settings: Settings, problems: Collection[Problem]) -> Settings:
    """The settings after a match, with the values that its objectives changed themselves."""
    after = {problem.name: identity(problem) for problem in problems}
    abouts = []
    for about in settings.problems:
        old, new = about.objective, after[about.name]
        if old is not None:
            names = {*old.parts, *new.parts}
            moved = {name for name in names if old.parts.get(name) != new.parts.get(name)}
            about = replace(
                about, objective=replace(old, state=tuple(sorted({*old.state, *moved})))
            )
        abouts.append(about)
    return replace(settings, problems=tuple(abouts))
