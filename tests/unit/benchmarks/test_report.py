"""What the report says is what the statistics say: as text, on the terminal and as CSV."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from crosstune.benchmarks.match.results import MatchRun, Results
from crosstune.benchmarks.report import markdown, terminal, write_report
from crosstune.benchmarks.statistics.precision import between, half
from crosstune.benchmarks.statistics.verdicts import Summary
from crosstune.errors import RequestError
from crosstune.presentation.numbers import NONE, rounded
from tests.unit.benchmarks import report_data as data

Match = tuple[Results, Summary]


@pytest.fixture(scope="module")
def match() -> Match:
    held = data.one_problem(seeds=5, trials=25)
    return held, data.summary(held)


@pytest.fixture(scope="module")
def hostile() -> Match:
    held = data.hostile()
    return held, data.summary(held)


@pytest.fixture(scope="module")
def folder(match: Match, tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("report")
    assert write_report(*match, where) == where / "report.html"
    return where


def printed(match: Match, width: int = 200) -> str:
    console = Console(file=io.StringIO(), width=width)
    terminal(*match, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_sections_come_in_the_order_of_reading(match: Match) -> None:
    heads = re.findall(r"^## (.*)$", markdown(*match), re.MULTILINE)
    assert heads == [
        "The best so far",
        "Standings",
        "Pair by pair: accuracy on unseen data",
        "Pair by pair: accuracy",
        "Tuned and unseen",
        "Best settings",
        "Which parameters mattered",
        "What suggestions cost",
        "Failures",
        "Notes",
        "How to reproduce it",
    ]


def test_the_verdict_in_a_sentence_is_on_top_and_is_the_one_on_unseen_data(match: Match) -> None:
    _, summary = match
    assert summary.verdict.unseen
    sentence = summary.verdict.sentence
    assert markdown(*match).splitlines()[2] == f"**{sentence}**"
    assert printed(match).splitlines()[0].strip() == sentence


@pytest.mark.parametrize("form", ["markdown", "terminal"])
def test_each_pair_stands_with_its_figures_in_the_table_of_pairs(match: Match, form: str) -> None:
    text = markdown(*match) if form == "markdown" else printed(match)
    for ranking in match[1].rankings:
        for pair in ranking.pairs:
            wanted = [
                pair.a,
                pair.b,
                pair.verdict,
                rounded(pair.advantage, half(pair.interval)),
                between(pair.interval),
                f"{100 * pair.wins:.0f} %",
            ]
            found = [
                line
                for line in text.splitlines()
                if f" {pair.n} " in line and all(f" {each} " in line for each in wanted)
            ]
            assert len(found) == 1, (wanted, found)


@pytest.mark.parametrize("form", ["markdown", "terminal"])
def test_each_standing_stands_once_in_the_table_of_standings(match: Match, form: str) -> None:
    text = markdown(*match) if form == "markdown" else printed(match)
    for each in match[1].standings:
        assert each.test is not None
        assert each.gap is not None
        wanted = [
            each.contender,
            rounded(each.score, half(each.interval)),
            between(each.interval),
            rounded(each.test, half(each.test_interval)),
            f"{each.regret:.2f}",
            f"{each.area:.2f}",
            f"{each.rank:.1f}",
            f"0 of {each.runs}",
            f"{each.failed_trials} of {each.trials}",
        ]
        lines = [x for x in text.splitlines() if all(f" {each} " in x for each in wanted)]
        assert len(lines) == 1, wanted


def test_the_csv_files_hold_the_figures_in_full(match: Match, folder: Path) -> None:
    _, summary = match
    standings = rows(folder / "tables" / "standings.csv")
    assert [row["contender"] for row in standings] == [x.contender for x in summary.standings]
    for row, each in zip(standings, summary.standings, strict=True):
        assert float(row["score"]) == each.score
        assert each.interval is not None
        assert (float(row["score_low"]), float(row["score_high"])) == (
            each.interval.low,
            each.interval.high,
        )
        assert float(row["gap"]) == each.gap
        assert int(row["trials"]) == each.trials
    pairs = rows(folder / "tables" / "pairs-unseen.csv")
    assert [(row["contender"], row["other"], float(row["advantage"])) for row in pairs] == [
        (pair.a, pair.b, pair.advantage) for pair in summary.verdict.pairs
    ]


def test_the_csv_of_the_curves_holds_every_point(match: Match, folder: Path) -> None:
    _, summary = match
    found = rows(folder / "tables" / "curves.csv")
    curve = summary.curves["digits"]["hyperopt:tpe"]["seconds"]
    mine = [r for r in found if (r["contender"], r["axis"]) == ("hyperopt:tpe", "seconds")]
    assert [float(row["budget"]) for row in mine] == curve.budget.tolist()
    assert [row["mean"] for row in mine] == [repr(x) if x == x else "" for x in curve.mean.tolist()]
    assert len(found) == 3 * 2 * 25


def test_the_best_settings_are_those_of_the_best_trial_of_all_seeds(
    match: Match, folder: Path
) -> None:
    results, _ = match
    every = [
        (each.value, seed, each)
        for (_, contender, seed), run in results.runs.items()
        if contender == "optuna:tpe"
        for each in run.evaluations
        if each.state == "complete" and each.value is not None
    ]
    value, seed, best = max(every, key=lambda found: found[0])
    found = [
        row
        for row in rows(folder / "tables" / "best-settings.csv")
        if row["contender"] == "optuna:tpe"
    ]
    assert {row["parameter"]: row["setting"] for row in found} == {
        name: str(held) for name, held in best.params.items()
    }
    assert {(int(row["seed"]), int(row["trial"]), float(row["value"])) for row in found} == {
        (seed, best.number, value)
    }


def test_every_figure_is_written_as_png_svg_and_pdf(folder: Path) -> None:
    names = {path.name for path in (folder / "figures").iterdir()}
    for name in ("curves-digits", "standings", "pairs", "pairs-unseen", "gap-digits", "cost"):
        assert {f"{name}.png", f"{name}.svg", f"{name}.pdf"} <= names
    assert (folder / "figures" / "cost.png").read_bytes()[:4] == b"\x89PNG"
    assert (folder / "figures" / "cost.pdf").read_bytes()[:5] == b"%PDF-"
    text = (folder / "report.md").read_text()
    linked = re.findall(r"\]\((figures/[^)]*)\)", text)
    assert len(linked) == len(names) / 3
    assert all((folder / path).is_file() for path in linked)


def test_a_report_is_the_same_each_time(match: Match, folder: Path, tmp_path: Path) -> None:
    write_report(*match, tmp_path)
    for path in folder.rglob("*.*"):
        assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes(), path


def test_failures_are_counted_by_their_error(hostile: Match) -> None:
    results, _ = hostile
    failed = [e for run in results.runs.values() for e in run.evaluations if e.state == "failed"]
    text = printed(hostile)
    lines = [x for x in text.splitlines() if "ValueError: <b>loss</b> is NaN" in x]
    assert sum(int(re.search(r"trial +│ +(\d+) ", x)[1]) for x in lines) == len(failed)  # type: ignore[index]


def test_a_failed_run_is_named_with_its_error_and_seed(match: Match) -> None:
    results, summary = match
    runs = {**results.runs, ("digits", "optuna:tpe", 3): MatchRun((), "failed", "the disk is full")}
    text = markdown(replace(results, runs=runs), summary)
    assert "| optuna:tpe | digits | run | 1 | 3 | the disk is full |" in text


def test_a_contender_without_a_complete_trial_is_shown_with_dashes(match: Match) -> None:
    results, summary = match
    runs = {
        key: MatchRun((), "failed", "no luck") if key[1] == "optuna:tpe" else run
        for key, run in results.runs.items()
    }
    none = float("nan")
    broken = replace(
        summary.standings[0], contender="optuna:tpe", score=none, interval=None, test=None,
        test_interval=None, gap=None, regret=None, area=None, rank=none, failed=5,
    )  # fmt: skip
    others = [each for each in summary.standings if each.contender != "optuna:tpe"]
    text = markdown(replace(results, runs=runs), replace(summary, standings=(*others, broken)))
    row = next(x for x in text.splitlines() if x.startswith("| optuna:tpe") and "5 of 5" in x)
    assert row.count(f"| {NONE} ") == 8
    assert f"| lr | float 1e-05 to 0.1, log | {NONE} |" in text


@pytest.mark.usefixtures("undrawn")
def test_one_seed_gives_no_interval(tmp_path: Path) -> None:
    held = data.one_problem(seeds=1, trials=10)
    match = held, data.summary(held)
    write_report(*match, tmp_path)
    text = markdown(*match)
    assert " to 0." not in text.split("## Best settings")[0]
    assert "One seed has no band." in text
    assert "seeds | 0 |" in text


def test_importance_says_why_there_is_none() -> None:
    few = data.one_problem(seeds=1, trials=10)
    why = r"none for .*optuna:tpe.*: \d+ complete trials; 50 are needed"
    assert re.search(why, markdown(few, data.summary(few)))
    flat = data.results([data.about("flat")], data.THREE, seeds=3, flat=True)
    assert "every trial has the same value" in markdown(flat, data.summary(flat))


@pytest.mark.optuna5  # 4 leaves out conditional parameters
def test_importance_names_the_parameter_that_decides(match: Match, folder: Path) -> None:
    found = rows(folder / "tables" / "importance.csv")
    assert len(found) == 3 * 5
    for contender in data.THREE:
        mine = {
            r["parameter"]: float(r["importance"]) for r in found if r["contender"] == contender
        }
        assert sum(mine.values()) == pytest.approx(1)
    # The last is random search, which looks everywhere.
    assert max(mine, key=lambda name: mine[name]) == "lr"


def test_how_to_reproduce_it_holds_the_command_and_the_spec(match: Match) -> None:
    text = markdown(*match)
    assert match[0].settings.command in text
    assert "lr: {type: float, low: 1e-05, high: 0.1, log: true}" in text
    assert "| optuna | 5.0.0 |" in text


def test_a_name_that_is_markdown_is_shown_as_text(hostile: Match) -> None:
    text = markdown(*hostile)
    outside = re.sub(r"(?s)```.*?```", "", text)
    assert "<" not in outside
    assert "\\`" in outside
    tables = [line for line in outside.splitlines() if line.startswith("|")]
    assert tables
    for line in tables:
        assert len(re.findall(r"(?<!\\)\|", line)) >= 3


def test_names_steer_no_terminal() -> None:
    contenders = {"a\x1b]0;title\x07": (0.5, 0.1), "[red]b": (0.0, 0.0)}
    held = data.results([data.about("\x1b[2J")], contenders, seeds=2, trials=5)
    text = printed((held, data.summary(held)))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert re.search(r"│ \[red\]b +│", text)


@pytest.mark.usefixtures("undrawn")
def test_names_leave_no_folder_and_run_no_formula(hostile: Match, tmp_path: Path) -> None:
    write_report(*hostile, tmp_path / "a" / "b")
    inside = {p for p in tmp_path.rglob("*") if p.is_file()}
    assert all((tmp_path / "a" / "b") in path.parents for path in inside)
    found = rows(tmp_path / "a" / "b" / "tables" / "standings.csv")
    assert f"'{data.FORMULA}" in [row["contender"] for row in found]
    for path in (tmp_path / "a" / "b" / "tables").glob("*.csv"):
        for line in csv.reader(io.StringIO(path.read_text())):
            assert not any(re.match(r"[=+@]|-[^\d.]", cell) for cell in line), (path, line)


@pytest.mark.usefixtures("undrawn")
def test_problems_of_one_slug_keep_their_own_figures(tmp_path: Path) -> None:
    problems = [data.about("a/b"), data.about("a-b"), data.about("A-b")]
    held = data.results(problems, data.THREE, seeds=2, trials=5)
    write_report(held, data.summary(held), tmp_path)
    names = {p.name.lower() for p in (tmp_path / "figures").glob("curves-*.png")}
    assert len(names) == 3


def test_a_folder_that_cannot_be_written_is_said(match: Match, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RequestError, match=r"file.* cannot be written: "):
        write_report(*match, tmp_path / "file" / "report")
