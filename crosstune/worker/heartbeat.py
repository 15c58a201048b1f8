"""Signs of life of a worker, by which the others know that its trial is not lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from optuna.storages import RDBStorage
from optuna.trial import Trial

from crosstune import _optuna
from crosstune.errors import RunError
from crosstune.worker.database import steadily


class Heartbeat:
    """Writes that a trial is being evaluated.

    Args:
        database: of the study, with its interval in seconds.
        place: what to call it, without a password.
    """

    def __init__(self, database: RDBStorage, place: str):
        self._database = database
        self._place = place

    def beat(self, trial: Trial) -> None:
        """Give one sign of life."""
        trial_id = _optuna.trial_id(trial)
        steadily(lambda: self._database.record_heartbeat(trial_id), self._place)

    @contextmanager
    def beating(self, trial: Trial) -> Iterator[None]:
        """Give signs of life in the block."""
        over = threading.Event()
        interval = self._database.get_heartbeat_interval()

        def beat() -> None:
            with suppress(RunError):  # the server is away for too long: the trial's end says so
                while not over.wait(interval):
                    self.beat(trial)

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
