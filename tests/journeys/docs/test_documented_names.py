"""Every public name that README and docs show can be imported, now and as 0.1.0 showed it."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.slow import slow_but_first

ROOT = Path(__file__).parents[3]
FIRST = ROOT / "tests" / "fixtures" / "first" / "public_names.txt"
"""The names that the pages of version 0.1.0 showed, one in a line."""

ARCHITECTURE = ROOT / "docs" / "architecture.md"
ENTRY_POINTS = ("crosstune.backends", "crosstune.rows")

SHIPPED = tuple(f"crosstune.benchmarks.{name}" for name in ("problems", "report", "statistics"))

_IMPORT = re.compile(
    r"^\s*from (crosstune(?:\.\w+)*) import (\([^)]*\)|[^\n#]+)"
    r"|^\s*import (crosstune(?:\.\w+)*)\s*$",
    re.M,
)
_DOTTED = re.compile(r"(?<![\w./@-])crosstune(?:\.[A-Za-z_]\w*)+")
_FILE_ENDINGS = {"json", "yaml", "toml", "py", "md", "pth", "journal", "db"}


def documented_names(text: str) -> Iterator[str]:
    """The dotted names in a page, research commands aside."""
    for module, imported, whole in _IMPORT.findall(text):
        if whole:
            yield whole
        for name in re.findall(r"(\w+)(?: as \w+)?\s*(?:,|$)", imported.strip("() \n")):
            yield f"{module}.{name}"
    for dotted in _DOTTED.findall(text):
        if dotted.rpartition(".")[2] not in _FILE_ENDINGS and dotted not in ENTRY_POINTS:
            yield dotted


def pages() -> list[Path]:
    """The pages for users; the others name files, which may move."""
    return [ROOT / "README.md", *sorted(set((ROOT / "docs").glob("*.md")) - {ARCHITECTURE})]


def is_research(name: str) -> bool:
    return name.startswith("crosstune.benchmarks.") and not name.startswith(SHIPPED)


def resolve(name: str) -> object:
    """Import a dotted name: modules as far as they go, attributes after them."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            value: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError as error:
            if not f"{name}.".startswith(f"{error.name}."):
                raise
            continue
        for part in parts[length:]:
            value = getattr(value, part)
        return value
    raise ModuleNotFoundError(name)


def documented_now() -> set[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in pages())
    return {name for name in documented_names(text) if not is_research(name)}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", sorted(documented_now() | set(FIRST.read_text().split())))
def test_a_documented_name_can_be_imported(name: str) -> None:
    assert resolve(name) is not None


def test_a_name_that_is_not_there_is_found() -> None:
    text = "from crosstune import tune, tun\nand `crosstune.adapters.base.Adapter`"
    assert sorted(documented_names(text)) == [
        "crosstune.adapters.base.Adapter",
        "crosstune.tun",
        "crosstune.tune",
    ]
    with pytest.raises(AttributeError, match="tun"):
        resolve("crosstune.tun")


NAMES = sorted({name.split(".")[1] for name in FIRST.read_text().split() if "." in name})
NEEDS_KERAS = ["KerasTuner"]


@pytest.mark.parametrize(
    "names",
    slow_but_first([[name for name in NAMES if name not in NEEDS_KERAS], NEEDS_KERAS]),
    ids=["without Keras", "with Keras"],
)
def test_import_crosstune_alone_gives_each_documented_module(names: list[str]) -> None:
    code = f"import crosstune\nfor name in {names}:\n    getattr(crosstune, name)"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
