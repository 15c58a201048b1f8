"""The examples run on every backend; in full, the tuned model beats the default settings.

pytest -m slow tests/journeys/test_examples.py    # the full runs, about five minutes on two cores
"""

from __future__ import annotations

import importlib
import io
import shutil
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest
from rich.console import Console

import crosstune
from crosstune import Spec
from crosstune.cli.outcome import Result
from crosstune.cli.run import run_spec
from crosstune.spec import files as specfile
from crosstune.tuning.request import StudyRequest

EXAMPLES = Path(__file__).parents[2] / "examples"
BACKENDS = ("optuna", "hyperopt", "keras_tuner")
NEEDS = {"digits": "torch", "digits_keras": "keras", "boosting": "sklearn"}
IN_BRIEF = {"digits": "optuna", "digits_keras": "keras_tuner", "boosting": "hyperopt"}
EACH = pytest.mark.parametrize("name", NEEDS)


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    yield
    for name in (*NEEDS, "paused"):
        sys.modules.pop(name, None)


def skip_without(name: str) -> None:
    """Does not import: only the example knows which backend Keras may use."""
    if find_spec(NEEDS[name]) is None:
        pytest.skip(f"{NEEDS[name]} is not installed")


def imported(name: str) -> ModuleType:
    skip_without(name)
    return importlib.import_module(name)


def run(file: Path, backend: str, folder: Path) -> tuple[Result, str]:
    text = io.StringIO()
    request = StudyRequest(spec=file, backend=backend, storage=str(folder / f"{backend}.journal"))
    return run_spec(request, Console(file=text, width=300)), text.getvalue()


def scores_on_the_test_part(printed: str) -> dict[str, float]:
    (line,) = [line for line in printed.splitlines() if "held out for the test: " in line]
    pairs = line.split("held out for the test: ")[1].split(", ")
    return {name: float(value) for name, value in (pair.split() for pair in pairs)}


def test_the_example_of_a_paused_training_continues_it(tmp_path: Path) -> None:
    if find_spec("torch") is None:
        pytest.skip("torch is not installed")
    scheduler = {"name": "i-epoch", "max_epochs": 3, "first": 2, "finalists": 1}
    study = crosstune.tune(
        EXAMPLES / "paused.yaml", trials=2, scheduler=scheduler, storage=tmp_path / "s.journal"
    )
    assert [list(trial.intermediate_values) for trial in study.trials] == [[0, 1], [0, 1], [2]]


@pytest.mark.parametrize(
    ("name", "backend"),
    [
        # Each example once, and each backend once, by default.
        (name, backend)
        if IN_BRIEF[name] == backend
        else pytest.param(name, backend, marks=pytest.mark.slow)
        for name in NEEDS
        for backend in BACKENDS
    ],
)
def test_an_example_runs_with_tiny_settings(name: str, backend: str, tmp_path: Path) -> None:
    skip_without(name)
    shutil.copy(EXAMPLES / f"{name}.py", tmp_path)
    keys = specfile.read(EXAMPLES / f"{name}.yaml").data
    keys["trials"] = 3
    if "epochs" in keys["space"]:
        keys["space"]["epochs"]["value"] = keys["start"][0]["epochs"] = 1
    Spec(**keys).save(tmp_path / f"{name}.yaml")

    result, printed = run(tmp_path / f"{name}.yaml", backend, tmp_path)

    assert result.exit_status == 0, printed
    assert result.summary["trials"].get("failed", 0) == 0
    assert sum(result.summary["trials"].values()) == 3
    again = sys.modules[name].test(result.summary["best_params"])
    assert scores_on_the_test_part(printed) == pytest.approx(again, rel=1e-5)


@EACH
def test_the_first_trial_is_the_default_settings(name: str) -> None:
    defaults = imported(name).defaults
    spec = Spec.load(EXAMPLES / f"{name}.yaml")
    assert spec.points == [spec.space.check_point(defaults, complete=True)]


@EACH
def test_a_model_is_the_same_each_time(name: str) -> None:
    module = imported(name)
    epochs = {"epochs": 1} if "epochs" in module.defaults else {}
    assert module.test({**module.defaults, **epochs}) == module.test({**module.defaults, **epochs})


@pytest.mark.parametrize("name", ["digits", "digits_keras"])
def test_the_three_parts_share_no_image(name: str) -> None:
    parts = imported(name).parts()
    rows = [tuple(image.flatten().tolist()) for x, _ in parts.values() for image in x]
    assert len(rows) == 640 + 500 + 657
    assert len(set(rows)) == len(rows)


def test_every_block_and_head_of_the_digits_network_can_be_built() -> None:
    module = imported("digits")
    spec = Spec.load(EXAMPLES / "digits.yaml")
    import numpy as np

    rng = np.random.default_rng(0)
    points = [spec.space.sample(rng) for _ in range(60)]
    assert {point["block"] for point in points} == {"plain", "residual"}
    assert {point.get("head_layers") for point in points} == {None, 1, 2, 3}
    images = module.parts()["valid"][0][:4]
    for point in points:
        layers = [m for m in module.network(point) if type(m).__name__ == "Linear"]
        assert len(layers) == 1 + point.get("head_layers", 0)
        assert module.network(point)(images).shape == (4, 10)


@pytest.mark.parametrize(
    ("page", "name"),
    [("iris", "iris"), ("digits", "digits"), ("keras", "digits_keras"), ("boosting", "boosting")],
)
def test_a_page_shows_the_spec_as_it_is(page: str, name: str) -> None:
    text = (EXAMPLES.parent / "docs" / f"examples-{page}.md").read_text()
    spec = (EXAMPLES / f"{name}.yaml").read_text()
    shown = text.split("```yaml\n")[1].split("```")[0]
    assert spec.endswith(shown)
    assert shown.startswith("objective:")


@pytest.mark.slow
@EACH
@pytest.mark.parametrize("backend", BACKENDS)
def test_tuned_beats_the_default_settings(name: str, backend: str, tmp_path: Path) -> None:
    module = imported(name)
    spec = Spec.load(EXAMPLES / f"{name}.yaml")
    before = time.monotonic()
    result, printed = run(EXAMPLES / f"{name}.yaml", backend, tmp_path)
    assert sum(result.summary["trials"].values()) == 20
    assert time.monotonic() - before < 600
    tuned = scores_on_the_test_part(printed)[spec.metric.name]
    default = module.test(module.defaults)[spec.metric.name]
    assert tuned > default if spec.metric.direction == "maximize" else tuned < default
