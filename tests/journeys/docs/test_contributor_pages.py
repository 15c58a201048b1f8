"""The pages for contributors name files and commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs" / "decisions").glob("*.md"))]
pytestmark = pytest.mark.skipif(not (ROOT / ".ci").exists(), reason="needs a checkout")

FOLDERS = ("adapters", "samplers", "callbacks", "benchmarks", "crosstune", "tests", "docs", ".ci")
NAME = re.compile(rf"(?<![\w./<])(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*\w/?(?!<)")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    names = NAME.findall(page.read_text())
    assert [name for name in names if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_decision_is_in_the_index() -> None:
    [index] = [page for page in PAGES if page.name == "README.md"]
    decisions = {page.name for page in index.parent.glob("*.md")} - {"README.md"}
    assert set(LINK.findall(index.read_text())) == decisions
