"""What the tests of checkpoints share."""

from __future__ import annotations

import io
from typing import BinaryIO

import optuna
import pytest
from optuna.artifacts.exceptions import ArtifactNotFound
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState

from crosstune import Float, checkpoints

X = {"x": FloatDistribution(0.0, 1.0)}
SPACE = {"x": Float(0.0, 1.0)}
Retry = (
    getattr(optuna.storages, "RetryHeartbeatStaleTrialCallback", None)
    or optuna.storages.RetryFailedTrialCallback
)


def retry(trial: optuna.Trial) -> optuna.Trial:
    """What Optuna does with a trial whose process was killed."""
    study = trial.study
    study.tell(trial.number, state=TrialState.FAIL)
    Retry()(study, study.trials[trial.number])
    return study.ask(X)


def content(found: checkpoints.Checkpoint | None) -> bytes | None:
    return None if found is None else found.path.read_bytes()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "crosstune"]


class Memory:
    """The least that an artifact store has to be."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def open_reader(self, artifact_id: str) -> BinaryIO:
        if artifact_id not in self.held:
            raise ArtifactNotFound(artifact_id)
        return io.BytesIO(self.held[artifact_id])

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        self.held[artifact_id] = content_body.read()

    def remove(self, artifact_id: str) -> None:
        del self.held[artifact_id]
