"""The table: what is written is what is read, by Python's own reader and by pandas."""

from __future__ import annotations

import csv
import datetime
import json
import math
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.trial import TrialState

import crosstune
from tests.support.slow import slow_but_first
from tests.unit.exchange.test_exchange import ENGINES, KINDS, listed, study

ABSENT = object()


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        read = csv.reader(file)
        heads = next(read)
        assert len(set(heads)) == len(heads)
        return [dict(zip(heads, row, strict=True)) for row in read]


def group(row: dict[str, str], prefix: str, kinds: dict[str, type]) -> dict[str, Any]:
    """The entries of a row by the rules on the page: empty is absent, .json is JSON."""
    found: dict[str, Any] = {}
    for head, cell in row.items():
        if not head.startswith(prefix) or cell == "":
            continue
        name = head.removeprefix(prefix)
        if name.endswith(".json"):
            found[name.removesuffix(".json")] = json.loads(cell)
        else:
            found[name] = kinds[name](cell)
    return found


def exact(values: dict[str, Any]) -> dict[str, Any]:
    return {name: (type(value), repr(value)) for name, value in values.items()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("engine", slow_but_first(ENGINES))
def test_every_trial_is_a_row(engine: str, kind: str, tmp_path: Path) -> None:
    source = study(engine, kind)
    crosstune.export_study(source, tmp_path / "t.csv", format="csv")
    table = rows(tmp_path / "t.csv")
    assert len(table) == 12
    plain = {"momentum": float, "lr": float, "x": float, "depth": int, "units": int, "n": int}
    plain |= {"fixed": int, "seconds": float, "crosstune:error": str}
    for trial, row in zip(source.trials, table, strict=True):
        assert (int(row["number"]), row["state"]) == (trial.number, trial.state.name)
        assert row["value"] == ("" if trial.value is None else repr(trial.value))
        assert datetime.datetime.fromisoformat(row["datetime_start"]) == trial.datetime_start
        assert datetime.datetime.fromisoformat(row["datetime_complete"]) == trial.datetime_complete
        params = {name: listed(value) for name, value in trial.params.items()}
        if "alike" in params:
            params["alike"] = json.loads(params["alike"])  # the study holds it as JSON text
        assert exact(group(row, "params_", plain)) == exact(params)
        assert group(row, "user_attrs_", plain) == trial.user_attrs
        reports = json.loads(row["intermediate_values.json"] or "{}")
        assert {int(step): v for step, v in reports.items()} == trial.intermediate_values


def precision(pandas: Any) -> dict[str, Any]:
    """Pandas 3 reads numbers back as the same by default."""
    return {} if int(pandas.__version__.split(".")[0]) >= 3 else {"float_precision": "round_trip"}


def test_pandas_reads_the_table(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    source = study("optuna", "declared")
    crosstune.export_study(source, tmp_path / "t.csv", format="csv")
    table = pandas.read_csv(
        tmp_path / "t.csv",
        parse_dates=["datetime_start", "datetime_complete"],
        **precision(pandas),
    )
    frame = source.trials_dataframe()
    assert list(table["number"]) == list(frame["number"])
    assert list(table["state"]) == list(frame["state"])
    assert list(table["params_lr"].dropna()) == list(frame["params_lr"].dropna())
    assert source.metric_names is not None
    value = f"value_{source.metric_names[0]}"  # as Optuna calls it where the metric has a name
    assert list(table["value"].dropna()) == list(frame[value].dropna())
    assert (table["datetime_start"] == frame["datetime_start"]).all()
    for trial, text in zip(source.trials, table["params_model.json"], strict=True):
        assert json.loads(text) == trial.params["model"]


def test_several_objectives_have_a_column_each(tmp_path: Path) -> None:
    source = optuna.create_study(directions=["minimize", "maximize"])
    source.optimize(lambda trial: (trial.suggest_float("x", 0, 1), 2.0), n_trials=2)
    source.ask()
    crosstune.export_study(source, tmp_path / "t.csv", format="csv")
    table = rows(tmp_path / "t.csv")
    assert [row["values_1"] for row in table] == ["2.0", "2.0", ""]
    assert [row["state"] for row in table] == ["COMPLETE", "COMPLETE", "RUNNING"]
    assert table[2]["datetime_complete"] == ""


SCALARS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["None", "nan", "NA", "", " ", "1", "1e3", "true", "True", "=1+1", "inf", "a,b",
                     'say "x"', "two\nlines", "\r", "\x00", "é", "1_0", "\u0661"]),
    st.integers(-(2**53), 2**53),  # beyond that pandas makes floats or texts of a column
    st.floats(allow_nan=False),
    st.booleans(),
    st.none(),
)  # fmt: skip
NAMES = st.one_of(
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=5),
    st.sampled_from(["x", "x.json", "x.json.json", "a,b", "a\nb", "a\rb", '"']),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.dictionaries(NAMES, SCALARS, max_size=4), min_size=1, max_size=4),
    st.sampled_from(["python", "pandas"]),
)
def test_any_value_under_any_name_is_read_back(
    tmp_path: Path, written: list[dict[str, Any]], reader: str
) -> None:
    source = optuna.create_study()
    for attrs in written:
        source.add_trial(optuna.create_trial(value=0.0, user_attrs=attrs))
    crosstune.export_study(source, tmp_path / "t.csv", format="csv", force=True)
    table = (by_pandas if reader == "pandas" else rows)(tmp_path / "t.csv")
    kinds = {
        name: type(attrs[name]) for attrs in reversed(written) for name in attrs
    }  # a plain column has one type
    for attrs, row in zip(written, table, strict=True):
        assert exact(group(row, "user_attrs_", kinds)) == exact(attrs)


def test_an_integer_of_any_size_is_written_whole(tmp_path: Path) -> None:
    source = optuna.create_study()
    source.add_trial(optuna.create_trial(value=0.0, user_attrs={"n": 2**53 + 1, "m": -(10**20)}))
    crosstune.export_study(source, tmp_path / "t.csv", format="csv")
    [row] = rows(tmp_path / "t.csv")
    assert (row["user_attrs_n"], row["user_attrs_m"]) == (str(2**53 + 1), str(-(10**20)))


def by_pandas(path: Path) -> list[dict[str, str]]:
    """As pandas types the cells by itself: a string stays one, and nothing is taken for missing."""
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(path, **precision(pandas))
    with path.open(encoding="utf-8", newline="") as file:
        heads = next(csv.reader(file))
    found: list[dict[str, str]] = [{} for _ in range(len(table))]
    texts = rows(path)
    for position, head in enumerate(heads):
        for number, cell in enumerate(table.iloc[:, position]):
            text = texts[number][head]
            missing = isinstance(cell, float) and math.isnan(cell)
            assert missing == (text == ""), (head, cell, text)
            if isinstance(cell, str):
                found[number][head] = cell
            else:
                found[number][head] = text
                assert text == "" or float(text.replace("false", "0").replace("true", "1")) == cell
    return found


def test_plain_text_stays_readable(tmp_path: Path) -> None:
    source = optuna.create_study()
    for value in ("adam", "sgd, with momentum", 'the "best"'):
        source.add_trial(optuna.create_trial(value=0.0, user_attrs={"optimizer": value}))
    source.add_trial(optuna.create_trial(state=TrialState.FAIL))
    crosstune.export_study(source, tmp_path / "t.csv", format="csv")
    assert [row["user_attrs_optimizer"] for row in rows(tmp_path / "t.csv")] == [
        "adam", "sgd, with momentum", 'the "best"', "",
    ]  # fmt: skip
