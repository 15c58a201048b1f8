"""A trial that workers may report of."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Admitted:
    """A trial that is being evaluated, and what its latest attempt has said of it."""

    trial_id: int
    number: int
    given: Mapping[str, Any]
    """The system attributes that it began with."""
    runs_again: bool = False
    attempt: int | None = None
    attempts: int = 0
    reports: dict[int, float] = field(default_factory=dict)
    earlier: dict[int, float] = field(default_factory=dict)
    """What the attempts before have reported, by step."""
    kept: dict[str, Any] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    """Held while an attempt writes, so that nothing of it comes after the next has begun."""
