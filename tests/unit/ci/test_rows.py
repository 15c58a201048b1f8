"""Every module stands in a row of the house, or is a face, so that no file escapes the rules."""

from __future__ import annotations

import sys
from pathlib import Path

import grimp
import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.skipif(
    not (ROOT / "adapters").is_dir(), reason="the rows are those of a checkout"
)


def test_every_module_stands_in_a_row_or_is_a_face() -> None:
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {c["name"]: c for c in configured["tool"]["importlinter"]["contracts"]}
    layers = contracts["Each folder imports from the rows below its own"]["layers"]
    rows = [name.strip() for layer in layers for name in layer.replace("|", ":").split(":")]
    faces = contracts["Nobody imports the faces"]["protected_modules"]
    outside = [
        module
        for module in grimp.build_graph("crosstune", cache_dir=None).modules
        if module not in faces
        and not any(module == row or module.startswith(f"{row}.") for row in rows)
    ]
    assert outside == []


def test_no_contract_ignores_an_import() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "ignore_imports" not in text
    assert "exclude_type_checking_imports" not in text
