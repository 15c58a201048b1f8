"""The time that a search spends in the engine's own code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from crosstune.engines.base import Adapter


class EngineClock:
    """CPU seconds spent in an engine's own ask and tell.

    Where Optuna's sampler works on the ledger itself, that sampler is the engine.
    """

    ENGINE = ("ask", "tell", "replace", "insert")
    SAMPLER = (
        "before_trial",
        "infer_relative_search_space",
        "sample_relative",
        "sample_independent",
        "after_trial",
    )

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def on(self, adapter: Adapter) -> Iterator[None]:
        """Time every engine and every sampler that the adapter makes in here."""
        make_engine, make_sampler = adapter.engine, adapter.sampler

        def engine(*args: Any, **options: Any) -> Any:
            return self._watched(make_engine(*args, **options), self.ENGINE)

        def sampler(*args: Any, **options: Any) -> Any:
            return self._watched(make_sampler(*args, **options), self.SAMPLER)

        with patch.object(adapter, "engine", engine), patch.object(adapter, "sampler", sampler):
            yield

    def _watched(self, thing: Any, methods: Sequence[str]) -> Any:
        if thing is not None:
            for name in methods:
                setattr(thing, name, self._timed(getattr(thing, name)))
        return thing

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **options: Any) -> Any:
            before = time.process_time()
            try:
                return function(*args, **options)
            finally:
                self.seconds += time.process_time() - before

        return timed
