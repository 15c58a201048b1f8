"""A person who opens TensorBoard in a browser finds the studies; the documentation's pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from tests.support.browser import browser, expect, needs_browser, take_picture
from tests.support.tensorboard_server import ENGINES, SPEC, server, tune_all

pytestmark = [pytest.mark.slow, needs_browser]
Shown = tuple[str, dict[str, optuna.Study]]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """TensorBoard's address, and the study in each folder."""
    log_dir = tmp_path_factory.mktemp("logs")
    studies = tune_all(log_dir)
    with server(log_dir) as address:
        yield address, studies


def table(page: Any) -> dict[str, dict[str, str]]:
    """The cells of the HParams tab, by trial and column."""
    cells = [text.strip() for text in page.locator("vaadin-grid-cell-content").all_inner_texts()]
    heads = cells[: cells.index("")]
    starts = [number for number, text in enumerate(cells) if "/trial-" in text]
    return {
        cells[start]: dict(zip(heads, cells[start : start + len(heads)], strict=True))
        for start in starts
    }


def as_shown(page: Any, value: object) -> str:
    """As TensorBoard writes a parameter or a metric."""
    if isinstance(value, float):
        return str(page.evaluate("value => value.toPrecision(5)", value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_the_hparams_tab_shows_parameters_and_metrics_of_every_engine(
    shown: Shown, tmp_path: Path
) -> None:
    address, studies = shown
    with browser(1600, 800) as page:
        page.goto(f"{address}#hparams")
        page.get_by_text("/trial-00000").first.wait_for()
        for name in (*SPEC["space"], "accuracy", "reports/accuracy", "metrics/loss"):  # type: ignore[misc]
            expect(page.get_by_text(name, exact=True).first).to_be_visible()
        page.wait_for_timeout(1000)
        take_picture(page, "tensorboard-hparams", tmp_path)
        page.set_viewport_size({"width": 2400, "height": 1700})  # all rows, all columns
        count = sum(len(study.trials) for study in studies.values())
        firsts = page.locator("vaadin-grid-cell-content").filter(has_text="/trial-")
        expect(firsts).to_have_count(count, timeout=30_000)
        rows = table(page)
        assert len(rows) == count
        for folder, study in studies.items():
            for trial in study.trials:
                row = rows[f"{folder}/trial-{trial.number:05d}"]
                params = {name: as_shown(page, value) for name, value in trial.params.items()}
                columns = [name for name in SPEC["space"] if name in row]  # type: ignore[attr-defined]
                assert len(columns) == 5  # TensorBoard ticks no more at first
                for name in columns:
                    assert row[name] == params.get(name, ""), (folder, trial.number, name)
                done = trial.state == TrialState.COMPLETE
                assert row["accuracy"] == (as_shown(page, trial.value) if done else "")


@pytest.mark.parametrize("folder", ENGINES.values())
def test_the_scalars_tab_draws_a_curve_of_every_trial(shown: Shown, folder: str) -> None:
    address, studies = shown
    with browser() as page:
        for runs, tag, curves in (
            (f"{folder}/trial", "reports/accuracy", len(studies[folder].trials)),
            (f"{folder}/study", "best/accuracy", 1),
            (f"{folder}/study", "trials/per_hour", 1),
        ):
            page.goto("about:blank")
            options = f"_smoothingWeight=0&regexInput={runs}&tagFilter={tag}"
            page.goto(f"{address}#scalars&{options}")
            card = page.locator("tf-scalar-card").first
            drawn = card.locator('path.line[d*="L"]')  # of more than one point
            expect(drawn).to_have_count(curves, timeout=30_000)
            expect(card.get_by_text(tag, exact=True).first).to_be_visible()


def test_the_time_series_tab_shows_curves_of_every_engine(shown: Shown, tmp_path: Path) -> None:
    address, _ = shown
    with browser() as page:
        page.goto(f"{address}?tagFilter=reports/|best/#timeseries")
        page.locator("scalar-card line-chart").nth(1).wait_for()
        titles = page.locator("scalar-card .tag")
        expect(titles).to_have_text(["best/accuracy", "reports/accuracy"])
        for folder in ENGINES.values():
            expect(page.locator("body")).to_contain_text(f"{folder}/study")
        page.wait_for_timeout(2000)
        take_picture(page, "tensorboard-curves", tmp_path)
