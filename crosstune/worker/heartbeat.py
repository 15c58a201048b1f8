"""Signs of life of a worker, so that the others do not take its trial for lost."""

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
    """Writes signs of life for a trial that is being evaluated.

    Args:
        database: of the study, with its interval in seconds.
        place: a name of it without a password.
    """

    def __init__(self, database: RDBStorage, place: str):
        self._database = database
        self._place = place

    def beat(self, trial: Trial) -> None:
        """Write one sign of life."""
        trial_id = _optuna.trial_id(trial)
        steadily(lambda: self._database.record_heartbeat(trial_id), self._place)

    @contextmanager
    def beating(self, trial: Trial) -> Iterator[None]:
        """Write signs of life during the block."""
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
