"""optuna-dashboard shows the pruned trials of the torch example as pruned."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from tests.support.browser import browser, expect, needs_browser, take_picture

pytestmark = [pytest.mark.slow, needs_browser]
EXAMPLE = Path(__file__).parents[2] / "examples" / "digits.yaml"


@contextmanager
def dashboard(storage: Path) -> Iterator[str]:
    """The address of an optuna-dashboard that shows a storage."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("optuna-dashboard")
    process = subprocess.Popen(
        [program, storage, "--port", str(port), "--server", "wsgiref"], stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while True:
            try:
                get(f"{address}/api/studies")
                break
            except URLError:
                assert process.poll() is None, "optuna-dashboard has not started"
                assert time.monotonic() < until, "optuna-dashboard does not answer"
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.loads(answer.read())


def test_pruned_trials_of_the_torch_example_are_shown_as_pruned(tmp_path: Path) -> None:
    storage = tmp_path / "digits.journal"
    options = "--backend keras_tuner --pruner hyperband --trials 8 --json --storage"
    done = subprocess.run(
        [sys.executable, "-m", "crosstune", "run", EXAMPLE, *options.split(), storage],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)["trials"]
    assert counts.get("pruned", 0) >= 1
    assert counts["complete"] + counts["pruned"] == 8

    with dashboard(storage) as address:
        (study,) = get(f"{address}/api/studies")["study_summaries"]
        trials = get(f"{address}/api/studies/{study['study_id']}")["trials"]
        states = [trial["state"] for trial in trials]
        assert states.count("Pruned") == counts["pruned"]
        for trial in trials:  # a pruned one has stopped before the last epoch
            assert (len(trial["intermediate_values"]) < 12) == (trial["state"] == "Pruned")
        with browser() as page:
            page.goto(f"{address}/dashboard/studies/{study['study_id']}/trials")
            page.get_by_text("Trial 7", exact=True).first.wait_for()
            for number, state in enumerate(states):
                shown = re.compile(rf"Trial {number}\s*{state}\b")
                expect(page.locator("body")).to_have_text(shown, use_inner_text=True)
            take_picture(page, "dashboard-trials", tmp_path)
