"""Objectives of a match that leave processes and threads behind."""

from __future__ import annotations

import os
from typing import Any

from tests.unit.parallel import families

FOLDER = "CROSSTUNE_TEST_FOLDER"


def dies(params: dict[str, Any]) -> float:
    """The process of the run is killed."""
    families.die_with_family(os.environ[FOLDER])
    return 0.0


def leaves_a_thread(params: dict[str, Any]) -> float:
    """Python waits for it at its end."""
    families.leave_a_thread()
    return float(params["x"])


def hangs(params: dict[str, Any]) -> float:
    """Until the match is ended."""
    families.hang_with_family(os.environ[FOLDER])
    return 0.0
