from __future__ import annotations

import io
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState, create_trial
from rich.console import Console

from crosstune import Float, Space, tune
from crosstune.cli.console import LiveLine, count, table, values
from crosstune.cli.words import duration
from crosstune.engines.feasibility import best_trial

SPACE = Space({"x": {"type": "float", "low": 0, "high": 1}})
HELD = optuna.distributions.FloatDistribution(0, 1)


def study(*results: float | None, direction: str = "minimize", **attrs: Any) -> optuna.Study:
    made = optuna.create_study(direction=direction)  # type: ignore[arg-type]
    for i, value in enumerate(results):
        made.add_trial(
            create_trial(
                value=value,
                state=TrialState.FAIL if value is None else TrialState.COMPLETE,
                params={"x": i / 10},
                distributions={"x": HELD},
                user_attrs=attrs,
            )
        )
    return made


def shown(thing: Any, *, terminal: bool = False) -> str:
    console = Console(file=io.StringIO(), width=200, force_terminal=terminal)
    console.print(thing)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def rows(thing: Any) -> list[list[str]]:
    lines = [line for line in shown(thing).splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


def test_the_table_begins_with_the_smallest_value() -> None:
    assert [row[1] for row in rows(table(study(3.0, 1.0, 2.0), "loss", SPACE))] == ["1", "2", "3"]


def test_the_table_begins_with_the_largest_value_where_larger_is_better() -> None:
    shown_rows = rows(table(study(3.0, 1.0, 2.0, direction="maximize"), "f1", SPACE))
    assert [row[1] for row in shown_rows] == ["3", "2", "1"]


def test_the_table_leaves_out_failed_trials() -> None:
    assert len(rows(table(study(None, 1.0), "loss", SPACE))) == 1


def test_the_table_has_five_rows_at_most() -> None:
    assert len(rows(table(study(*map(float, range(9))), "loss", SPACE))) == 5


def test_a_metric_that_a_trial_lacks_is_an_empty_cell() -> None:
    made = study(1.0)
    made.add_trial(study(2.0, f1=0.5).trials[0])
    assert [row[2] for row in rows(table(made, "loss", SPACE))] == ["", "0.5"]


def test_our_own_attributes_are_no_columns() -> None:
    text = shown(table(study(1.0, **{"crosstune:error": "hidden"}), "loss", SPACE))
    assert "hidden" not in text


@pytest.mark.parametrize("name", ["[red]x[/red]", "[/]", "[link=http://a]b[/link]"])
def test_markup_in_a_name_is_shown_as_it_stands(name: str) -> None:
    space = Space({name: {"type": "choice", "values": [name, "b"]}})
    made = tune({"space": space.to_dict(), "start": [{name: name}]}, lambda params: 1.0, trials=1)
    text = shown(table(made, name, space))
    assert text.count(name) == 3


def test_ambiguous_choices_are_shown_in_their_own_types() -> None:
    plain = {"x": {"type": "choice", "values": [1, True]}}
    made = tune({"space": plain, "start": [{"x": True}]}, lambda params: 1.0, trials=1)
    assert values(Space(plain), made.best_trial)["x"] is True


def test_what_an_objective_suggests_outside_the_space_is_shown_too() -> None:
    made = study(1.0)
    other = Space({"y": {"type": "bool"}})
    assert values(other, made.trials[0]) == {"x": 0.0}


def test_trials_are_counted_by_state() -> None:
    assert count(study(1.0, None, None)) == {"complete": 1, "failed": 2}


def test_without_a_complete_trial_there_is_no_best() -> None:
    assert best_trial(study(None)) is None


def followed(made: optuna.Study, *, terminal: bool) -> str:
    console = Console(file=io.StringIO(), width=120, force_terminal=terminal)
    with LiveLine(console, ["loss"], 4, 0) as line:
        done = optuna.create_study()
        for trial in made.trials:
            done.add_trial(trial)
            line(done, trial)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_off_a_terminal_a_line_is_printed_for_each_new_best_value() -> None:
    text = followed(study(3.0, 5.0, 1.0), terminal=False)
    assert text.splitlines() == ["trial 0 of 4: loss 3", "trial 2 of 4: loss 1"]


def test_on_a_terminal_the_line_has_best_value_trials_and_failures() -> None:
    text = followed(study(3.0, None), terminal=True)
    assert "2/4 trials" in text
    assert "best loss 3, 1 failed" in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (59.99, "1 min 0 s"), (119.8, "2 min 0 s"),
     (3599, "59 min 59 s"), (7265, "2 h 1 min")],
)  # fmt: skip
def test_a_duration_reads_well(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_study_with_many_parameters_has_a_column_a_trial() -> None:
    space = Space({f"x{i}": Float(0.0, 1.0) for i in range(12)})
    made = optuna.create_study()
    for i in range(3):
        made.add_trial(
            optuna.trial.create_trial(
                params=dict.fromkeys(space, 0.5),
                distributions=dict.fromkeys(space, optuna.distributions.FloatDistribution(0, 1)),
                value=float(i),
            )
        )
    text = shown(table(made, "loss", space))
    assert max(len(line) for line in text.splitlines()) <= 80
    assert [line.split()[1] for line in text.splitlines() if " x11 " in line] == ["x11"]
