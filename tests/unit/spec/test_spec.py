from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crosstune import Space, Spec
from crosstune.errors import RequestError, SpecError, no_such
from crosstune.spec.spec import load

SPACE = {"x": {"type": "float", "low": -1, "high": 1}, "c": {"type": "choice", "values": [1, 2]}}


def test_what_is_left_out_has_its_default() -> None:
    spec = Spec(space=SPACE)
    assert spec.to_dict() == {"name": "study", "space": Space(SPACE).to_dict()}


def test_a_metric_may_be_a_name_alone() -> None:
    assert Spec(space=SPACE, metric="loss").metric.direction == "minimize"


def test_a_sampler_may_be_a_name_alone() -> None:
    assert Spec(space=SPACE, sampler="tpe").sampler.options == {}


def test_a_sampler_s_options_stand_beside_its_name() -> None:
    spec = Spec(space=SPACE, sampler={"name": "tpe", "n_startup_trials": 5})
    assert spec.sampler.options == {"n_startup_trials": 5}


def test_whole_seconds_are_seconds() -> None:
    assert Spec(space=SPACE, seconds=3).seconds == 3.0


def test_start_points_take_the_types_of_the_space() -> None:
    assert [type(v) for v in Spec(space=SPACE, start=[{"x": 1, "c": 2.0}]).points[0].values()] == [
        float,
        int,
    ]


def test_a_file_without_a_name_is_called_after_itself(tmp_path: Path) -> None:
    path = tmp_path / "digits.v2.yaml"
    path.write_text("space: {x: {type: bool}}")
    assert Spec.load(path).name == "digits.v2"


def test_a_spec_remembers_the_folder_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("space: {x: {type: bool}}")
    assert Spec.load(path).folder == tmp_path.resolve()


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(ValueError):
        Spec(space=SPACE).trials = 3


def test_a_mapping_and_a_spec_are_loaded_alike() -> None:
    assert load({"space": SPACE}).to_dict() == load(Spec(space=SPACE)).to_dict()


def test_something_else_is_no_spec() -> None:
    with pytest.raises(RequestError, match="a spec, its file or a mapping is needed, not 3"):
        load(3)  # type: ignore[arg-type]


FAULTS: list[tuple[dict[str, Any], tuple[str | int, ...], str]] = [
    ({"trails": 3}, ("trails",), "Did you mean 'trials'"),
    ({"trials": 0}, ("trials",), "a number of 1 or more is needed, not 0"),
    ({"trials": "3"}, ("trials",), 'an integer is needed, not "3"'),
    ({"trials": True}, ("trials",), "an integer is needed, not true"),
    ({"trials": 1.5}, ("trials",), "an integer is needed, not 1.5"),
    ({"seconds": -1}, ("seconds",), "above 0"),
    ({"seconds": float("inf")}, ("seconds",), "finite"),
    ({"seed": 0.5}, ("seed",), "an integer is needed"),
    ({"name": ""}, ("name",), "a letter or more"),
    ({"name": 3}, ("name",), "a string is needed"),
    ({"metric": {"name": "a", "direction": "maximise"}}, ("metric", "direction"), "'maximize'?"),
    ({"metric": {"nam": "a"}}, ("metric", "nam"), "Did you mean 'name'"),
    ({"metric": 3}, ("metric",), "a name, or a mapping with a name"),
    ({"sampler": {"n": 3}}, ("sampler",), "'name' is missing"),
    ({"sampler": None}, ("sampler",), "a name, or a mapping with a name"),
    ({"backend": ["a"]}, ("backend",), "a string is needed"),
    ({"objective": 3}, ("objective",), "a string is needed"),
    ({"start": {"x": 1}}, ("start",), "a list is needed"),
    ({"start": [3]}, ("start", 0), "a mapping is needed"),
    ({"start": [{}, {"x": 2}]}, ("start", 1, "x"), "not in the range"),
    ({"start": [{"y": 2}]}, ("start", 0, "y"), "no parameter 'y'"),
    ({"start": "default"}, ("start",), "no start point 'default'. Known: defaults. Did you mean"),
    ({"start": [{}, "Defaults"]}, ("start", 1), "no start point 'Defaults'"),
    ({"start": ["defaults", {}, "defaults"]}, ("start", 2), '"defaults" is there twice'),
    ({"space": {}}, ("space",), "the space is empty"),
    ({"space": {"x": {"type": "float", "low": 0}}}, ("space", "x"), "'high' is missing"),
]


@pytest.mark.parametrize(("keys", "path", "words"), FAULTS, ids=lambda x: str(x)[:50])
def test_a_fault_is_named_and_placed(
    keys: dict[str, Any], path: tuple[str | int, ...], words: str
) -> None:
    with pytest.raises(SpecError) as refused:
        Spec(**{"space": SPACE, **keys})
    assert (refused.value.path, words in str(refused.value)) == (path, True), str(refused.value)


@pytest.mark.parametrize("start", ["defaults", ["defaults", {"x": 0.5}], [{"x": 0.5}, "defaults"]])
@pytest.mark.parametrize("ending", ["yaml", "toml", "json"])
def test_the_default_values_are_a_start_point(start: Any, ending: str, tmp_path: Path) -> None:
    spec = Spec(space=SPACE, start=start)
    assert spec.to_dict()["start"] == start
    assert spec.points == [point for point in start if isinstance(point, dict)]
    spec.save(tmp_path / f"study.{ending}")
    assert Spec.load(tmp_path / f"study.{ending}").start == spec.start
    assert Spec(space=SPACE, start=["defaults"]) == Spec(space=SPACE, start="defaults")


def test_a_spec_needs_a_space() -> None:
    with pytest.raises(SpecError, match="'space' is missing"):
        Spec(name="a")


def test_a_long_list_of_names_is_cut_short() -> None:
    text = no_such("name", "abd", ["abc", *(f"n{i}" for i in range(100))])
    assert text.endswith("and 61 more. Did you mean 'abc'?")
