"""Tables of best settings and of failures."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from crosstune.benchmarks.match.results import Evaluation, Results, best_evaluation
from crosstune.benchmarks.report.standings import CONTENDER, PROBLEM
from crosstune.benchmarks.report.tables import (
    Column,
    ReportTable,
    TableCell,
    count,
    shortened,
    text,
)
from crosstune.benchmarks.statistics.precision import NONE

LONGEST_ERROR = 300
"""The largest number of displayed letters of an error."""


def best(results: Results, problem: str, contender: str) -> tuple[int, Evaluation] | None:
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
    unseen = {
        contender: _unseen(results, problem, contender, best_trials[contender])
        for contender in contenders
    }
    rows = [
        (
            text(about.metric),
            text("reached"),
            *(_value(best_trials[contender]) for contender in contenders),
        ),
        (
            text("seed, trial"),
            text("where"),
            *(_where(best_trials[contender]) for contender in contenders),
        ),
        *(
            (
                text(name),
                text(law_of(declared.get(name))),
                *(_setting(best_trials[contender], name) for contender in contenders),
            )
            for name in params
        ),
    ]
    if any(value is not None for value in unseen.values()):
        cells = [TableCell(NONE if v is None else f"{v:.4g}", (v,)) for v in unseen.values()]
        rows.insert(1, (text(about.metric), text("on unseen data"), *cells))
    columns = (
        Column("parameter", ("parameter",), "text"),
        Column("in the spec", ("spec",), "text"),
        *(Column(contender, (contender,), "setting") for contender in contenders),
    )
    return ReportTable(
        "best-settings",
        f"The best trial of each contender on {problem}",
        columns,
        tuple(rows),
        long=_long_settings(problem, best_trials),
    )


def _long_settings(
    problem: str, best_trials: Mapping[str, tuple[int, Evaluation] | None]
) -> ReportTable:
    rows = []
    for contender, pair in best_trials.items():
        if pair is None:
            continue
        seed, trial = pair
        value = TableCell("", (trial.value,))
        for name, setting in trial.params.items():
            shown = setting if isinstance(setting, int | float | str) else json.dumps(setting)
            shown = json.dumps(shown) if isinstance(shown, bool) else shown
            rows.append(
                (
                    text(problem),
                    text(contender),
                    count(seed),
                    count(trial.number),
                    value,
                    text(name),
                    TableCell("", (shown,)),
                )
            )
    columns = (
        PROBLEM,
        CONTENDER,
        Column("seed", ("seed",)),
        Column("trial", ("trial",)),
        Column("value", ("value",)),
        Column("parameter", ("parameter",), "text"),
        Column("setting", ("setting",)),
    )
    return ReportTable("best-settings", "", columns, tuple(rows))


def _unseen(
    results: Results, problem: str, contender: str, best_trial: tuple[int, Evaluation] | None
) -> float | None:
    if best_trial is None:
        return None
    seed, trial = best_trial
    # A separate call scored the best trial of the run, which is this one.
    return results.runs[problem, contender, seed].final_test if trial.test is None else trial.test


def _value(best_trial: tuple[int, Evaluation] | None) -> TableCell:
    value = None if best_trial is None else best_trial[1].value
    return TableCell(NONE if value is None else f"{value:.4g}", (value,))


def _where(best_trial: tuple[int, Evaluation] | None) -> TableCell:
    return text(NONE if best_trial is None else f"{best_trial[0]}, {best_trial[1].number}")


def _setting(best_trial: tuple[int, Evaluation] | None, name: str) -> TableCell:
    if best_trial is None or name not in best_trial[1].params:
        return TableCell(NONE, (None,))
    value = best_trial[1].params[name]
    if isinstance(value, float):
        return TableCell(f"{value:.4g}", (value,))
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
    counts: Counter[tuple[str, str, str, str]] = Counter()
    seeds: dict[tuple[str, str, str, str], set[int]] = {}
    for (problem, contender, seed), run in results.runs.items():
        errors = [
            ("trial", evaluation.error)
            for evaluation in run.evaluations
            if evaluation.state == "failed"
        ]
        if run.end == "failed":
            errors.append(("run", run.error))
        for kind, error in errors:
            key = (contender, problem, kind, _shortened(error))
            counts[key] += 1
            seeds.setdefault(key, set()).add(seed)
    if not counts:
        return None
    places = {name: i for i, name in enumerate(results.settings.contenders)}
    ordered = sorted(
        counts, key=lambda key: (places.get(key[0], len(places)), key[2], -counts[key], key)
    )
    rows = [
        (
            text(contender),
            text(problem),
            text(kind),
            count(counts[contender, problem, kind, error]),
            text(", ".join(str(seed) for seed in sorted(seeds[contender, problem, kind, error]))),
            text(error),
        )
        for contender, problem, kind, error in ordered
    ]
    columns = (
        CONTENDER,
        PROBLEM,
        Column("what failed", ("what",), "text"),
        Column("times", ("times",)),
        Column("seeds", ("seeds",), "text"),
        Column("error", ("error",), "text"),
    )
    return ReportTable("failures", "Failures, by contender and error", columns, tuple(rows))


def _shortened(error: str | None) -> str:
    """The last non-blank line of an error, where Python has its message."""
    lines = [line.strip() for line in (error or "").splitlines() if line.strip()]
    return shortened(lines[-1] if lines else "no message", LONGEST_ERROR)
