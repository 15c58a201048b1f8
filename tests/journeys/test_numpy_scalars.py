"""numpy's scalars in every public argument: what comes of them is what comes of Python's."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

import crosstune
from crosstune import Choice, Float, Space, callbacks, samplers
from crosstune.adapters.keras_tuner.library import TrueSeed
from crosstune.engines.record_names import RUNS
from crosstune.errors import CrosstuneError
from crosstune.integrations.search_cv.values import Values
from crosstune.study.storage import open_storage
from crosstune.system.scalars import plain
from tests.support.numpy_doors import DOORS, WITHOUT_SCALARS, asked
from tests.support.slow import slow_but, slow_but_first

INTEGERS = [
    np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64, np.intp,
    np.longlong,
]  # fmt: skip
FLOATS = [np.float16, np.float32, np.float64, np.longdouble]
SCALARS = [*INTEGERS, *FLOATS, np.bool_, np.str_]


def as_numpy(value: Any) -> Any:
    """The value with every scalar in it as an array without dimensions; keys as numpy's strings.

    Of all that `plain` takes, nothing is less like a scalar of Python.
    """
    match value:
        case dict():
            return {np.str_(key): as_numpy(held) for key, held in value.items()}
        case list() | tuple():
            return type(value)(map(as_numpy, value))
        case bool() | int() | float() | str():
            return np.array(value)
    return value


def check_python(value: Any) -> None:
    """Fail for anything but plain values of Python."""
    match value:
        case dict():
            for key, held in value.items():
                check_python(key)
                check_python(held)
        case list() | tuple():
            for held in value:
                check_python(held)
        case _:
            assert type(value) in (bool, int, float, str, type(None), TrueSeed), repr(value)


def outcome(call: Callable[..., Any], folder: Path, **given: Any) -> Any:
    try:
        found = call(folder, **given)
    except CrosstuneError as error:
        return f"{type(error).__name__}: {error}"
    check_python(found)
    return _without_times(found)


TIMES = ("made_on", "crosstune", "display")


def _without_times(found: Any) -> Any:
    match found:
        case dict():
            return {k: _without_times(v) for k, v in found.items() if k not in TIMES}
        case list() | tuple():
            return [_without_times(held) for held in found]
    return found


ARGUMENTS = [(name, key) for name, door in DOORS.items() for key in door.examples]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "key"),
    # `compare` takes seconds.
    slow_but(ARGUMENTS, [each for each in ARGUMENTS if each[0] != "compare"]),
    ids=lambda each: str(each),
)
def test_every_argument_takes_numpys_scalars_for_pythons(
    name: str, key: str, tmp_path: Path
) -> None:
    door, found = DOORS[name], []
    for form in (lambda value: value, as_numpy):
        folder = tmp_path / str(len(found))
        folder.mkdir()
        told = outcome(door.call, folder, **{key: form(door.examples[key])})
        found.append(str(told).replace(str(folder), ""))
    assert found[0] == found[1]


@pytest.mark.parametrize("name", DOORS)
def test_every_argument_has_an_example(name: str) -> None:
    door = DOORS[name]
    signature = inspect.signature(door.of).parameters
    missing = signature.keys() - door.examples.keys() - door.others
    assert not missing, f"give an example for {missing}"


def test_every_public_callable_is_a_door() -> None:
    public = [*crosstune.__all__, *samplers.__all__, *callbacks.__all__]
    modules = {"adapters", "checkpoints", "samplers"}
    assert set(public) - modules - DOORS.keys() - WITHOUT_SCALARS == set()


@pytest.mark.parametrize("kind", SCALARS)
def test_every_type_of_numpy_becomes_pythons(kind: Any) -> None:
    value = kind("2") if kind is np.str_ else kind(1)
    for given in (value, np.array(value), np.array(value, dtype=object)):
        found = plain({"a": [given, (given,)]})
        check_python(found)
        assert found == {"a": [value, (value,)]}


def test_what_holds_no_scalar_of_numpy_stays_the_same_object() -> None:
    given = {"a": [1, (2.0, None)], "b": np.zeros(2), "c": object()}
    assert plain(given) is given


@pytest.mark.parametrize(
    "backend", slow_but_first(["optuna", "hyperopt", "keras_tuner", "crosstune"])
)
def test_a_choice_of_every_type_is_stored_as_pythons(backend: str, tmp_path: Path) -> None:
    space: dict[str, Any] = {"x": Float(0, 1)}
    for i, kind in enumerate(SCALARS):
        space[f"a{i}"] = Choice([kind(0), kind(1)])
    study = crosstune.tune(
        {"space": space},
        lambda params: params["x"],
        backend=backend,
        sampler="random",
        trials=2,
        storage=tmp_path / "s.journal",
    )
    check_python([t.params for t in study.trials])


@pytest.mark.parametrize("kind", SCALARS)
def test_a_grid_of_every_type_is_held_as_pythons(kind: Any) -> None:
    given = [kind("1"), kind("2")] if kind is np.str_ else [kind(0), kind(1)]
    values = Values(given, "a")
    check_python(values.parameter.to_dict())
    pairs = zip(values.parameter.values, given, strict=True)
    assert all(values(held) is value for held, value in pairs)


def test_values_and_metrics_of_every_type_are_kept(tmp_path: Path) -> None:
    kinds = [*INTEGERS, *FLOATS]

    def objective(params: Any, trial: optuna.Trial) -> Any:
        kind = kinds[trial.number // 2]
        wrap: Any = np.array if trial.number % 2 else lambda value: value
        trial.report(kind(2), int(kind(1)))
        more = {"f1": wrap(kind(1)), "good": np.bool_(True), "name": np.str_("a")}
        return {"loss": wrap(kind(3)), **more}

    study = crosstune.tune(
        {"space": {"x": Float(0, 1)}, "metric": "loss", "sampler": "random"},
        objective,
        trials=2 * len(kinds),
        storage=tmp_path / "s.journal",
    )
    for trial in study.trials:
        assert (trial.value, trial.intermediate_values) == (3.0, {1: 2.0})
        attrs = {name: trial.user_attrs[name] for name in ("f1", "good", "name")}
        check_python(attrs)
        assert attrs == {"f1": 1, "good": True, "name": "a"}


def test_a_truth_value_of_numpy_is_no_metric() -> None:
    with pytest.raises(CrosstuneError, match="returned True"):
        crosstune.tune({"space": {"x": Float(0, 1)}}, lambda params: np.bool_(True), trials=1)


@pytest.mark.parametrize("kind", SCALARS)
def test_points_of_every_type_are_points_of_a_space(kind: Any) -> None:
    value = kind("1") if kind is np.str_ else kind(1)
    item = Choice([plain(value), "other"])
    space = Space({"c": item})
    assert item.contains(value)
    for given in (value, np.array(value)):
        found = space.check_point({"c": given})
        check_python(found)
        assert found == {"c": plain(value)}


def test_a_record_of_numpys_seed_is_read_again(tmp_path: Path) -> None:
    storage = open_storage(tmp_path / "s.journal")
    study = optuna.create_study(
        storage=storage, sampler=samplers.HyperoptSampler(seed=np.uint8(3)), study_name="s"
    )
    asked(study)
    again = optuna.load_study(study_name="s", storage=open_storage(tmp_path / "s.journal"))
    assert again.user_attrs[RUNS][0]["seed"] == 3
