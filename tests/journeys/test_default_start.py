"""`start: defaults` and `--start defaults` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.journeys.test_cli import Workplace

SPACE = "space:\n  x: {type: float, low: -1, high: 1}\n  y: {type: int, low: 1, high: 9}\n"
NARROW = SPACE.replace("high: 9", "high: 3")
LEFT_OUT = "start: defaults: 'y' is left out: its default 7 is not in the range of this int"


@pytest.fixture
def at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Workplace:
    """A folder for specs, in which the command line runs."""
    monkeypatch.chdir(tmp_path)
    return Workplace(tmp_path, capsys)


@pytest.mark.parametrize("rest", ["start: defaults\n", "start: [defaults, {x: 0.5}]\n"])
def test_run_evaluates_the_default_values_first(at: Workplace, rest: str) -> None:
    ran = at("run", at.spec("by_name", SPACE + rest))
    assert ran.status == 0
    assert "start: defaults: x = 0.25, y = 7, from by_name()" in ran.err.splitlines()
    assert at.study().trials[0].params == {"x": 0.25, "y": 7}


def test_the_option_replaces_the_spec_s_start_points(at: Workplace) -> None:
    spec = at.spec("by_name", SPACE + "start: [{x: 0.5, y: 1}]\n")
    at("run", spec, "--start", "defaults", "--backend", "hyperopt")
    first, second = at.study("spec-hyperopt-tpe.journal").trials[:2]
    assert first.params == {"x": 0.25, "y": 7}
    assert second.params["x"] != 0.5


def test_what_is_left_out_is_said_once(at: Workplace, caplog: pytest.LogCaptureFixture) -> None:
    ran = at("run", at.spec("by_name", NARROW), "--start", "defaults")
    assert caplog.text.count(LEFT_OUT) == 1
    assert "start: defaults: x = 0.25, from by_name()" in ran.err
    again = at("run", "spec.yaml", "--start", "defaults", "--resume", "-n", "7")
    assert "defaults" not in again.err
    assert caplog.text.count(LEFT_OUT) == 1
    assert [t.params["x"] == 0.25 for t in at.study().trials] == [True] + [False] * 6


def test_a_wrong_word_is_a_bad_request(at: Workplace) -> None:
    ran = at("run", at.spec("by_name", SPACE), "--start", "default")
    assert ran.status == 2
    assert ran.err.splitlines() == [
        "crosstune: start: no start point 'default'. Known: defaults. Did you mean 'defaults'?"
    ]
    assert not at.journals
    assert at("run", "spec.yaml", "--start", "").status == 2


def test_check_shows_the_default_trial(at: Workplace) -> None:
    shown = at("check", at.spec("by_name", NARROW + "start: defaults\n"), "-b", "optuna")
    assert shown.status == 0
    assert "start: defaults: x = 0.25, from by_name()" in shown.out
    assert LEFT_OUT in shown.out
    plain = json.loads(at("check", "spec.yaml", "-b", "optuna", "--json").out)
    assert plain["defaults"] == {
        "of": "by_name()",
        "params": {"x": 0.25},
        "skipped": {"y": "its default 7 is not in the range of this int (low: 1, high: 3)"},
    }


def test_check_says_why_there_is_none(at: Workplace) -> None:
    shown = at("check", at.spec("good", SPACE + "start: defaults\n"), "-b", "optuna")
    assert shown.status == 0
    assert "start: defaults: good() has no default value to start with" in shown.out


def test_check_imports_no_objective_unless_it_is_needed(at: Workplace) -> None:
    shown = at("check", at.spec("no_such_function", SPACE), "-b", "optuna")
    assert (shown.status, "no_such_function" in shown.out) == (0, False)
    assert "defaults" not in json.loads(at("check", "spec.yaml", "-b", "optuna", "--json").out)


def test_compare_gives_it_to_all_contenders(at: Workplace) -> None:
    pytest.importorskip("scipy")
    match = ("--contenders", "optuna:tpe,hyperopt:tpe", "--seeds", "2", "-n", "2", "--out", "m")
    ran = at("compare", at.spec("by_name", SPACE), "--start", "defaults", *match)
    assert ran.status == 0
    runs = list((at.folder / "m" / "runs").rglob("*.jsonl"))
    firsts = [json.loads(path.read_text().splitlines()[0])["params"] for path in runs]
    assert firsts == [{"x": 0.25, "y": 7}] * 4
