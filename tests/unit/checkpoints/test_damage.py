"""What is missing, damaged or tampered with is not used."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import optuna
import pytest

from crosstune import checkpoints
from crosstune.engines.record_names import CHECKPOINTS
from crosstune.errors import RequestError
from tests.unit.checkpoints.support import Memory, content, retry, warnings


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda path: path.unlink(), "it is not in the store"),
        (lambda path: path.write_bytes(b"weightS"), "it is damaged"),
        (lambda path: path.write_bytes(b"weig"), "it is damaged"),
        (lambda path: (path.unlink(), path.mkdir()), "it cannot be read: Is a directory"),
    ],
)
def test_a_checkpoint_that_is_not_as_it_was_saved_is_none_with_one_warning(
    trial: optuna.Trial,
    harm: Callable[[Path], object],
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    checkpoints.save(trial, b"weights", step=1, store="store")
    (path,) = Path("store").iterdir()
    harm(path)
    again = retry(trial)
    assert checkpoints.find(again, store="store") is None
    (message,) = warnings(caplog)
    assert message.startswith("trial 1 continues from the beginning, since it cannot use")
    assert f"trial 0: {said}" in message


@pytest.mark.parametrize(
    "record",
    [
        "nonsense",
        {"entries": [{"artifact": "x"}]},
        {"entries": [7]},
        {"entries": None},
        {"entries": [], "discarded": 7},
    ],
)
def test_a_damaged_record_is_no_checkpoint(trial: optuna.Trial, record: Any) -> None:
    trial.set_user_attr(CHECKPOINTS, record)
    assert checkpoints.find(trial) is None
    assert checkpoints.save(trial, b"weights", step=1)
    assert content(checkpoints.find(trial)) == b"weights"


@pytest.mark.parametrize(
    ("field", "value"), [("step", "1"), ("trial", None), ("params", 7), ("more", 1)]
)
def test_an_entry_that_crosstune_would_not_write_is_no_checkpoint(
    trial: optuna.Trial, field: str, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoints.save(trial, b"weights", step=1)
    record = trial.user_attrs[CHECKPOINTS]
    record["entries"][0][field] = value
    trial.set_user_attr(CHECKPOINTS, record)
    assert checkpoints.find(trial) is None
    assert "what the study says of it is damaged" in warnings(caplog)[0]


class Asked(Memory):
    """A store that checks no ids, as that of a bucket may be, and notes what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def open_reader(self, artifact_id: str) -> BinaryIO:
        self.asked.append(artifact_id)
        return super().open_reader(artifact_id)

    def remove(self, artifact_id: str) -> None:
        self.asked.append(artifact_id)
        super().remove(artifact_id)


LEADS = [
    "../crosstune-secret",
    "/tmp/crosstune-secret",
    "..",
    "a/../../secret",
    "..\\secret",
    "secret",
]


@pytest.mark.parametrize("lead", LEADS)
def test_no_id_but_a_uuid_comes_to_a_store(trial: optuna.Trial, lead: str) -> None:
    store = Asked()
    checkpoints.save(trial, b"weights", step=1, store=store)
    record = trial.user_attrs[CHECKPOINTS]
    record["entries"][0]["artifact"] = lead
    record["discarded"] = [lead]
    trial.set_user_attr(CHECKPOINTS, record)
    assert checkpoints.find(trial, store=store) is None
    checkpoints.save(trial, b"weights", step=2, store=store)
    assert content(checkpoints.find(trial, store=store)) == b"weights"
    checkpoints.remove(trial, store=store)
    assert store.asked
    assert lead not in store.asked


@pytest.mark.parametrize("lead", LEADS[:-1])
def test_no_copy_is_written_out_of_its_folder(trial: optuna.Trial, lead: str) -> None:
    checkpoints.save(trial, b"weights", step=1)
    record = trial.user_attrs[CHECKPOINTS]
    record["entries"][0]["name"] = lead
    trial.set_user_attr(CHECKPOINTS, record)
    assert checkpoints.find(trial) is None
    assert not Path(tempfile.gettempdir(), "crosstune-secret").exists()


@pytest.mark.parametrize("name", ["", "..", "a/b", "/a", "a\\b", "C:b", "a\0"])
def test_a_name_that_leads_elsewhere_is_refused(trial: optuna.Trial, name: str) -> None:
    with pytest.raises(RequestError, match="name is that of a file without folders"):
        checkpoints.save(trial, b"weights", step=1, name=name)
