"""`crosstune doctor` says what is wrong, and how to install what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crosstune.cli import doctor
from crosstune.engines import registry
from crosstune.errors import MissingLibrary
from crosstune.system import folder_checks, installation

REQUIRED = [
    "optuna>=1",
    "numpy>=1000",
    "no-such-library>=2",
    'click>=1; extra == "whole"',
    'no-such-part; extra == "lacking"',
    'hyperopt; extra == "dev"',
    'tomli; python_version < "3" and extra == "whole"',
]


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "requires", lambda _: REQUIRED)

    class Toy:
        distribution = "optuna"

    def get(name: str) -> Any:
        if name == "away":
            raise MissingLibrary("the away backend needs away: pip install away")
        if name == "broken":
            raise RuntimeError("bad build")
        return Toy

    monkeypatch.setattr(registry, "names", lambda: ["toy", "away", "broken"])
    monkeypatch.setattr(registry, "get", get)


def test_what_is_needed_and_does_not_fit_is_a_fault(tmp_path: Path) -> None:
    facts = doctor.examined(tmp_path)
    assert [fault for fault in facts["faults"] if "numpy" in fault or "no-such" in fault] == [
        f"numpy is {facts['needed']['numpy']}, and >=1000 is needed",
        "no-such-library is missing",
    ]


def test_a_missing_extra_is_no_fault_and_has_its_command(tmp_path: Path) -> None:
    facts = doctor.examined(tmp_path)
    assert facts["extras"]["whole"]["installed"]
    assert list(facts["extras"]["whole"]["versions"]) == ["click"]
    assert facts["extras"]["lacking"]["faults"] == ["no-such-part is missing"]
    assert facts["install"] == 'pip install "crosstune[lacking]"'
    assert not any("no-such-part" in fault for fault in facts["faults"])
    assert "dev" not in facts["extras"]


def test_an_engine_is_there_missing_or_broken(tmp_path: Path) -> None:
    facts = doctor.examined(tmp_path)
    assert facts["engines"]["toy"]["version"]
    assert "pip install away" in facts["engines"]["away"]["missing"]
    assert "broken: cannot be imported: RuntimeError: bad build" in facts["faults"]
    assert not any(fault.startswith("away") for fault in facts["faults"])


def test_a_folder_is_tried_and_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = doctor.examined(tmp_path / "runs")["folder"]
    assert (works["writable"], works["links"], works["locks"]) == (True, True, True)
    assert list(tmp_path.iterdir()) == []

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    monkeypatch.setattr(folder_checks, "fcntl", None)
    facts = doctor.examined(tmp_path)
    assert facts["folder"]["links"] is False
    assert any("no journal can be kept there" in fault for fault in facts["faults"])


def test_each_line_fits_80_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = "\n".join(doctor._lines(doctor.examined(Path("runs")))).splitlines()
    assert max(len(line) for line in lines if not line.startswith(("fault", "to install"))) <= 80
    assert "  away           the away backend needs away: pip install away" in lines
