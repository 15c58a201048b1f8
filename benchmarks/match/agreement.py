"""The settings of a match, and whether they agree with those of a folder."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from crosstune.benchmarks.match.results import About, Settings
from crosstune.benchmarks.match.same_objective import identity
from crosstune.benchmarks.problems.base import Problem
from crosstune.engines import registry as adapters
from crosstune.errors import RequestError
from crosstune.terminal.urls import without_secrets

_COMMON = ("crosstune", "keras", "numpy", "optuna", "scikit-learn", "scipy", "torch")


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
        *_differing("", _fixed(before), _fixed(now)),
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
            f"{path} holds another match. Use another folder, or ask for the same:\n  "
            + "\n  ".join(differing)
        )
    return replace(
        now,
        seeds=max(before.seeds, now.seeds),
        versions={**there, **here},
        looks=before.looks,
        rounds=now.rounds or before.rounds,
    )


def _fixed(settings: Settings) -> dict[str, Any]:
    return {"first": settings.first, "workers": settings.workers}


def _by_name(settings: Settings) -> dict[str, Any]:
    """The problems without their objectives, which `same_objective` compares.

    A folder of an earlier version has the URLs with their secrets.
    """
    return {
        about.name: without_secrets(asdict(replace(about, objective=None)))
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
