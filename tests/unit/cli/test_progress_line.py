"""The live line fits the terminal, and says how much is left."""

from __future__ import annotations

import io
import time

import optuna
import pytest
from rich.console import Console
from rich.progress import Progress

from crosstune.cli import progress_line
from crosstune.cli.console import LiveLine
from crosstune.cli.progress_line import Pace, fitted_progress, left


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time on the clock of the live line, which a test may set."""
    time_now = [100.0]
    monkeypatch.setattr(progress_line.time, "monotonic", lambda: time_now[0])
    return time_now


def line(width: int, words: str, *, total: int | None = 30) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    progress = fitted_progress(console, "trials")
    ends = time.monotonic() + 95
    task = progress.add_task("", total=total, completed=12, words=words, ends=ends)
    (column,) = progress.columns
    return column(progress.tasks[task]).plain  # type: ignore[union-attr, return-value, operator]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
@pytest.mark.parametrize("words", ["", "best accuracy 0.975", "best " + "a" * 300 + " 0.975"])
def test_the_line_is_never_wider_than_the_terminal(width: int, words: str) -> None:
    assert len(line(width, words)) < max(width, 40)


def test_at_80_columns_all_of_a_usual_line_is_there() -> None:
    text = line(80, "best accuracy 0.975, 2 pruned, 1 failed")
    assert "12/30 trials best accuracy 0.975, 2 pruned, 1 failed about 1 min 35 s left" in text


def test_a_wide_terminal_has_a_bar_and_no_budget_has_none() -> None:
    assert line(120, "best loss 1").startswith("━" * 24 + " 12/30")
    assert line(120, "best loss 1", total=None).startswith("12 trials best loss 1")


def test_the_time_left_is_by_the_pace_and_not_beyond_the_limit(
    now: list[float],
) -> None:
    free, limited = Pace(30, done=10), Pace(30, done=10, seconds=50)
    assert free.ends(10) is None
    now[0] += 20
    assert free.ends(14) == pytest.approx(120 + 80)
    assert limited.ends(14) == pytest.approx(150)
    assert left(free.ends(14)) == "about 1 min 20 s left"
    assert Pace(None).ends(5) is None


def test_without_a_terminal_a_long_run_says_the_time_left_at_each_quarter(
    now: list[float],
) -> None:
    said = io.StringIO()
    study = optuna.create_study()
    with LiveLine(Console(file=said, width=80), ["loss"], 8, 0) as shown:
        for i in range(8):
            now[0] += 10
            study.tell(study.ask(), 5.0)
            shown(study, study.trials[i])
    assert said.getvalue().splitlines() == [
        "trial 0 of 8: loss 5",
        "2 of 8 trials, best loss 5, about 1 min 0 s left",
        "4 of 8 trials, best loss 5, about 40 s left",
        "6 of 8 trials, best loss 5, about 20 s left",
    ]


def test_a_resumed_study_repeats_neither_its_best_value_nor_a_quarter_that_was_passed(
    now: list[float],
) -> None:
    said = io.StringIO()
    study = optuna.create_study()
    for value in (1.0, 5.0, 5.0):
        study.tell(study.ask(), value)
    with LiveLine(Console(file=said, width=80), ["loss"], 8, 3, best=1.0) as shown:
        for value in (5.0, 0.5):
            now[0] += 10
            study.tell(study.ask(), value)
            shown(study, study.trials[-1])
    assert said.getvalue().splitlines() == [
        "4 of 8 trials, best loss 1, about 40 s left",
        "trial 4 of 8: loss 0.5",
    ]


def test_verbose_has_a_line_for_each_trial_with_its_parameters() -> None:
    said = io.StringIO()
    study = optuna.create_study()
    with LiveLine(Console(file=said, width=40), ["loss"], None, 0, verbose=True) as shown:
        for value in (1.0, None):
            trial = study.ask()
            trial.suggest_float("x", 0.5, 0.5)
            study.tell(trial, value, state=None if value else optuna.trial.TrialState.FAIL)
            shown(study, study.trials[-1])
    first, second = said.getvalue().splitlines()
    assert first.startswith("trial 0: 1 in ")
    assert first.endswith("(x 0.5)")
    assert second.startswith("trial 1: failed in ")


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    assert isinstance(fitted_progress(console, "trials"), Progress)
    assert not progress_line.is_live(console)
