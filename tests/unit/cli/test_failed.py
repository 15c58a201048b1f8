"""Why trials have failed, at the end of a run."""

from __future__ import annotations

import optuna
from optuna.trial import TrialState, create_trial

from crosstune.cli.failed import reasons
from crosstune.engines.record_names import ERROR
from crosstune.terminal.urls import rendered


def study(*errors: str | None) -> optuna.Study:
    made = optuna.create_study()
    for error in errors:
        attrs = {} if error is None else {ERROR: error}
        made.add_trial(create_trial(state=TrialState.FAIL, user_attrs=attrs))
    return made


def test_each_error_has_one_line_the_most_frequent_first() -> None:
    assert reasons(study("a", "b", None, "b", "c", "d")) == [
        "trial 1 and 1 more failed: b",
        "trial 0 failed: a",
        "trial 4 failed: c",
    ]
    assert reasons(study()) == []


def test_a_line_has_no_password_and_no_escape() -> None:
    rendered("postgresql://me:secret@db/x")  # the storage of the process
    (line,) = reasons(study("no server at postgresql://me:secret@db/x \x1b[31m"))
    assert "secret" not in line
    assert "\x1b" not in line
