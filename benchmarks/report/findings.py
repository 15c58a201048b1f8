"""Tables of best settings and of failures."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from crosstune.benchmarks.match.results import Evaluation, Results, best_evaluation
from crosstune.benchmarks.report.standings import CONTENDER, PROBLEM
from crosstune.presentation.numbers import NONE
from crosstune.presentation.tables import (
    Column,
    ReportTable,
    TableCell,
    number,
    shortened,
    table,
    text,
)
from crosstune.space.parameters import Scalar

LONGEST_ERROR = 300
"""The largest number of displayed letters of an error."""

Best: TypeAlias = tuple[int, Evaluation] | None
"""The seed and the trial of a contender's best value; None without a complete trial."""


def best(results: Results, problem: str, contender: str) -> Best:
    """The seed and the trial of a contender's best value; None without a complete trial.

    Args:
        results: the match.
        problem, contender: names in the match.
    """
    maximize = results.about(problem).maximize
    candidates = [
        (seed, evaluation)
        for seed in range(results.settings.seeds)
        if (run := results.runs.get((problem, contender, seed))) is not None
        and (evaluation := best_evaluation(run, maximize=maximize)) is not None
    ]
    sign = -1.0 if maximize else 1.0
    return min(candidates, key=lambda pair: (sign * (pair[1].value or 0.0), pair[0]), default=None)


def best_settings(results: Results, problem: str, contenders: list[str]) -> ReportTable:
    """The parameters of each contender's best trial, with one column per contender.

    Args:
        results: the match.
        problem: a name in the match.
        contenders: the columns.
    """
    about = results.about(problem)
    best_trials = {name: best(results, problem, name) for name in contenders}
    space = about.spec.get("space")
    declared: Mapping[str, Any] = space if isinstance(space, Mapping) else {}
    params = dict.fromkeys(declared)
    for _, trial in filter(None, best_trials.values()):
        params.update(dict.fromkeys(trial.params))
    unseen = {name: _unseen(results, problem, name, best_trials[name]) for name in contenders}

    def row(name: str, law: str, cell: Callable[[Best], TableCell]) -> tuple[TableCell, ...]:
        return (text(name), text(law), *map(cell, best_trials.values()))

    rows = [
        row(about.metric, "reached", lambda top: _rounded(None if top is None else top[1].value)),
        row(
            "seed, trial",
            "where",
            lambda top: text(NONE if top is None else f"{top[0]}, {top[1].number}"),
        ),
        *(row(name, law_of(declared.get(name)), partial(_setting, name=name)) for name in params),
    ]
    if any(value is not None for value in unseen.values()):
        cells = map(_rounded, unseen.values())
        rows.insert(1, (text(about.metric), text("on unseen data"), *cells))
    columns = (
        Column("parameter", ("parameter",), "text"),
        Column("in the spec", ("spec",), "text"),
        *(Column(contender, (contender,), "setting") for contender in contenders),
    )
    caption = f"The best trial of each contender on {problem}"
    long = _long_settings(problem, best_trials)
    return ReportTable("best-settings", caption, columns, tuple(rows), long)


def _long_settings(problem: str, best_trials: Mapping[str, Best]) -> ReportTable:
    rows = [
        (contender, *top, *setting)
        for contender, top in best_trials.items()
        if top is not None
        for setting in top[1].params.items()
    ]
    return table(
        "best-settings",
        "",
        rows,
        [
            (PROBLEM, lambda _: text(problem)),
            (CONTENDER, lambda row: text(row[0])),
            (Column("seed", ("seed",)), lambda row: number(row[1])),
            (Column("trial", ("trial",)), lambda row: number(row[2].number)),
            (Column("value", ("value",)), lambda row: number(row[2].value)),
            (Column("parameter", ("parameter",), "text"), lambda row: text(row[3])),
            (Column("setting", ("setting",)), lambda row: TableCell("", (_exact(row[4]),))),
        ],
    )


def _exact(setting: Scalar) -> int | float | str:
    """A setting as the CSV file has it."""
    return json.dumps(setting) if setting is None or isinstance(setting, bool) else setting


def _unseen(results: Results, problem: str, contender: str, top: Best) -> float | None:
    if top is None:
        return None
    seed, trial = top
    # A separate call scored the best trial of the run, which is this one.
    return results.runs[problem, contender, seed].final_test if trial.test is None else trial.test


def _rounded(value: float | None) -> TableCell:
    return number(value, NONE if value is None else f"{value:.4g}")


def _setting(top: Best, name: str) -> TableCell:
    if top is None or name not in top[1].params:
        return TableCell(NONE, (None,))
    value = top[1].params[name]
    if isinstance(value, float):
        return _rounded(value)
    if isinstance(value, str):
        return text(value)
    shown = json.dumps(value)
    return TableCell(shown, (shown,))


def law_of(declared: object) -> str:
    """A parameter of a spec in a few words.

    >>> law_of({"type": "float", "low": 1e-5, "high": 0.1, "log": True})
    'float 1e-05 to 0.1, log'
    >>> law_of({"type": "choice", "values": ["adam", "sgd"], "when": {"net": "mlp"}})
    'choice of adam, sgd; when net is mlp'
    """
    if not isinstance(declared, Mapping):
        return ""
    kind = str(declared.get("type", ""))
    words = kind
    if "values" in declared:
        words += " of " + ", ".join(_word(value) for value in declared["values"])
    elif "mu" in declared:
        words += f" {_word(declared['mu'])} ± {_word(declared.get('sigma'))}"
    elif "low" in declared and "high" in declared:
        words += f" {_word(declared['low'])} to {_word(declared['high'])}"
    elif "value" in declared:
        words += f" {_word(declared['value'])}"
    if declared.get("log"):
        words += ", log"
    if declared.get("step") is not None:
        words += f", step {_word(declared['step'])}"
    conditions = []
    for parent, allowed in (declared.get("when") or {}).items():
        values = allowed if isinstance(allowed, list | tuple) else [allowed]
        conditions.append(f"{parent} is {' or '.join(_word(value) for value in values)}")
    return f"{words}; when {' and '.join(conditions)}" if conditions else words


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def failures(results: Results) -> ReportTable | None:
    """The failures by error; None without failures."""
    seeds: dict[tuple[str, str, str, str], list[int]] = {}
    for (problem, contender, seed), run in results.runs.items():
        errors = [("trial", trial.error) for trial in run.evaluations if trial.state == "failed"]
        if run.end == "failed":
            errors.append(("run", run.error))
        for kind, error in errors:
            seeds.setdefault((contender, problem, kind, _shortened(error)), []).append(seed)
    if not seeds:
        return None
    places = {name: i for i, name in enumerate(results.settings.contenders)}
    ordered = sorted(
        seeds, key=lambda key: (places.get(key[0], len(places)), key[2], -len(seeds[key]), key)
    )
    return table(
        "failures",
        "Failures, by contender and error",
        ordered,
        [
            (CONTENDER, lambda key: text(key[0])),
            (PROBLEM, lambda key: text(key[1])),
            (Column("what failed", ("what",), "text"), lambda key: text(key[2])),
            (Column("times", ("times",)), lambda key: number(len(seeds[key]))),
            (
                Column("seeds", ("seeds",), "text"),
                lambda key: text(", ".join(map(str, sorted(set(seeds[key]))))),
            ),
            (Column("error", ("error",), "text"), lambda key: text(key[3])),
        ],
    )


def _shortened(error: str | None) -> str:
    """The last non-blank line of an error, where Python has its message."""
    lines = [line.strip() for line in (error or "").splitlines() if line.strip()]
    return shortened(lines[-1] if lines else "no message", LONGEST_ERROR)
