"""A study as a table, one row per trial; with a scheduler, one row per configuration.

The columns are those of `study.trials_dataframe()`: number, state, value (values_0, values_1, ...
of several objectives), datetime_start, datetime_complete, params_NAME and user_attrs_NAME. Then
come constraints_NAME, feasible at 0 or below, and the reports in intermediate_values.json.

- The row of a configuration has the number of its first trial, the reports of all of its trials by
  epoch, and in user_attrs_epochs and user_attrs_trials.json how far it is trained and by which
  trials.
- An empty cell means that the trial has no such entry: a parameter that is not active, a value of
  a failed trial.
- A column whose name ends in ".json" holds JSON texts: null and "None" differ, so do 1, "1" and
  true. It is used if a plain cell could be read as another value. A space stands before null, since
  pandas reads a bare null as a missing cell.
- A plain column of params_, user_attrs_ or constraints_ holds numbers only, or strings only that
  no reader takes for a number, a truth value, a missing value or a formula. Numbers are the
  shortest that Python reads back as the same; pandas does too (before version 3 with
  float_precision="round_trip").
- Lines end in a line feed, and the encoding is UTF-8.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

from crosstune._optuna import constraints
from crosstune.engines.record import SCHEDULER
from crosstune.engines.record_names import RUNS
from crosstune.exchange.study_data import Contents
from crosstune.study.one_trial_each import one_trial_each
from crosstune.system.atomic_write import placed

JSON = ".json"
"""The suffix of a column of JSON texts."""

_TAKEN = {
    "", "#n/a", "#n/a n/a", "#na", "-1.#ind", "-1.#qnan", "-nan", "1.#ind", "1.#qnan", "<na>",
    "n/a", "na", "null", "nan", "none", "true", "false", "yes", "no", "inf", "-inf", "+inf",
    "infinity", "-infinity", "+infinity", "nat",
}  # fmt: skip
"""Texts that readers take for missing values, booleans or numbers, in lower case."""


def write_file(contents: Contents, path: str | Path, *, force: bool) -> list[str]:
    """Write the table.

    Args:
        contents: of the study.
        path: of the file.
        force: replace an existing file.

    Returns:
        Notes for the reader of the file.
    """
    columns = table(contents)
    with (
        placed(path, force=force) as part,
        part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
    ):
        # Python before 3.13 quotes a carriage return only where lines end in one.
        odd = any("\r" in name for name in columns)
        ends = "\r\n" if odd else "\n"
        csv.writer(file, lineterminator=ends).writerow(columns)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows(zip(*columns.values(), strict=True))
    if any(name.endswith(JSON) for name in columns):
        return [f"columns that end in {JSON} hold JSON texts, and an empty cell means: not there"]
    return []


def table(contents: Contents) -> dict[str, list[str]]:
    """Each column with its cells, in the order of the trials."""
    trials = _rows(contents)
    columns: dict[str, list[str]] = {
        "number": [str(trial.number) for trial in trials],
        "state": [trial.state.name for trial in trials],
    }
    n = len(contents.directions)
    for i in range(n):
        columns["value" if n == 1 else f"values_{i}"] = [
            "" if trial.values is None else repr(float(trial.values[i])) for trial in trials
        ]
    for name in ("datetime_start", "datetime_complete"):
        times = [getattr(trial, name) for trial in trials]
        columns[name] = ["" if time is None else time.isoformat(" ") for time in times]
    points = [contents.values(trial) for trial in trials]
    columns |= _group("params_", points, contents.distributions)
    columns |= _group("user_attrs_", [trial.user_attrs for trial in trials])
    columns |= _group("constraints_", [constraints(trial) for trial in trials])
    if any(trial.intermediate_values for trial in trials):
        reports = [trial.intermediate_values for trial in trials]
        columns[f"intermediate_values{JSON}"] = [_json(steps) if steps else "" for steps in reports]
    return columns


def _rows(contents: Contents) -> Sequence[FrozenTrial]:
    """The trials; with a scheduler one for each configuration."""
    runs = contents.attrs.get(RUNS) or [{}]
    scheduler = runs[-1].get(SCHEDULER)
    if scheduler is None:
        return contents.trials
    maximize = contents.directions[0] == "maximize"
    most = scheduler["max_epochs"]
    return one_trial_each(contents.trials, maximize=maximize, max_epochs=most)


def _group(
    prefix: str, rows: list[Any], names: Iterable[str] = ()
) -> Iterator[tuple[str, list[str]]]:
    """One column for each name that any row has."""
    absent = object()
    for name in dict.fromkeys([*names, *(name for row in rows for name in row)]):
        cells = [row.get(name, absent) for row in rows]
        present = [cell for cell in cells if cell is not absent]
        plain = _is_plain(prefix + name, present)
        shown = _shown if plain else _json
        texts = ["" if cell is absent else shown(cell) for cell in cells]
        yield prefix + name + ("" if plain else JSON), texts


def _is_plain(name: str, values: list[Any]) -> bool:
    """True if the values can be read back without being marked as JSON."""
    if name.endswith(JSON):
        return False
    if all(type(value) in (int, float) and value == value for value in values):
        return len({type(value) for value in values}) < 2
    return all(isinstance(value, str) and _is_plain_text(value) for value in values)


def _is_plain_text(text: str) -> bool:
    if not text.isprintable() or text != text.strip() or text.lower() in _TAKEN:
        return False
    if text[0] in "=+-@#":
        return False
    try:
        complex(text)
    except ValueError:
        return True
    return False


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _json(value: Any) -> str:
    if isinstance(value, Mapping):
        value = dict(value)
    try:
        text = json.dumps(value)
    except TypeError:
        text = json.dumps(repr(value))
    return f" {text}" if text in ("null", "NaN") else text
