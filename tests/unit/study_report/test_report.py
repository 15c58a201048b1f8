"""The report of a study shows what is in the study."""

from __future__ import annotations

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

import optuna
import pytest

from crosstune.errors import RequestError
from crosstune.study_report import charts, facts
from crosstune.study_report.content import StudyContent, content_of
from crosstune.study_report.importance import importance_of
from crosstune.study_report.parallel_coordinates import parallel_coordinates
from crosstune.study_report.sections import headline, sections
from crosstune.study_report.write import page, write
from tests.unit.study_report.studies import plain_study, several_objectives


class Tags(HTMLParser):
    """Every tag, and that each is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def content() -> StudyContent:
    return content_of(plain_study(), "a.journal")


@pytest.fixture(scope="module")
def two() -> StudyContent:
    return content_of(several_objectives(), "a.db")


@pytest.fixture(scope="module", params=["plain", "several", "failed", "running"])
def html(request: pytest.FixtureRequest, content: StudyContent, two: StudyContent) -> str:
    if request.param == "failed":
        study = optuna.create_study(study_name="failed")
        study.tell(study.ask(), state=optuna.trial.TrialState.FAIL)
        shown = content_of(study, "memory")
    elif request.param == "running":
        study = optuna.create_study(study_name="running")
        study.ask().suggest_float("x", 0, 1)
        shown = content_of(study, "memory")
    else:
        shown = content if request.param == "plain" else two
    return page(shown, sections(shown))


def test_every_tag_is_closed_and_every_id_is_there_once(html: str) -> None:
    ids = [attrs["id"] for _, attrs in Tags(html).tags if attrs.get("id")]
    assert len(ids) == len(set(ids))
    links = re.findall(r'href="#([^"]*)"', html)
    assert links
    assert set(links) <= set(ids)


def test_nothing_is_loaded_and_no_script_runs(html: str) -> None:
    tags = Tags(html).tags
    assert not any(tag in ("script", "link", "img", "iframe") for tag, _ in tags)
    assert not any(name.startswith("on") or name == "src" for _, attrs in tags for name in attrs)
    policy = next(a["content"] for t, a in tags if a.get("http-equiv"))
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_names_of_users_are_text(content: StudyContent) -> None:
    html = page(content, sections(content))
    assert "<i>study</i>" not in html
    assert "plain &lt;i&gt;study&lt;/i&gt;" in html
    assert "<b>boom</b>" not in html


def test_every_table_has_a_caption_and_every_picture_its_words(html: str) -> None:
    tags = Tags(html).tags
    assert sum(tag == "table" for tag, _ in tags) == sum(tag == "caption" for tag, _ in tags)
    for tag, attrs in tags:
        if attrs.get("role") == "img":
            assert attrs.get("aria-label"), tag


def test_the_headline_has_the_best_value_and_its_trial(content: StudyContent) -> None:
    best = content.study.best_trial
    assert f"is {best.value:.6g}, by trial {best.number}" in headline(content)


def test_the_headline_of_several_objectives_counts_the_front(two: StudyContent) -> None:
    assert headline(two).startswith(f"two: {len(two.study.best_trials)} trials are on the front")


def test_the_line_of_the_history_ends_at_the_best_value(content: StudyContent) -> None:
    drawn = charts.history(content, 0)
    assert drawn is not None
    (line,) = [stroke for stroke in drawn.strokes if stroke.series == charts.BEST]
    ys = [y for _, y in line.points]
    assert ys == sorted(ys)  # downwards, as lower is better
    best = next(s for s in drawn.spots if s.words.startswith(f"trial {content.top[0].number}:"))
    assert line.points[-1][1] == pytest.approx(best.y)
    kinds = [spot.series for spot in drawn.spots]
    assert (kinds.count("complete"), kinds.count("pruned"), kinds.count("failed")) == (57, 2, 1)


def test_the_line_of_a_maximised_history_rises(two: StudyContent) -> None:
    drawn = charts.history(two, 1)
    assert drawn is not None
    (line,) = [stroke for stroke in drawn.strokes if stroke.series == charts.BEST]
    assert line.points[-1][1] < line.points[0][1]


def test_the_front_stands_out_and_is_optunas(two: StudyContent) -> None:
    drawn = charts.front(two)
    assert drawn is not None
    shown = {int(s.words.split(":")[0].split()[1]) for s in drawn.spots if s.series == charts.FRONT}
    assert shown == {trial.number for trial in two.study.best_trials}


def test_each_complete_trial_has_a_line_through_every_axis(content: StudyContent) -> None:
    drawn = parallel_coordinates(content, ["lr"])
    assert drawn is not None
    lines = [stroke for stroke in drawn.strokes if stroke.series]
    assert len(lines) == len(content.complete)
    assert {len(line.points) for line in lines} == {4}
    absent = max(y for line in lines for _, y in line.points)
    low = [line for line in lines if any(y == absent for _, y in line.points)]
    assert len(low) == sum("momentum" not in trial.params for trial in content.complete)


def test_the_best_tenth_stands_out(content: StudyContent) -> None:
    drawn = charts.learning_curves(content)
    assert drawn is not None
    lines = [stroke for stroke in drawn.strokes if stroke.series == charts.LEADING]
    assert len(lines) == 6  # of 57, rounded up
    assert all(line.words.startswith("trial ") for line in lines)


def test_the_importance_says_its_method_or_why_there_is_none(content: StudyContent) -> None:
    assert importance_of(content, 0).method == "PED-ANOVA"
    assert sum(importance_of(content, 0).shares.values()) == pytest.approx(1)
    few = content_of(plain_study(trials=15), "a")
    assert "12 complete trials; 20 are needed" in importance_of(few, 0).why


def test_the_table_of_trials_has_every_trial_and_no_value_that_was_not_there(
    content: StudyContent, tmp_path: Path
) -> None:
    write(content, None, tables=tmp_path)
    with (tmp_path / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["number"]) for row in rows] == list(range(60))
    for row, trial in zip(rows, content.trials, strict=True):
        assert float(row["params_lr"]) == trial.params["lr"]
        assert (row["params_momentum"] == "") == ("momentum" not in trial.params)
        if trial.values:
            assert float(row["value"]) == trial.values[0]


def test_the_space_counts_the_trials_of_a_conditional_parameter(content: StudyContent) -> None:
    rows = {row[0].text: [cell.text for cell in row] for row in facts.space(content).rows}
    assert rows["momentum"][-1] == "30 of 60"
    assert rows["lr"][1] == "float: 1e-05 to 0.1, log"


def test_failures_are_counted_by_their_error(content: StudyContent) -> None:
    table = facts.failures(content)
    assert table is not None
    assert [cell.text for cell in table.rows[0]] == ["ValueError: <b>boom</b>", "1", "5"]


def test_figures_and_tables_are_written_in_every_form(two: StudyContent, tmp_path: Path) -> None:
    write(two, tmp_path / "a.md", figures=tmp_path / "f", tables=tmp_path / "t")
    kinds = {"png": b"\x89PNG", "pdf": b"%PDF-", "svg": b"<?xml"}
    for kind, first in kinds.items():
        assert (tmp_path / "f" / f"front.{kind}").read_bytes().startswith(first)
    latex = (tmp_path / "t" / "space.tex").read_text()
    assert latex.count(r"\\") == 4  # the heads and three parameters
    assert r"\begin{tabular}{lllr}" in latex
    assert "| lr |" in (tmp_path / "t" / "space.md").read_text()
    assert "# two: " in (tmp_path / "a.md").read_text()


def test_a_report_is_html_or_markdown_and_replaces_no_study(
    content: StudyContent, tmp_path: Path
) -> None:
    with pytest.raises(RequestError, match=r"ends in \.html or \.md"):
        write(content, tmp_path / "a.journal")
    assert list(tmp_path.iterdir()) == []


def test_a_long_study_is_thinned_and_keeps_its_best_trials(
    content: StudyContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charts, "MOST_SPOTS", 10)
    drawn = charts.history(content, 0)
    assert drawn is not None
    shown = {int(spot.words.split(":")[0].split()[1]) for spot in drawn.spots}
    assert len(shown) < 20
    assert content.leading <= shown
    assert "one trial in 6 is shown" in drawn.title


def test_the_front_is_one_table_in_every_form(two: StudyContent, tmp_path: Path) -> None:
    write(two, None, tables=tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert "best.csv" in names
    assert "best-2.md" not in names
