"""What is missing, damaged or tampered with is not used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest

from crosstune import checkpoints
from crosstune.checkpoint_record import CHECKPOINTS
from crosstune.errors import RequestError
from tests.checkpoints.support import content, retry, warnings


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
    assert message.startswith("trial 1 goes on from the beginning, since it cannot use")
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


@pytest.mark.parametrize("field", ["artifact", "name"])
@pytest.mark.parametrize("lead", ["../secret", "/tmp/secret", "..", "a/../../secret", "..\\secret"])
def test_a_study_cannot_lead_out_of_the_folders(trial: optuna.Trial, field: str, lead: str) -> None:
    Path("secret").write_text("mine")
    checkpoints.save(trial, b"weights", step=1, store="store")
    record = trial.user_attrs[CHECKPOINTS]
    record["entries"][0][field] = lead
    record["discarded"] = [lead, str(Path("secret").absolute())]
    trial.set_user_attr(CHECKPOINTS, record)
    assert checkpoints.find(trial, store="store") is None
    checkpoints.save(trial, b"weights", step=2, store="store")
    checkpoints.remove(trial, store="store")
    assert Path("secret").read_text() == "mine"


@pytest.mark.parametrize("name", ["", "..", "a/b", "/a", "a\\b", "C:b", "a\0"])
def test_a_name_that_leads_elsewhere_is_refused(trial: optuna.Trial, name: str) -> None:
    with pytest.raises(RequestError, match="name is that of a file without folders"):
        checkpoints.save(trial, b"weights", step=1, name=name)
