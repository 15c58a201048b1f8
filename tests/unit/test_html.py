"""A notebook shows specs, certificates, comparisons and records as tables, with nothing unsafe."""

from __future__ import annotations

from html.parser import HTMLParser

import optuna
import pytest

import crosstune
from crosstune.terminal.html import html_table

SPEC = {
    "name": "<script>alert(1)</script>",
    "space": {
        "kind": {"type": "choice", "values": ["<b>", "y"]},
        "x": {"type": "float", "low": 0.0, "high": 1.0, "when": {"kind": "y"}},
    },
    "seed": 0,
    "trials": 4,
}


class Cells(HTMLParser):
    """The texts of the cells, and the names of all tags."""

    def __init__(self, text: str):
        super().__init__()
        self.cells: list[str] = []
        self.tags: set[str] = set()
        self._open = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        self._open = tag in ("td", "th")
        if self._open:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            self.cells[-1] += data


ALLOWED = {"div", "strong", "table", "thead", "tbody", "tr", "th", "td"}


def shown(thing: object) -> Cells:
    cells = Cells(thing._repr_html_())  # type: ignore[attr-defined]
    assert cells.tags <= ALLOWED
    return cells


def test_a_spec_shows_its_parameters_and_their_conditions() -> None:
    cells = shown(crosstune.Spec(**SPEC)).cells
    assert cells[:4] == ["parameter", "type", "values", "if"]
    assert cells[4:8] == ["kind", "choice", "values ['<b>', 'y']", ""]
    assert cells[8:] == ["x", "float", "low 0.0, high 1.0", "kind y"]


def test_a_certificate_shows_a_verdict_for_each_engine() -> None:
    cells = shown(crosstune.check(SPEC, backends=["optuna"])).cells
    assert cells == ["parameter", "optuna", "kind", "exact", "x", "exact"]


def test_a_record_shows_every_run_and_no_password() -> None:
    study = crosstune.tune(SPEC, lambda params: params.get("x", 2.0))
    record = crosstune.record(study)
    assert record.states == {"complete": 4}
    assert record.best == (study.best_value, study.best_trial.number)
    cells = shown(record).cells
    assert cells[8:12] == ["0", "optuna:tpe", "0", "yes"]
    assert "trials 4" in cells
    assert "4 complete" in str(record)


def test_a_study_without_a_record_is_shown_too() -> None:
    study = optuna.create_study(directions=["minimize", "maximize"])
    record = crosstune.record(study)
    assert (record.runs, record.states, record.best) == ((), {}, None)
    assert "no trials" in record._repr_html_()


def test_a_url_in_a_table_loses_its_password() -> None:
    assert "secret" not in html_table("t", ["a"], [["postgresql://me:secret@host/db"]])


def test_a_comparison_shows_its_pairs_and_draws_its_curves() -> None:
    pytest.importorskip("matplotlib")
    found = crosstune.compare(
        {**SPEC, "name": "match"},
        lambda params: params.get("x", 2.0),
        contenders=["optuna:tpe", "optuna:random"],
        seeds=2,
        trials=4,
    )
    cells = shown(found).cells
    assert cells[5:8] == ["optuna:tpe", "not enough seeds", "optuna:random"] or cells[5:8] == [
        "optuna:random",
        "not enough seeds",
        "optuna:tpe",
    ]
    figure = found.plot()
    assert {len(axes.lines) >= 2 for axes in figure.axes} == {True}
    with pytest.raises(crosstune.CrosstuneError, match="no problem 'other'"):
        found.plot("other")


def test_a_progress_bar_shows_the_best_value_and_the_budget() -> None:
    import io

    from crosstune.callbacks import ProgressBar

    text = io.StringIO()
    with ProgressBar(file=text, mininterval=0) as bar:
        study = crosstune.tune(
            {**SPEC, "name": "bar"}, lambda params: params.get("x", 2.0), callbacks=[bar]
        )
    assert "4/4" in text.getvalue()
    assert f"best {study.best_value:.6g} in trial {study.best_trial.number}" in text.getvalue()
