"""A person who opens TensorBoard in a browser finds the studies.

python -m tests.test_tensorboard_browser    # take the pictures of docs/tensorboard.md anew
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.tensorboard_server import ENGINES, SPEC, server, tune_all

IMAGES = Path(__file__).parents[1] / "docs" / "images"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]


@contextmanager
def browser() -> Iterator[Any]:
    """An empty page."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        # A container has no user for Chromium's sandbox.
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened.new_page(viewport={"width": 1300, "height": 800})
        opened.close()


def open_hparams(page: Any, address: str) -> None:
    """The HParams tab, once it shows a trial."""
    page.goto(f"{address}#hparams")
    page.get_by_text("Trial ID", exact=True).wait_for()
    page.get_by_text("/trial-00000").first.wait_for()


def open_curves(page: Any, address: str, tags: str) -> None:
    """The Time Series tab with the curves whose tags match."""
    page.goto("about:blank")
    page.goto(f"{address}?tagFilter={tags}#timeseries")
    page.locator("scalar-card").first.wait_for()
    page.locator("scalar-card line-chart").first.wait_for()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log_dir = tmp_path_factory.mktemp("logs")
    tune_all(log_dir)
    with server(log_dir) as found:
        yield found


def test_the_hparams_tab_shows_parameters_and_metrics_of_every_engine(address: str) -> None:
    with browser() as page:
        open_hparams(page, address)
        for name in (*SPEC["space"], "accuracy", "reports/accuracy", "metrics/loss"):  # type: ignore[misc]
            assert page.get_by_text(name, exact=True).first.is_visible(), name
        for folder in ENGINES.values():
            assert page.get_by_text(f"{folder}/trial-00000", exact=True).count() == 1
        assert page.get_by_text("None", exact=True).count() > 1  # a value, beside the filter


def test_the_scalars_show_curves_of_every_engine(address: str) -> None:
    with browser() as page:
        for tag in ("reports/accuracy", "best/accuracy", "trials/per_hour"):
            open_curves(page, address, tag)
            shown = page.locator("scalar-card .tag").all_inner_texts()
            assert [title.replace("\n", "") for title in shown] == [tag]
        runs = page.locator("body").inner_text()
        for folder in ENGINES.values():
            assert f"{folder}/study" in runs


def take_pictures() -> None:
    """Write the pictures of the documentation."""
    IMAGES.mkdir(exist_ok=True)
    log_dir = Path(tempfile.mkdtemp())
    tune_all(log_dir)
    with server(log_dir) as address, browser() as page:
        open_hparams(page, address)
        page.wait_for_timeout(1000)
        page.screenshot(path=IMAGES / "tensorboard-hparams.png")
        open_curves(page, address, "reports/|best/")
        page.wait_for_timeout(2000)
        page.screenshot(path=IMAGES / "tensorboard-curves.png")


if __name__ == "__main__":
    take_pictures()
