"""What a study keeps of the engine that searches it."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from crosstune.adapters.base import Adapter

RUNS = "crosstune:runs"
"""The study attribute that holds, a run: engine, seed, versions, and whether it is native."""


def run_record(
    adapter: Adapter,
    algorithm: str,
    options: Mapping[str, Any],
    seed: int | None,
    *,
    native: bool,
    notes: Iterable[str],
) -> dict[str, Any]:
    """What a study keeps of the engine that searches it."""
    libraries = ("crosstune", "optuna", adapter.distribution)
    return {
        "backend": adapter.name,
        "sampler": algorithm,
        "options": dict(options),
        "seed": seed,
        "native": native,
        "notes": list(notes),
        "versions": {
            "python": platform.python_version(),
            **{name: _version(name) for name in libraries},
            **adapter.versions(),
        },
    }


@cache
def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed as a package"
