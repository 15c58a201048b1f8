"""The private names of Keras Tuner in adapters/keras_tuner/private.py are where they were."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from crosstune import Float, Int, Space, adapters

ADAPTER = adapters.get("keras_tuner")  # chooses a Keras backend that is installed

import keras_tuner as kt  # noqa: E402
from keras_tuner.engine import hyperparameters as kinds  # noqa: E402

from crosstune.adapters.keras_tuner import private  # noqa: E402

WING = Path(private.__file__).parent
OVERRIDDEN = {
    "super()._make_gpr",
    "super()._populate_initial_space",
    "super()._build_hypermodel",
}
SPACE = Space({"n": Int(1, 4), "x": Float(0, 1)})


def oracle(algorithm: str = "random") -> Any:
    engine = ADAPTER.engine(algorithm, SPACE, seed=1, maximize=False, options={})
    return engine.native


def test_an_oracle_is_forgotten() -> None:
    made = oracle()
    made.create_trial("a")
    held = (private.oracle_module.LOCKS, private.oracle_module.THREADS)
    assert all(made in oracles for oracles in held)
    private.forget(made)
    assert not any(made in oracles for oracles in held)


def test_the_lock_is_released_when_a_call_raises() -> None:
    made = oracle()
    with pytest.raises(ZeroDivisionError), private.released_lock(made):
        private.oracle_module.LOCKS[made].acquire()
        private.oracle_module.THREADS[made] = object()
        raise ZeroDivisionError
    assert not private.oracle_module.LOCKS[made].locked()
    assert private.oracle_module.THREADS[made] is None


def test_no_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plain = kt.RandomSearch(
        lambda hp: None, objective=kt.Objective("value", "min"), max_trials=3,
        hyperparameters=ADAPTER.compile(SPACE), directory=".", project_name="p",
    ).oracle  # fmt: skip
    before = set(tmp_path.rglob("*"))
    private.write_no_files(plain)
    trial = plain.create_trial("a")
    plain.update_trial(trial.trial_id, {"value": 1.0})
    trial.status = "COMPLETED"
    plain.end_trial(trial)
    assert set(tmp_path.rglob("*")) == before


def test_a_grid_goes_on_from_running_trials() -> None:
    made = oracle("grid")
    assert [made.create_trial(name).status for name in "ab"] == ["RUNNING", "RUNNING"]
    assert made.create_trial("c").status == "IDLE"
    private.continue_from_running_trials(made)
    assert made.create_trial("c").status == "RUNNING"


def test_points_that_are_noted_are_not_drawn_again() -> None:
    small = Space({"n": Int(1, 2)})
    made = ADAPTER.engine("random", small, seed=1, maximize=False, options={}).native
    private.note_tried(made, [{"n": 0}])
    assert made.create_trial("a").hyperparameters.values == {"n": 1}


def test_the_hash_of_values_tells_points_apart() -> None:
    made = oracle()
    one, same, other = ({"n": 0, "x": 0.5}, {"x": 0.5, "n": 0}, {"n": 1, "x": 0.5})
    assert private.values_hash(made, one) == private.values_hash(made, same)
    assert private.values_hash(made, one) != private.values_hash(made, other)


def test_a_grid_finds_its_place_again() -> None:
    made = oracle("grid")
    for name in "ab":
        trial = made.create_trial(name)
        made.update_trial(trial.trial_id, {"objective": 1.0})
        trial.status = "COMPLETED"
        made.end_trial(trial)
    following = made.create_trial("c").hyperparameters.values
    made = oracle("grid")
    for name in "ab":
        trial = made.create_trial(name)
        made.update_trial(trial.trial_id, {"objective": 1.0})
        trial.status = "COMPLETED"
        made.end_trial(trial)
    private.find_place(made)
    assert made.create_trial("c").hyperparameters.values == following


def test_a_condition_takes_a_parent_and_its_values() -> None:
    condition = private.Parent("p", ["a"])
    held = kinds.Int("x", 0, 1, conditions=[condition])
    assert (held.conditions[0].name, held.conditions[0].values) == ("p", ["a"])


def test_the_bayesian_oracle_makes_its_regressor_where_ours_does() -> None:
    pytest.importorskip("sklearn")
    made = oracle("bayesian")
    assert type(made._make_gpr()).__name__ == "QuickRegressor"
    assert type(made.gpr) is type(made._make_gpr())
    regressor = made.gpr.fit([[0.1], [0.7]], [1.0, 3.0])
    assert private.normalisation(regressor) == (1.0, 2.0)


def test_the_methods_that_a_tuner_overrides_and_calls_are_there() -> None:
    for name in (
        "_populate_initial_space",
        "_build_hypermodel",
        "_get_checkpoint_fname",
        "_get_build_config_fname",
    ):
        assert callable(getattr(kt.Tuner, name))


def test_no_other_file_of_the_wing_uses_a_private_name() -> None:
    library = r"\b(oracle|self\.native|keras_tuner|oracles|regressor|super\(\))(\.\w+)*\._[a-z]\w*"
    for file in WING.rglob("*.py"):
        if file.name != "private.py":
            found = {match[0] for match in re.finditer(library, file.read_text())}
            assert found <= OVERRIDDEN, file
