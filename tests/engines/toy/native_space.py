"""Boards that users have made, as spaces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from crosstune.errors import Unsupported
from crosstune.space.parameters import Float, Scalar
from crosstune.space.verdicts import Verdict
from crosstune.spec.foreign_space import NativeSpace
from tests.engines.toy.library import Board, Range


class ToySpace(NativeSpace):
    """A board whose lines are ranges."""

    library: ClassVar[str] = "toy"
    dialect: ClassVar[str] = "toy"

    def __init__(self, native: Board, source: str | None = None):
        items = {}
        for name, line in native.draws.items():
            if not isinstance(line, Range):
                raise Unsupported(f"{name!r} is {line!r}, and only a Range can be read")
            items[name] = Float(line.low, line.high)
        super().__init__(native, items, {name: Verdict.of(0.0) for name in items}, source)

    def call(
        self,
        fn: Callable[..., Any],
        params: Mapping[str, Scalar],
        trial: int,
        aside: Mapping[str, Any] | None = None,
    ) -> Any:
        """What a function of a point returns."""
        return fn(dict(params))
