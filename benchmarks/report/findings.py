"""What the runs found and where they failed: best settings, importance, failures."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from crosstune.benchmarks.match.results import Evaluation, Results, best_evaluation
from crosstune.benchmarks.report.importance import Importance, importance
from crosstune.benchmarks.report.standings import CONTENDER, PROBLEM
from crosstune.benchmarks.report.tables import Column, ReportTable, TableCell, count, text
from crosstune.benchmarks.statistics.precision import NONE, percent

LONGEST_ERROR = 300
"""How many letters of an error are shown."""


def best(results: Results, problem: str, contender: str) -> tuple[int, Evaluation] | None:
    """The seed and the trial of a contender's best value; None where no trial is complete."""
    maximize = results.about(problem).maximize
    found = [
        (seed, each)
        for seed in range(results.settings.seeds)
        if (run := results.runs.get((problem, contender, seed))) is not None
        and (each := best_evaluation(run, maximize=maximize)) is not None
    ]
    sign = -1.0 if maximize else 1.0
    return min(found, key=lambda pair: (sign * (pair[1].value or 0.0), pair[0]), default=None)


def best_settings(results: Results, problem: str, contenders: list[str]) -> ReportTable:
    """The parameters of each contender's best trial: a row a parameter, a column a contender."""
    about = results.about(problem)
    found = {name: best(results, problem, name) for name in contenders}
    space = about.spec.get("space")
    declared: Mapping[str, Any] = space if isinstance(space, Mapping) else {}
    params = dict.fromkeys(declared)
    for _, trial in filter(None, found.values()):
        params.update(dict.fromkeys(trial.params))
    unseen = {each: _unseen(results, problem, each, found[each]) for each in contenders}
    rows = [
        (text(about.metric), text("reached"), *(_value(found[each]) for each in contenders)),
        (text("seed, trial"), text("where"), *(_where(found[each]) for each in contenders)),
        *(
            (
                text(name),
                text(law_of(declared.get(name))),
                *(_setting(found[each], name) for each in contenders),
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
        *(Column(each, (each,), "setting") for each in contenders),
    )
    return ReportTable(
        "best-settings",
        f"The best trial of each contender on {problem}",
        columns,
        tuple(rows),
        long=_long_settings(problem, found),
    )


def _long_settings(problem: str, found: Mapping[str, tuple[int, Evaluation] | None]) -> ReportTable:
    rows = []
    for contender, pair in found.items():
        if pair is None:
            continue
        seed, trial = pair
        value = TableCell("", (trial.value,))
        for name, setting in trial.params.items():
            held = setting if isinstance(setting, int | float | str) else json.dumps(setting)
            held = json.dumps(held) if isinstance(held, bool) else held
            rows.append(
                (
                    text(problem),
                    text(contender),
                    count(seed),
                    count(trial.number),
                    value,
                    text(name),
                    TableCell("", (held,)),
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
    results: Results, problem: str, contender: str, found: tuple[int, Evaluation] | None
) -> float | None:
    if found is None:
        return None
    seed, trial = found
    # Asked for apart, it is that of the run's best trial, which this is.
    return results.runs[problem, contender, seed].final_test if trial.test is None else trial.test


def _value(found: tuple[int, Evaluation] | None) -> TableCell:
    value = None if found is None else found[1].value
    return TableCell(NONE if value is None else f"{value:.4g}", (value,))


def _where(found: tuple[int, Evaluation] | None) -> TableCell:
    return text(NONE if found is None else f"{found[0]}, {found[1].number}")


def _setting(found: tuple[int, Evaluation] | None, name: str) -> TableCell:
    if found is None or name not in found[1].params:
        return TableCell(NONE, (None,))
    value = found[1].params[name]
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


def importances(results: Results, problem: str, contenders: list[str]) -> dict[str, Importance]:
    """How much each parameter mattered to each contender's best trials."""
    return {name: importance(results, problem, name) for name in contenders}


def importance_table(problem: str, found: Mapping[str, Importance]) -> ReportTable:
    """The shares: a row a parameter, a column a contender, and why there are none."""
    totals: Counter[str] = Counter()
    for each in found.values():
        totals.update(each.shares)
    params = [name for name, _ in totals.most_common()]
    rows = [
        (
            text(name),
            *(
                TableCell(percent(share := each.shares.get(name)), (share,))
                for each in found.values()
            ),
        )
        for name in params
    ]
    long = ReportTable(
        "importance",
        "",
        (
            PROBLEM,
            CONTENDER,
            Column("parameter", ("parameter",)),
            Column("", ("importance", "why")),
        ),
        tuple(
            (text(problem), text(contender), text(name), TableCell("", (share, each.why)))
            for contender, each in found.items()
            for name, share in _shares(each)
        ),
    )
    columns = (
        Column("parameter", ("parameter",), "text"),
        *(Column(name, (name,), "setting") for name in found),
    )
    return ReportTable("importance", f"Importance on {problem}", columns, tuple(rows), long=long)


def _shares(found: Importance) -> list[tuple[str, float | None]]:
    """The parameters and their shares; one without a name where there are none."""
    return list(found.shares.items()) or [("", None)]


def failures(results: Results) -> ReportTable | None:
    """What failed, by its error; None where nothing did."""
    found: Counter[tuple[str, str, str, str]] = Counter()
    seeds: dict[tuple[str, str, str, str], set[int]] = {}
    for (problem, contender, seed), run in results.runs.items():
        errors = [("trial", each.error) for each in run.evaluations if each.state == "failed"]
        if run.end == "failed":
            errors.append(("run", run.error))
        for kind, error in errors:
            key = (contender, problem, kind, _shortened(error))
            found[key] += 1
            seeds.setdefault(key, set()).add(seed)
    if not found:
        return None
    places = {name: i for i, name in enumerate(results.settings.contenders)}
    ordered = sorted(
        found, key=lambda key: (places.get(key[0], len(places)), key[2], -found[key], key)
    )
    rows = [
        (
            text(contender),
            text(problem),
            text(kind),
            count(found[contender, problem, kind, error]),
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
    """The last line of an error that says anything; that is where Python says what it was."""
    lines = [line.strip() for line in (error or "").splitlines() if line.strip()]
    last = lines[-1] if lines else "no message"
    return last if len(last) <= LONGEST_ERROR else f"{last[: LONGEST_ERROR - 1]}…"
