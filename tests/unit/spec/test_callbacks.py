"""Callbacks that a spec names are called after each trial, as Optuna calls its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import crosstune
from crosstune.errors import SpecError

MODULE = """
SEEN = []


def note(study, trial):
    SEEN.append(trial.number)


class Stops:
    entered = 0

    def __init__(self, after=2):
        self.after = after

    def __enter__(self):
        Stops.entered += 1
        return self

    def __exit__(self, *error):
        Stops.entered += 10

    def __call__(self, study, trial):
        if trial.number + 1 >= self.after:
            study.stop()


def broken():
    pass


value = 3


class Raises:
    def __init__(self):
        raise ValueError("no logs here")
"""


def spec(folder: Path, module: str, *callbacks: Any) -> crosstune.Spec:
    (folder / f"{module}.py").write_text(MODULE)
    named = [
        {**item, "name": f"{module}:{item['name']}"}
        if isinstance(item, dict)
        else f"{module}:{item}"
        for item in callbacks
    ]
    return crosstune.Spec(
        space={"x": crosstune.Float(0, 1)}, trials=5, seed=0, callbacks=named, folder=folder
    )


def test_a_function_and_a_class_with_options_are_called(tmp_path: Path) -> None:
    made = spec(tmp_path, "spec_callbacks_a", "note", {"name": "Stops", "after": 3})
    study = crosstune.tune(made, lambda params: params["x"])
    assert len(study.trials) == 3
    import spec_callbacks_a

    assert spec_callbacks_a.SEEN == [0, 1, 2]
    assert spec_callbacks_a.Stops.entered == 11


def test_callbacks_are_part_of_the_file(tmp_path: Path) -> None:
    made = spec(tmp_path, "spec_callbacks_b", "note", {"name": "Stops", "after": 3})
    made.save(tmp_path / "spec.yaml")
    assert crosstune.Spec.load(tmp_path / "spec.yaml").callbacks == made.callbacks


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("nothing", "no name 'nothing'"),
        ("value", "cannot be called with a study and a trial"),
        ({"name": "note", "after": 3}, "is no class, so it takes no options"),
        ({"name": "Stops", "afterr": 3}, "Stops() failed"),
        ("Raises", "no logs here"),
    ],
)
def test_a_callback_that_cannot_be_made_is_refused_before_any_trial(
    tmp_path: Path, entry: Any, words: str, request: pytest.FixtureRequest
) -> None:
    module = f"spec_callbacks_{request.node.callspec.indices['entry']}"
    with pytest.raises(SpecError) as refused:
        crosstune.tune(spec(tmp_path, module, entry), lambda params: 1 / 0)
    assert words in str(refused.value)
