"""`.ci/lint.py` sees each check fail, and the hooks of pre-commit run the same checks."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[3]
TOOL = ROOT / ".ci" / "lint.py"
pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="needs a checkout")


@pytest.fixture
def lint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The tool, on an empty tree."""
    spec = importlib.util.spec_from_file_location("lint", TOOL)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "adapters").mkdir()
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return module


def check(lint: ModuleType, code: str) -> None:
    """Put a check that runs `code` in place of the others."""
    lint.CHECKS = {
        "ruff": lint.Check((sys.executable, "-c", code), (lint.in_folder("fault = 1\n"),))
    }


def test_a_check_that_finds_its_fault_and_nothing_else_passes(lint: ModuleType) -> None:
    check(lint, "import pathlib, sys; sys.exit(list(pathlib.Path('adapters').glob('*')) or 0)")
    assert lint.main(["--seeded"]) == 0


@pytest.mark.parametrize("code", ["", "import sys; sys.exit('another fault')"])
def test_a_check_that_does_not_find_its_fault_fails(
    lint: ModuleType, code: str, capfd: pytest.CaptureFixture[str]
) -> None:
    check(lint, code)
    assert lint.main(["--seeded"]) == 1
    assert "ruff does not report a fault in adapters/" in capfd.readouterr().err
    assert not list((lint.ROOT / "adapters").iterdir())


def test_a_check_that_fails_is_named(lint: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    check(lint, "raise SystemExit(2)")
    assert lint.main([]) == 1
    assert "failed: ruff" in capfd.readouterr().err


def test_the_hooks_of_pre_commit_are_the_same_checks(lint: ModuleType) -> None:
    [repo] = YAML(typ="safe").load(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repo["repo"] == "local"
    assert [hook["args"] for hook in repo["hooks"]] == [[name] for name in lint.CHECKS]
    assert not [hook["id"] for hook in repo["hooks"] if "stages" in hook]
