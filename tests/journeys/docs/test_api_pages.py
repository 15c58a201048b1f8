"""Every public name of crosstune and of the folders beside it is on a page of the interface."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def api() -> ModuleType:
    """The module of docs/ that names what is on each page."""
    spec = importlib.util.spec_from_file_location("docs_api", ROOT / "docs" / "generate" / "api.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where a dataclass looks for its annotations
    spec.loader.exec_module(module)
    return module


def test_every_public_name_is_on_a_page(api: ModuleType) -> None:
    public = api.public_names()
    assert {"crosstune.tune", "crosstune.callbacks.TorchPruningCallback"} <= public
    assert public - api.documented_names() == set()


@pytest.mark.slow
def test_every_name_on_a_page_exists_and_says_what_it_is(api: ModuleType) -> None:
    for name in api.documented_names():
        module, _, attribute = name.rpartition(".")
        value = getattr(importlib.import_module(module), attribute)
        assert not callable(value) or inspect.getdoc(value), name
