"""The takeover of `play`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crosstune.takeover.choice import ScriptEngine
from tests.engines.toy import library


def take_over(make: Callable[[], ScriptEngine]) -> None:
    """Say in place of every search by what it would be driven."""

    def driven(*_: Any, **__: Any) -> None:
        make().say("play is taken over")

    library.play = driven
