"""The site is complete, opens without a server, and is accessible in light, dark and on a phone.

.venv-dev/bin/pip install -e '.[docs]'
pytest -n 0 -m slow tests/journeys/docs/test_site.py

`CROSSTUNE_SITE` names a folder with a site that was built before, as in CI. `CROSSTUNE_PICTURES`
names a folder for screenshots.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import browser, expect, needs_browser

pytest.importorskip("sphinx")
pytest.importorskip("axe_playwright_python")

ROOT = Path(__file__).parents[3]
PAGES = ["index", "first-study", "support", "generated/api-tune", "benchmarks"]
LOOKS = {"light": 1300, "dark": 1300, "phone": 390}
"""The width of the window by its look; the phone is dark."""
HEAVIEST = 4_000_000
"""Maximum number of bytes that a page loads."""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not (ROOT / ".ci").exists(), reason="checkout")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site, built strictly."""
    if "CROSSTUNE_SITE" in os.environ:
        return Path(os.environ["CROSSTUNE_SITE"])
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "-q", "docs", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def window() -> Iterator[Any]:
    """A page of Chromium."""
    with browser() as page:
        yield page


def inventory(site: Path) -> set[str]:
    """The Python objects that the site describes."""
    data = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    lines = zlib.decompress(data).decode().splitlines()
    return {line.split()[0] for line in lines if line.split()[1].startswith("py:")}


def test_every_public_name_of_the_faces_has_an_entry(site: Path) -> None:
    from importlib import import_module
    from types import ModuleType

    faces = [import_module(f"crosstune{x}") for x in ("", ".adapters", ".callbacks", ".samplers")]
    public = {
        f"{face.__name__}.{name}"
        for face in faces
        for name in face.__all__
        if not isinstance(getattr(face, name), ModuleType)
    }
    assert len(public) > 30
    assert public - inventory(site) == set()


def opened(window: Any, site: Path, name: str, look: str) -> list[int]:
    """Open a page as a plain file; returns the list that collects the size of what it loads."""
    sizes: list[int] = []
    window.set_viewport_size({"width": LOOKS[look], "height": 900})
    colours = "light" if look == "light" else "dark"
    window.emulate_media(color_scheme=colours, reduced_motion="reduce")  # so no colour is half way

    def loaded(request: Any) -> None:
        assert request.url.startswith(("file:", "data:")), request.url
        if request.url.startswith("file:"):
            sizes.append(Path(request.url.removeprefix("file://").split("?")[0]).stat().st_size)

    window.on("requestfinished", loaded)
    window.goto((site / f"{name}.html").as_uri())
    window.remove_listener("requestfinished", loaded)
    return sizes


@needs_browser
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_light(window: Any, site: Path, name: str, look: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    sizes = opened(window, site, name, look)
    assert window.evaluate("document.documentElement.dataset.theme") == look.replace(
        "phone", "dark"
    )
    width = window.evaluate("document.documentElement.scrollWidth")
    assert width <= LOOKS[look], "the page is wider than the window"
    print(f"{name}, {look}: {len(sizes)} files, {sum(sizes) / 1e3:.0f} kB")
    if "CROSSTUNE_PICTURES" in os.environ:
        folder = Path(os.environ["CROSSTUNE_PICTURES"])
        window.screenshot(path=folder / f"site-{name.replace('/', '-')}-{look}.png")
    results = Axe().run(window)
    assert results.violations_count == 0, results.generate_report()
    assert sum(sizes) < HEAVIEST


@needs_browser
def test_the_search_works_without_a_server(window: Any, site: Path) -> None:
    opened(window, site, "search", "light")
    window.goto((site / "search.html").as_uri() + "?q=TorchPruningCallback")
    found = window.locator("#search-results a", has_text="Pruning")
    expect(found.first).to_be_visible()
