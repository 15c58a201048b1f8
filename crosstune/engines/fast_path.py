"""Whether a fast path may run: on the versions on which it was proved, unless it is switched off.

A fast path gives the same suggestions as a library's own code, bit for bit, in less time. Tests
prove this on the versions it names; on any other version the library's own code runs.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from crosstune.errors import SpecError

FAST = "fast"
"""The option of a sampler that has a fast path: false for the library's own code."""

_logger = logging.getLogger("crosstune")


def is_fast(label: str, options: Mapping[str, Any], proved: Mapping[str, Sequence[str]]) -> bool:
    """Whether the fast path of a sampler is to run.

    Args:
        label: the sampler, such as "hyperopt:tpe".
        options: the sampler's; they may include `fast`, true or false.
        proved: by distribution, the versions on which the fast path was proved, or their
            prefixes up to a dot.

    Raises:
        SpecError: `fast` is neither true nor false.
    """
    wanted = options.get(FAST, True)
    if not isinstance(wanted, bool):
        raise SpecError(f"{label} has fast: {wanted!r}. It is true or false; false switches it off")
    if not wanted:
        return False
    foreign = [
        f"{name} {_installed(name)} (proved on {', '.join(versions)})"
        for name, versions in proved.items()
        if not any(f"{_installed(name)}.".startswith(f"{prefix}.") for prefix in versions)
    ]
    if foreign:
        say_once(f"{label} runs without its fast path, with the same suggestions", *foreign)
    return not foreign


def _installed(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "of no known version"


@cache
def say_once(what: str, *reasons: str) -> None:
    """Log that the library's own code runs, once per process."""
    _logger.info("%s: %s", what, "; ".join(reasons))
