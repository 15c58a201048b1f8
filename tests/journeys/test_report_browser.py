"""A person opens the report without a network, on a desk and on a phone, and prints it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.report import write_report
from crosstune.benchmarks.report.page import SYMBOLS
from crosstune.benchmarks.statistics.summary import summarize
from crosstune.benchmarks.statistics.verdicts import Summary
from tests.support.browser import browser, expect, needs_browser, take_picture
from tests.unit.benchmarks import report_data as data

pytestmark = [pytest.mark.slow, needs_browser]
DESK, PHONE = (1280, 900), (390, 844)
SIZES = [DESK, PHONE]
Shown = tuple[Results, Summary, Path]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Shown]:
    """Reports by name: the match, what is said of it, the page."""
    folder = tmp_path_factory.mktemp("reports")
    matches = {
        "one": data.one_problem(),
        "several": data.several_problems(seeds=8, trials=40),
        "hostile": data.hostile(),
        "seed": data.one_problem(seeds=1, trials=10),
        "flat": data.results([data.about("flat")], data.THREE, seeds=3, trials=10, flat=True),
    }
    held = {}
    for name, results in matches.items():
        summary = data.summary(results)
        held[name] = results, summary, write_report(results, summary, folder / name)
    return held


@contextmanager
def opened(path: Path, size: tuple[int, int] = DESK, scheme: str = "light") -> Iterator[Any]:
    """The page without a network; a message, an error, a dialog or a request fails the test."""
    said: list[str] = []
    with browser(*size) as page:
        page.context.set_offline(True)
        page.emulate_media(color_scheme=scheme)
        page.on("console", lambda message: said.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on(
            "dialog", lambda dialog: (said.append(f"dialog: {dialog.message}"), dialog.dismiss())
        )
        page.on("request", lambda request: said.append(f"request: {request.url}"))
        page.goto(path.as_uri())
        page.locator("body > footer").wait_for()
        said.remove(f"request: {path.as_uri()}")
        yield page
        page.wait_for_timeout(100)
        assert said == []


def curves(page: Any) -> Any:
    """The curves of all charts."""
    return page.locator(".chart path.line")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["one", "several", "hostile", "seed", "flat"])
def test_it_opens_without_network_and_says_the_verdict(
    shown: dict[str, Shown], name: str, size: tuple[int, int]
) -> None:
    results, summary, path = shown[name]
    with opened(path, size) as page:
        expect(page.locator("h1")).to_have_text(summary.verdict.sentence)
        rows = page.locator(".card tbody tr")
        pairs = summary.verdict.of_leader
        expect(rows).to_have_count(len(pairs))
        for i, pair in enumerate(pairs):
            expect(rows.nth(i)).to_contain_text(f"{SYMBOLS[pair.verdict]} {pair.verdict}")
            expect(rows.nth(i)).to_contain_text(pair.b)
        count = len(results.settings.problems) * len(results.settings.contenders)
        expect(curves(page)).to_have_count(count)
        expect(page.locator(".chart path.band")).to_have_count(0 if name == "seed" else count)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["one", "several", "hostile"])
def test_it_never_scrolls_sideways(
    shown: dict[str, Shown], name: str, size: tuple[int, int]
) -> None:
    with opened(shown[name][2], size) as page:
        for details in page.locator("details").all():
            details.evaluate("node => { node.open = true }")
        widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert widths[0] <= widths[1]
        page.mouse.wheel(300, 0)
        assert page.evaluate("window.scrollX") == 0


def test_a_table_that_is_too_wide_scrolls_in_its_own_box(shown: dict[str, Shown]) -> None:
    with opened(shown["several"][2], PHONE) as page:
        box = page.locator("#standings .scroll").first
        assert box.evaluate("node => node.scrollWidth > node.clientWidth")
        box.evaluate("node => { node.scrollLeft = 100 }")
        expect(box).to_have_js_property("scrollLeft", 100)


@pytest.mark.parametrize("size", SIZES)
def test_a_contender_is_hidden_and_shown_again(
    shown: dict[str, Shown], size: tuple[int, int]
) -> None:
    with opened(shown["several"][2], size) as page:
        button = page.get_by_role("button", name="hyperopt:tpe")
        before = curves(page).count()
        button.click()
        expect(button).to_have_attribute("aria-pressed", "false")
        expect(curves(page)).to_have_count(before - 6)
        expect(page.locator(".chart path.line.k2")).to_have_count(0)
        button.click()
        expect(curves(page)).to_have_count(before)


def test_the_axis_switches_between_trials_and_seconds(shown: dict[str, Shown]) -> None:
    with opened(shown["one"][2]) as page:
        first = page.locator(".chart path.line").first
        over_trials = first.get_attribute("d")
        page.get_by_role("button", name="seconds", exact=True).click()
        expect(curves(page)).to_have_count(3)
        expect(first).not_to_have_attribute("d", over_trials)
        label = re.compile("^Best accuracy on digits by seconds: ")
        expect(page.locator(".chart > svg")).to_have_attribute("aria-label", label)
        page.get_by_role("button", name="trials", exact=True).click()
        expect(first).to_have_attribute("d", over_trials)


@pytest.mark.parametrize(
    "switch", ["log budget", "show the start", "log distance to the best known"]
)
def test_the_scales_switch_and_back(shown: dict[str, Shown], switch: str) -> None:
    with opened(shown["one"][2]) as page:
        first = page.locator(".chart path.line").first
        before = first.get_attribute("d")
        page.get_by_label(switch).check()
        expect(first).not_to_have_attribute("d", before)
        expect(curves(page)).to_have_count(3)
        caption = expect(page.locator(".chart figcaption"))
        if "distance" in switch:
            caption.to_contain_text("distance to the best known")
        else:
            caption.not_to_contain_text("distance to the best known")
        changed = first.get_attribute("d")
        assert "NaN" not in changed
        assert "Infinity" not in changed
        page.get_by_label(switch).uncheck()
        expect(first).to_have_attribute("d", before)


def test_pointing_at_a_curve_says_its_values(shown: dict[str, Shown]) -> None:
    _, summary, path = shown["one"]
    with opened(path) as page:
        chart = page.locator(".chart > svg")
        chart.hover(position={"x": chart.bounding_box()["width"] - 20, "y": 100})
        tip = page.locator(".tip")
        expect(tip).to_contain_text("49 trials")
        for name, axes in summary.curves["digits"].items():
            mean = axes["trials"].mean[48]
            expect(tip).to_contain_text(name)
            expect(tip).to_contain_text(
                page.evaluate("v => String(Number(v.toPrecision(4)))", float(f"{mean:.6g}"))
            )
        chart.focus()
        page.keyboard.press("ArrowLeft")
        expect(tip).to_contain_text("48 trials")
        page.keyboard.press("Escape")
        expect(tip).to_be_hidden()


def test_names_with_html_are_text(shown: dict[str, Shown]) -> None:
    results, _, path = shown["hostile"]
    with opened(path) as page:
        expect(page.locator("img")).to_have_count(0)
        expect(page.locator(".names button")).to_have_text(list(results.settings.contenders))
        chart = page.locator(".chart > svg")
        # It may stand below the window's edge, where a pointer meets nothing: `hover` scrolls.
        chart.hover(position={"x": chart.bounding_box()["width"] / 2, "y": 50})
        for name in results.settings.contenders:
            expect(page.locator(".tip")).to_contain_text(name)
        assert page.locator("#standings tbody").first.inner_text().count(data.HTML) == 1


def test_a_script_that_gets_into_the_page_does_not_run(shown: dict[str, Shown]) -> None:
    """The page's policy is the second lock; the first, escaping, is tested above."""
    _, _, path = shown["one"]
    broken = path.with_name("broken.html")
    text = path.read_text().replace("<footer>", "<script>alert(3)</script><footer>")
    broken.write_text(text.replace("<footer>", "<img src=x onerror=alert(4)><footer>"))
    with browser() as page:
        dialogs: list[str] = []
        said: list[str] = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda message: said.append(message.text))
        page.goto(broken.as_uri())
        page.locator("body > footer").wait_for()
        expect(curves(page)).to_have_count(3)
        until = time.monotonic() + 5
        while sum("Content Security Policy" in text for text in said) < 2:
            assert time.monotonic() < until, said
            page.wait_for_timeout(50)
        assert dialogs == []


def test_text_can_be_read_on_light_and_on_dark(shown: dict[str, Shown]) -> None:
    contrast = """node => {
        const parse = (c) => c.match(/[\\d.]+/g).slice(0, 3).map(Number);
        const light = (c) => parse(c).map((v) => v / 255)
            .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
        const a = light(getComputedStyle(node).color);
        let under = node;
        while (/rgba\\(.*, 0\\)/.test(getComputedStyle(under).backgroundColor))
            under = under.parentElement;
        const b = light(getComputedStyle(under).backgroundColor);
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }"""
    for scheme in ("light", "dark"):
        with opened(shown["one"][2], scheme=scheme) as page:
            for what in (
                "h1",
                ".reading",
                "nav a",
                "td",
                "thead th",
                ".chip",
                ".matrix small",
                "pre",
            ):
                for node in page.locator(what).all():
                    assert node.evaluate(contrast) >= 4.5, (scheme, what)


@pytest.mark.parametrize("name", ["one", "several"])
def test_it_prints(shown: dict[str, Shown], name: str, tmp_path: Path) -> None:
    with opened(shown[name][2], scheme="dark") as page:
        page.pdf(path=tmp_path / "report.pdf", format="A4")
        page.emulate_media(media="print")
        expect(page.locator("nav")).to_be_hidden()
        expect(page.locator(".controls")).to_be_hidden()
        expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    pdf = (tmp_path / "report.pdf").read_bytes()
    assert pdf[:5] == b"%PDF-"
    assert len(pdf) > 30_000


def test_the_pictures_of_the_documentation(shown: dict[str, Shown], tmp_path: Path) -> None:
    for name in ("one", "several"):
        results = shown[name][0]
        write_report(results, summarize(results), tmp_path / name)
    one, several = (tmp_path / name / "report.html" for name in ("one", "several"))
    with opened(one, (1280, 1160)) as page:
        page.wait_for_timeout(300)
        take_picture(page, "report-top", tmp_path)
    with opened(several) as page:
        page.locator("#pairs").evaluate("node => node.scrollIntoView({behavior: 'instant'})")
        page.wait_for_timeout(300)
        take_picture(page, "report-pairs", tmp_path)
    with opened(one, PHONE) as page:
        page.wait_for_timeout(300)
        take_picture(page, "report-phone", tmp_path)
    with opened(several, (1280, 1160), scheme="dark") as page:
        page.wait_for_timeout(300)
        take_picture(page, "report-dark", tmp_path)
