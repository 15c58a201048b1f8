"""A person opens the report of a study: offline, in light, in dark, on a phone, in print."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

from crosstune.cli.main import main
from tests.support.browser import browser, expect, needs_browser
from tests.unit.study_report.studies import journal, plain_study, several_objectives, trial

pytestmark = [pytest.mark.slow, needs_browser]
LOOKS = {"light": 1280, "dark": 1280, "phone": 390}
"""The width of the window by its look; the phone is dark."""
HOSTILE = "<img src=x onerror=alert(1)>"


def hostile_study(place: Path) -> None:
    """A study whose names and texts are HTML."""
    study = optuna.create_study(storage=journal(place), study_name=HOSTILE)
    study.set_metric_names([HOSTILE])
    study.add_trials([trial(number) for number in range(8)])
    study.add_trial(
        optuna.trial.create_trial(
            value=1.0,
            params={HOSTILE: "<b>", "a\u202eb": 0.5},
            distributions={
                HOSTILE: optuna.distributions.CategoricalDistribution(["<b>", "c"]),
                "a\u202eb": optuna.distributions.FloatDistribution(0, 1),
            },
        )
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of each study by its name, made by the command."""
    folder = tmp_path_factory.mktemp("pages")
    plain_study(journal(folder / "plain.journal"))
    several_objectives(journal(folder / "front.journal"))
    plain_study(journal(folder / "short.journal"), trials=2)
    hostile_study(folder / "hostile.journal")
    running = plain_study(journal(folder / "running.journal"))
    running.ask()
    made = {}
    for place in sorted(folder.glob("*.journal")):
        made[place.stem] = place.with_suffix(".html")
        with pytest.raises(SystemExit) as ended:
            main(["report", str(place), "--out", str(made[place.stem])])
        assert ended.value.code == 0
    return made


@pytest.fixture(scope="module")
def window() -> Iterator[Any]:
    """A page of Chromium without a network."""
    with browser() as page:
        page.context.set_offline(True)
        yield page


def opened(window: Any, page: Path, look: str = "light") -> list[str]:
    """Open a page; returns the list that collects messages, errors, dialogs and requests."""
    said: list[str] = []
    window.set_viewport_size({"width": LOOKS[look], "height": 900})
    colours = "light" if look == "light" else "dark"
    window.emulate_media(color_scheme=colours, media="screen", reduced_motion="reduce")
    window.on("console", lambda message: said.append(f"console: {message.text}"))
    window.on("pageerror", lambda error: said.append(f"error: {error}"))
    window.on("dialog", lambda dialog: (said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    window.on("request", lambda request: said.append(f"request: {request.url}"))
    window.goto(page.as_uri())
    said.remove(f"request: {page.as_uri()}")
    return said


def unfold(window: Any) -> None:
    """Open every folded part."""
    window.evaluate("document.querySelectorAll('details').forEach(node => { node.open = true })")


NAMES = ["plain", "front", "short", "hostile", "running"]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_accessible_and_fits_the_window(
    window: Any, pages: dict[str, Path], name: str, look: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    said = opened(window, pages[name], look)
    unfold(window)
    assert window.evaluate("document.documentElement.scrollWidth") <= LOOKS[look]
    # The page's own policy allows no script, so axe is run as a browser extension would.
    results = Axe().run(window)
    assert results.violations_count == 0, results.generate_report()
    assert said == []


def test_the_first_screen_has_the_best_value_and_its_trial(
    window: Any, pages: dict[str, Path]
) -> None:
    opened(window, pages["plain"])
    expect(window.locator("h1")).to_contain_text("the best value of 60 finished trials is")
    assert window.locator("h1").bounding_box()["y"] < 300


def test_pointing_at_a_dot_reads_its_trial(window: Any, pages: dict[str, Path]) -> None:
    opened(window, pages["plain"])
    words = [title.text_content() for title in window.locator("svg title").all()]
    assert any("trial 5" in text for text in words)


def test_names_with_html_are_text(window: Any, pages: dict[str, Path]) -> None:
    said = opened(window, pages["hostile"])
    unfold(window)
    expect(window.locator("img[onerror]")).to_have_count(0)
    expect(window.locator("h1")).to_contain_text(HOSTILE)
    assert said == []


def test_a_running_study_is_said_to_run(window: Any, pages: dict[str, Path]) -> None:
    opened(window, pages["running"])
    expect(window.locator("body")).to_contain_text("This study may be running: 1 trial had begun")


@pytest.mark.parametrize("name", ["plain", "front"])
def test_it_prints_in_black_on_white(
    window: Any, pages: dict[str, Path], name: str, tmp_path: Path
) -> None:
    opened(window, pages[name], "dark")
    window.pdf(path=tmp_path / "page.pdf", format="A4")
    window.emulate_media(media="print")
    expect(window.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    assert (tmp_path / "page.pdf").read_bytes()[:5] == b"%PDF-"
