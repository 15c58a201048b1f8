"""What an editor and a type checker see of the packages that import on first use."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import crosstune
import crosstune.callbacks
import crosstune.samplers

LAZY = [crosstune, crosstune.samplers, crosstune.callbacks]


@pytest.mark.parametrize("package", LAZY)
def test_dir_lists_every_public_name_without_importing_it(package: ModuleType) -> None:
    code = (
        f"import sys, {package.__name__} as package\n"
        "assert set(package.__all__) <= set(dir(package)), dir(package)\n"
        "assert 'optuna' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("package", LAZY)
def test_a_checker_reads_each_public_name_and_no_getattr(package: ModuleType) -> None:
    assert package.__file__ is not None
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    assert not [each for each in tree.body if getattr(each, "name", "") == "__getattr__"]
    seen = {
        alias.asname or alias.name
        for each in tree.body
        if isinstance(each, ast.If) and ast.unparse(each.test) == "TYPE_CHECKING"
        for imported in each.body
        if isinstance(imported, ast.ImportFrom)
        for alias in imported.names
    }
    assert seen == set(package.__all__)


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    for package in LAZY:
        with pytest.raises(AttributeError, match="has no attribute 'no_such'"):
            package.no_such  # noqa: B018


@pytest.mark.slow
def test_mypy_finds_a_typo_in_every_package(tmp_path: Path) -> None:
    lines = ["import crosstune", "import crosstune.callbacks", "import crosstune.samplers"]
    right = [f"{p.__name__}.{name}" for p in LAZY[:3] for name in p.__all__]
    wrong = ["crosstune.tun", "crosstune.samplers.GridSample", "crosstune.callbacks.Nothing"]
    file = tmp_path / "snippet.py"
    file.write_text("\n".join([*lines, *right, *wrong]) + "\n")
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file=", "--follow-imports=silent", str(file)],
        cwd=Path(crosstune.__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line for line in ran.stdout.splitlines() if "snippet.py" in line]
    assert len(found) == len(wrong), ran.stdout + ran.stderr
    assert all("attr-defined" in line for line in found)
