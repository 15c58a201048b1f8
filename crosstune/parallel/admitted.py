"""A trial that workers may write to."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Admitted:
    """A trial that is being evaluated, with the reports and attributes of its latest attempt."""

    trial_id: int
    number: int
    first_attrs: Mapping[str, Any]
    """Its system attributes when it was admitted."""
    runs_again: bool = False
    attempt: int | None = None
    attempts: int = 0
    reports: dict[int, float] = field(default_factory=dict)
    earlier: dict[int, float] = field(default_factory=dict)
    """The reports of the attempts before, by step."""
    new_attrs: dict[str, Any] = field(default_factory=dict)
    """The system attributes that the latest attempt wrote."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    """Held while an attempt writes, so that none of its writes follow the start of the next."""
