"""The page is one file that asks nothing of anybody, whatever the names in it are."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.report.page import page
from crosstune.benchmarks.report.sections import sections
from tests.unit.benchmarks import report_data as data

VOID = {"meta", "link", "img", "br", "hr", "input", "rect", "line", "polyline"}


class Reader(HTMLParser):
    """Tags with their attributes, the text, and what each script holds."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, text: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append((self.tags[-1][1], text))
        elif self.open and self.open[-1] != "style":
            self.text.append(text)


def written(held: Results) -> str:
    summary = data.summary(held)
    return page(held, summary, sections(held, summary))


@pytest.fixture(scope="module", params=["one", "several", "hostile", "seed", "flat"])
def html(request: pytest.FixtureRequest) -> str:
    held = {
        "one": lambda: data.one_problem(seeds=3, trials=10),
        "several": lambda: data.several_problems(seeds=2, trials=12),
        "hostile": data.hostile,
        "seed": lambda: data.one_problem(seeds=1, trials=10),
        "flat": lambda: data.results([data.about("flat")], data.THREE, seeds=3, flat=True),
    }[request.param]()
    return written(held)


@pytest.fixture(scope="module")
def hostile() -> str:
    held = data.hostile()
    return written(held)


def test_every_tag_is_closed_and_every_id_is_there_once(html: str) -> None:
    ids = [attrs["id"] for _, attrs in Reader(html).tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_links_lead_to_sections_of_the_page(html: str) -> None:
    tags = Reader(html).tags
    ids = {attrs.get("id") for _, attrs in tags}
    links = [attrs["href"] for tag, attrs in tags if tag == "a"]
    assert len(links) > 8
    assert all(link and link[0] == "#" and link[1:] in ids for link in links)


def test_nothing_is_loaded(html: str) -> None:
    for tag, attrs in Reader(html).tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form")
        assert not {"src", "srcset", "action", "xlink:href", "background"} & set(attrs), tag
    style = "".join(re.findall(r"(?s)<style>(.*?)</style>", html))
    assert "@import" not in style
    assert "url(" not in style
    script = Reader(html).scripts[-1][1]
    assert not re.search(r"fetch|XMLHttpRequest|WebSocket|import\(|innerHTML|eval", script)
    addresses = set(re.findall(r"https?://[^\s\"'<]*", html))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name, which nobody loads


def test_only_the_page_s_own_script_may_run_and_nothing_may_be_loaded(html: str) -> None:
    reader = Reader(html)
    policy = next(
        attrs["content"] or ""
        for tag, attrs in reader.tags
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    )
    running = [text for attrs, text in reader.scripts if "type" not in attrs]
    assert len(running) == 1
    digest = base64.b64encode(hashlib.sha256(running[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_no_tag_has_a_handler(html: str) -> None:
    for tag, attrs in Reader(html).tags:
        assert not [name for name in attrs if name.startswith("on")], tag


def test_names_are_text(hostile: str) -> None:
    reader = Reader(hostile)
    assert "img" not in {tag for tag, _ in reader.tags}
    text = "".join(reader.text)
    for name in (data.HTML, data.SCRIPT, data.FORMULA):
        assert name in text
    assert len(reader.scripts) == 2


def test_the_script_s_data_hold_every_curve(hostile: str) -> None:
    held = data.hostile()
    summary = data.summary(held)
    attrs, text = Reader(hostile).scripts[0]
    assert attrs["type"] == "application/json"
    assert "<" not in text
    found = json.loads(text)
    assert [each["name"] for each in found["contenders"]] == list(held.settings.contenders)
    (problem,) = found["problems"]
    for axis in ("trials", "seconds"):
        for line in problem["lines"][axis]:
            name = held.settings.contenders[line["c"]]
            curve = summary.curves[held.settings.problems[0].name][name][axis]
            for key, values in (("x", curve.budget), ("m", curve.mean), ("l", curve.low)):
                kept = [float("nan") if value is None else value for value in line[key]]
                assert kept == pytest.approx(values.tolist(), rel=1e-5, nan_ok=True)


def test_every_table_has_a_caption_and_heads_and_every_picture_its_words(html: str) -> None:
    tags = Reader(html).tags
    names = [tag for tag, _ in tags]
    assert names.count("table") == names.count("caption") == names.count("thead")
    pictures = [attrs for _, attrs in tags if attrs.get("role") == "img"]
    assert pictures
    assert all(attrs.get("aria-label") for attrs in pictures)
    heads = [int(tag[1]) for tag in names if re.fullmatch(r"h\d", tag)]
    assert heads[0] == 1
    assert heads.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(heads))
