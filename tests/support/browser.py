"""Chromium without a window, and the pictures of the documentation that it takes.

CROSSTUNE_PICTURES=1 pytest -n 0 -m slow tests/journeys    # take them anew
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(
    CHROMIUM is None and "CROSSTUNE_NEEDS_BROWSER" not in os.environ,
    reason="there is no Chromium: apt-get install chromium",
)
"""In CI, which sets the variable, a test without a browser fails."""

_IMAGES = Path(__file__).parents[2] / "docs" / "images"


@contextmanager
def browser(width: int = 1300, height: int = 800) -> Iterator[Any]:
    """An empty page."""
    assert CHROMIUM, "there is no Chromium"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        # A container has no user for Chromium's sandbox.
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened.new_page(viewport={"width": width, "height": height})
        opened.close()


def expect(locator: Any) -> Any:
    """Playwright's assertions about a locator, which wait until they hold."""
    from playwright import sync_api

    return sync_api.expect(locator)


def take_picture(page: Any, name: str, folder: Path) -> None:
    """Write a picture of the page, to `folder` or, where that is asked for, to docs/images."""
    taken = (_IMAGES if "CROSSTUNE_PICTURES" in os.environ else folder) / f"{name}.png"
    page.screenshot(path=taken)
    assert taken.stat().st_size > 20_000, "the picture is blank"
