"""A CSV file as features, target, groups and weights.

A column of numbers stays one, with NaN for an empty cell. Any other column is one of categories:
then the features are a pandas DataFrame, whose columns of that kind have the dtype "category". An
estimator that takes neither is refused, with the first such cell.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from crosstune.errors import SpecError, no_such
from crosstune.system.extras import needing
from crosstune.system.files import regular


class CsvKeys(BaseModel):
    """The keys of a table: every column but these is a feature.

    Attributes:
        csv: the file, with a header.
        target: the column to predict.
        groups: a column; rows with the same value are never in both parts of a split.
        weights: a column with the weight of each row, in the fit and in the scores.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    csv: str
    target: str
    groups: str | None = None
    weights: str | None = None


@dataclass(frozen=True)
class TrainingData:
    """Features, target and what belongs to their rows.

    Attributes:
        x: features, (n, d).
        y: target, (n,).
        groups: of the rows, (n,); None without groups.
        weights: of the rows, (n,), not negative; None for equal ones.
        odd: the first cell that only some estimators take, in words; None if all are numbers.
    """

    x: Any
    y: Any
    groups: Any = None
    weights: Any = None
    odd: str | None = None

    def rows(self, index: Any) -> TrainingData:
        """The rows at these positions."""

        def of(values: Any) -> Any:
            if isinstance(values, list):
                return [values[i] for i in index]
            return values.iloc[index] if hasattr(values, "iloc") else values[index]

        groups = None if self.groups is None else of(self.groups)
        weights = None if self.weights is None else of(self.weights)
        return TrainingData(of(self.x), of(self.y), groups, weights, self.odd)


def read_table(table: CsvKeys, folder: Path | None) -> TrainingData:
    """The data in a CSV file.

    Raises:
        SpecError: it cannot be read, or a column is missing or not what it has to be.
    """
    path = (folder or Path()) / table.csv
    header, rows = _cells(path)
    named = {"target": table.target, "groups": table.groups, "weights": table.weights}
    places = {key: _place(header, name, key) for key, name in named.items() if name is not None}
    if len(set(places.values())) < len(places):
        raise SpecError("target, groups and weights are different columns", ("objective", "data"))
    columns = [[row[i] for row in rows] for i in range(len(header))]
    features = [i for i in range(len(header)) if i not in places.values()]
    odd = min(
        ((n, header[i], cell) for i in features for n, cell in _odd(columns[i])), default=None
    )
    numbers = {i: _numbers(columns[i]) for i in features}
    return TrainingData(
        _matrix([header[i] for i in features], [columns[i] for i in features], numbers),
        _target(path, columns[places["target"]]),
        np.array(columns[places["groups"]]) if "groups" in places else None,
        _weights(path, columns[places["weights"]]) if "weights" in places else None,
        None if odd is None else _words(path, *odd),
    )


def _cells(path: Path) -> tuple[list[str], list[list[str]]]:
    """The header, and the rows, as long as it."""
    try:
        with open(path, newline="", encoding="utf-8-sig", opener=regular) as file:
            header, *rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _refused(f"{path} cannot be read: {reason}") from None
    except ValueError:
        raise _refused(f"{path} is empty") from None
    if not rows:
        raise _refused(f"{path} has a header and no rows")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise _refused(f"{path}:{number}: {len(row)} fields under {len(header)} columns")
    return header, rows


def _place(header: list[str], name: str, key: str) -> int:
    if name not in header:
        raise SpecError(no_such("column", name, header), ("objective", "data", key))
    return header.index(name)


def _odd(cells: list[str]) -> list[tuple[int, str]]:
    """The first cell of a column that is empty or no number, with its row from 0; else empty."""
    for row, cell in enumerate(cells):
        if _number(cell) is None:
            return [(row, cell)]
    return []


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _numbers(cells: list[str]) -> Any:
    """A column as floats, NaN for an empty cell; None if it has another cell that is no number."""
    values = [float("nan") if not cell.strip() else _number(cell) for cell in cells]
    return None if None in values else np.array(values, dtype=float)


def _matrix(names: list[str], columns: list[list[str]], numbers: dict[int, Any]) -> Any:
    """The features: an array of floats if all columns are numbers, else a DataFrame."""
    parts = list(numbers.values())
    if all(part is not None for part in parts):
        return np.column_stack(parts) if parts else np.empty((0, 0))
    with needing("a table with text", "crosstune[scikit-learn]", "pandas"):
        import pandas

    def series(cells: list[str], part: Any) -> Any:
        if part is not None:
            return part
        return pandas.Categorical([cell if cell.strip() else None for cell in cells])

    return pandas.DataFrame(
        {name: series(*pair) for name, *pair in zip(names, columns, parts, strict=True)}
    )


def _target(path: Path, cells: list[str]) -> Any:
    """The target: numbers if all of it can be, else class names."""
    for row, cell in enumerate(cells):
        if not cell.strip():
            raise _refused(f"{path}:{row + 2}: the target is empty. Remove the row", "target")
    numbers = _numbers(cells)
    return np.array(cells) if numbers is None else numbers


def _weights(path: Path, cells: list[str]) -> Any:
    for row, cell in enumerate(cells):
        weight = _number(cell)
        if weight is None or not 0 <= weight < float("inf"):
            raise _refused(
                f"{path}:{row + 2}: a weight is a number from 0, not {cell!r}", "weights"
            )
    return np.array(cells, dtype=float)


def _words(path: Path, row: int, name: str, cell: str) -> str:
    what = f"holds {cell!r}" if cell.strip() else "is empty"
    return f"{path}:{row + 2}: the column {name!r} {what}"


def _refused(why: str, key: str = "csv") -> SpecError:
    return SpecError(why, ("objective", "data", key))
