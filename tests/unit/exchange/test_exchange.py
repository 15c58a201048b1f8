"""What is exported comes back: every format, on every engine, with every kind of trial."""

from __future__ import annotations

import doctest
import functools
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

import crosstune
from crosstune import Spec, adapters, samplers
from crosstune.adapters.hyperopt import exporting as to_hyperopt
from crosstune.engines.record_names import SPACE
from crosstune.errors import RequestError, StudyExists, UnknownName
from crosstune.exchange import IMPORTED, formats
from crosstune.study.storage import open_storage
from crosstune.system import atomic_write as placing

ENGINES = ("optuna", "hyperopt", "keras_tuner")
KINDS = ("declared", "define-by-run")

SPACE_OF_ALL_KINDS = {
    "model": {"type": "choice", "values": ["mlp", "tree", None]},
    "optimizer": {"type": "choice", "values": ["sgd", 'a "b", c\n', 3], "when": {"model": "mlp"}},
    "momentum": {"type": "float", "low": 0, "high": 1, "step": 0.1, "when": {"optimizer": "sgd"}},
    "depth": {"type": "int", "low": 2, "high": 8, "step": 2, "when": {"model": ["tree", None]}},
    "lr": {"type": "float", "low": 1e-5, "high": 1, "log": True},
    "alike": {"type": "choice", "values": [1, True, "1", "None", None, 2.5]},
    "units": {"type": "int", "low": 1, "high": 64, "log": True},
    "flag": {"type": "bool"},
    "fixed": {"type": "constant", "value": 5},
    "fixed_too": {"type": "constant", "value": None},
}
UNUSUAL = [(1, 2), (3,), "(1, 2)", None, 0.5, True]


def spec(direction: str = "maximize", **space: Any) -> Spec:
    return Spec(
        name="all kinds",
        metric={"name": "score", "direction": direction},
        seed=3,
        space=space or SPACE_OF_ALL_KINDS,
    )


def declared_objective(params: dict[str, Any], trial: Trial) -> dict[str, Any]:
    trial.report(params["lr"] / 2, 1)
    trial.report(params["lr"], 3)
    if trial.number == 3:
        raise ValueError("boom")
    if trial.number == 5:
        raise optuna.TrialPruned
    trial.set_user_attr("notes", {"of": [1, "two", None]})
    return {"score": params["lr"], "seconds": 1.5}


def free_objective(trial: Trial) -> float:
    x = trial.suggest_float("x", -2, 2)
    kind = trial.suggest_categorical("kind", UNUSUAL)
    if trial.number == 3:
        raise ValueError("boom")
    if kind in ((1, 2), None, 0.5):
        x += trial.suggest_int("n", 1, 5)
    trial.report(x, 0)
    if trial.number == 5:
        raise optuna.TrialPruned
    return x


def make(engine: str, kind: str, n: int = 12) -> Study:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == "declared":
            return crosstune.tune(spec(), declared_objective, backend=engine, trials=n)
        bridges = {
            "optuna": optuna.samplers.TPESampler(seed=1),
            "hyperopt": samplers.HyperoptSampler(seed=1),
            "keras_tuner": samplers.KerasTunerSampler(seed=1),
        }
        free = optuna.create_study(study_name="free", sampler=bridges[engine])
        free.optimize(free_objective, n_trials=n, catch=(ValueError,))
        return free


@functools.cache
def study(engine: str, kind: str) -> Study:
    made = make(engine, kind)
    states = {trial.state for trial in made.trials}
    assert states == {TrialState.COMPLETE, TrialState.FAIL, TrialState.PRUNED}
    return made


def listed(value: Any) -> Any:
    """As JSON gives it back."""
    return list(value) if isinstance(value, tuple) else value


def record(trial: FrozenTrial, *, as_json: bool = False) -> tuple[Any, ...]:
    change = listed if as_json else lambda value: value
    return (
        trial.number,
        trial.state,
        trial.values,
        {name: (type(change(v)), change(v)) for name, v in trial.params.items()},
        trial.user_attrs,
        trial.intermediate_values,
        trial.datetime_start,
        trial.datetime_complete,
    )


def records(of: Study, *, as_json: bool = False) -> list[tuple[Any, ...]]:
    return [record(trial, as_json=as_json) for trial in of.trials]


@pytest.fixture(params=[(engine, kind) for engine in ENGINES for kind in KINDS], ids="-".join)
def source(request: pytest.FixtureRequest) -> Study:
    return study(*request.param)


@pytest.mark.filterwarnings("ignore:Choices for a categorical distribution")
@pytest.mark.parametrize("format", ["hyperopt", "keras_tuner", "optuna"])
def test_what_is_exported_comes_back(source: Study, format: str, tmp_path: Path) -> None:
    crosstune.export_study(source, tmp_path / "out", format=format)
    back = crosstune.import_study(tmp_path / "out", format=format)
    as_json = format != "hyperopt"  # tuples become lists, as in every storage of Optuna's
    assert records(back, as_json=True) == records(source, as_json=True)
    if not as_json:
        assert records(back) == records(source)
    assert (back.directions, back.study_name) == (source.directions, source.study_name)
    assert back.user_attrs.get(SPACE) == source.user_attrs.get(SPACE)
    assert back.best_trial.number == source.best_trial.number
    assert back.user_attrs[IMPORTED]["from"] == format


def test_what_hyperopt_itself_holds_is_enough_for_values_states_and_times(
    source: Study, tmp_path: Path
) -> None:
    """Without what is kept beside: a pruned trial is then a failed one with its loss."""
    crosstune.export_study(source, tmp_path / "out", format="hyperopt")
    trials = pickle.loads((tmp_path / "out").read_bytes())
    for doc in trials.trials:
        del doc["result"][to_hyperopt.KEY]
    (tmp_path / "out").write_bytes(pickle.dumps(trials))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        back = crosstune.import_study(tmp_path / "out", format="hyperopt")
    for one, other in zip(source.trials, back.trials, strict=True):
        assert other.params == one.params
        assert [type(v) for v in other.params.values()] == [type(v) for v in one.params.values()]
        assert other.datetime_start == one.datetime_start
        if one.state is TrialState.PRUNED:
            sign = -1 if source.direction.name == "MAXIMIZE" else 1
            assert (other.state, other.user_attrs["loss"]) == (TrialState.FAIL, sign * one.value)
        else:
            assert (other.state, other.values) == (one.state, one.values)


def test_what_keras_tuner_itself_holds_is_enough_for_values_and_scores(
    source: Study, tmp_path: Path
) -> None:
    crosstune.export_study(source, tmp_path / "out", format="keras_tuner")
    (tmp_path / "out" / "crosstune.json").unlink()
    given: Any = source.user_attrs.get(SPACE)
    own = (
        None if given is None else Spec(metric={"name": "m", "direction": "maximize"}, space=given)
    )
    back = crosstune.import_study(tmp_path / "out", format="keras_tuner", spec=own)
    for one, other in zip(source.trials, back.trials, strict=True):
        complete = one.state is TrialState.COMPLETE
        assert other.state is (TrialState.COMPLETE if complete else TrialState.FAIL)
        assert other.values == (one.values if complete else None)
        if given is not None:
            assert other.params == one.params
        if complete:
            assert other.intermediate_values == one.intermediate_values


@pytest.mark.parametrize("place", ["sqlite:///{}/new.db", "{}/new.journal"])
def test_an_optuna_storage_is_one_that_optuna_loads(place: str, tmp_path: Path) -> None:
    source = study("hyperopt", "declared")
    place = place.format(tmp_path)
    crosstune.export_study(source, place, format="optuna", name="mine")
    loaded = optuna.load_study(study_name="mine", storage=open_storage(place))
    assert records(loaded) == records(source)
    crosstune.export_study(study("optuna", "declared"), place, format="optuna", name="second")
    assert optuna.get_all_study_names(open_storage(place)) == ["mine", "second"]
    with pytest.raises(StudyExists, match="'mine'"):
        crosstune.export_study(source, place, format="optuna", name="mine")
    crosstune.export_study(source, place, format="optuna", name="second", force=True)
    assert records(crosstune.import_study(place, format="optuna", study_name="second")) == records(
        source
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [place.rpartition("/")[2]]


def test_a_study_replaced_by_itself_is_still_there(tmp_path: Path) -> None:
    place = str(tmp_path / "a.journal")
    source = study("hyperopt", "declared")
    crosstune.export_study(source, place, format="optuna")
    for _ in range(2):
        crosstune.export_study(source.study_name, place, format="optuna", storage=place, force=True)
    assert optuna.get_all_study_names(open_storage(place)) == [source.study_name]
    assert records(crosstune.import_study(place, format="optuna")) == records(source)


def test_an_imported_study_is_resumed_by_any_engine(tmp_path: Path) -> None:
    crosstune.export_study(study("hyperopt", "declared"), tmp_path / "t.pkl", format="hyperopt")
    place = str(tmp_path / "s.journal")
    crosstune.import_study(tmp_path / "t.pkl", format="hyperopt", storage=place)
    for backend, trials in (("keras_tuner", 14), ("optuna", 16), ("hyperopt", 18)):
        resumed = crosstune.tune(
            spec(), declared_objective, backend=backend, storage=place, trials=trials, resume=True
        )
        assert len(resumed.trials) == trials
    assert records(resumed)[:12] == records(study("hyperopt", "declared"))


def test_nothing_is_imported_twice_into_a_study(tmp_path: Path) -> None:
    crosstune.export_study(study("optuna", "declared"), tmp_path / "t.pkl", format="hyperopt")
    place = str(tmp_path / "s.journal")
    crosstune.import_study(tmp_path / "t.pkl", format="hyperopt", storage=place)
    with pytest.raises(StudyExists, match="'all kinds' in .* already"):
        crosstune.import_study(tmp_path / "t.pkl", format="hyperopt", storage=place)
    again = crosstune.import_study(
        tmp_path / "t.pkl", format="hyperopt", storage=place, name="other"
    )
    assert len(again.trials) == 12


def test_a_spec_gives_a_plain_study_its_space(tmp_path: Path) -> None:
    plain = optuna.create_study(study_name="plain", direction="maximize")
    plain.optimize(lambda t: t.suggest_float("x", 0, 1) + t.suggest_int("n", 1, 3), n_trials=4)
    plain.ask()
    crosstune.export_study(plain, tmp_path / "p.journal", format="optuna")
    x = {"type": "float", "low": -1, "high": 2}
    wide = spec(x=x, n={"type": "int", "low": 1, "high": 4})
    back = crosstune.import_study(tmp_path / "p.journal", format="optuna", spec=wide)
    assert [t.params for t in back.trials] == [t.params for t in plain.trials[:4]]
    assert back.trials[0].distributions["n"].high == 4
    assert back.user_attrs[SPACE] == wide.space.to_dict()
    assert back.user_attrs[IMPORTED]["notes"] == ["1 unfinished trials are left out"]
    narrow = spec(x=x, n={"type": "int", "low": 1, "high": 1})
    with pytest.raises(RequestError, match=r"trial \d is not a point of the space: n: "):
        crosstune.import_study(tmp_path / "p.journal", format="optuna", spec=narrow)
    down = spec("minimize", x=x)
    with pytest.raises(RequestError, match="made to maximize, and the spec says minimize"):
        crosstune.import_study(tmp_path / "p.journal", format="optuna", spec=down)


@pytest.mark.parametrize("format", ["hyperopt", "keras_tuner"])
def test_unfinished_trials_are_left_out_and_this_is_said(
    format: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = optuna.create_study()
    source.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    source.ask()
    source.enqueue_trial({"x": 0.5})
    source.add_trial(source.trials[0])
    crosstune.export_study(source, tmp_path / "out", format=format)
    assert "2 unfinished trials are left out" in caplog.messages
    back = crosstune.import_study(tmp_path / "out", format=format)
    assert [t.params for t in back.trials] == [source.trials[i].params for i in (0, 1, 4)]


@pytest.mark.parametrize("format", ["hyperopt", "keras_tuner"])
def test_several_objectives_become_one_value_where_there_is_one(
    format: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = optuna.create_study(study_name="two", directions=["minimize", "maximize"])
    source.set_metric_names(["loss", "speed"])
    source.optimize(lambda t: (t.suggest_float("x", 0, 1), t.number), n_trials=3)
    crosstune.export_study(source, tmp_path / "out", format=format)
    assert "chebyshev value of loss, speed under equal weights" in caplog.text
    back = crosstune.import_study(tmp_path / "out", format=format)
    assert back.direction.name == "MINIMIZE"
    losses = np.array([t.values for t in source.trials]) * [1, -1]
    low, high = losses.min(axis=0), losses.max(axis=0)
    halves = (losses - low) / (high - low) / 2
    expected = halves.max(axis=1) + 0.05 * halves.sum(axis=1)
    assert [t.value for t in back.trials] == pytest.approx(expected.tolist())
    assert [t.user_attrs["speed"] for t in back.trials] == [0, 1, 2]
    crosstune.export_study(source, tmp_path / "whole", format="optuna")
    back = crosstune.import_study(tmp_path / "whole", format="optuna")
    assert records(back) == records(source)


@pytest.mark.parametrize("format", formats.exports())
def test_a_study_without_trials_is_exported(format: str, tmp_path: Path) -> None:
    crosstune.export_study(crosstune.create_study(spec()), tmp_path / "out", format=format)
    if format != "csv":
        back = crosstune.import_study(tmp_path / "out", format=format)
        assert (back.trials, back.direction.name) == ([], "MAXIMIZE")


@pytest.mark.parametrize("format", formats.exports())
def test_infinite_values_and_undefined_reports_come_back(format: str, tmp_path: Path) -> None:
    source = optuna.create_study(direction="maximize")

    def objective(trial: Trial) -> float:
        trial.report([float("nan"), float("inf"), -1.0][trial.number], 7)
        trial.suggest_float("x", 0, 1)
        return [float("inf"), float("-inf"), 0.0][trial.number]

    source.optimize(objective, n_trials=3)
    crosstune.export_study(source, tmp_path / "out", format=format)
    if format != "csv":
        back = crosstune.import_study(tmp_path / "out", format=format)
        assert repr(records(back)) == repr(records(source))


@pytest.mark.parametrize("format", ["hyperopt", "keras_tuner", "csv"])
def test_what_is_there_is_replaced_by_force_alone(format: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    crosstune.export_study(study("optuna", "define-by-run"), out, format=format)
    with pytest.raises(RequestError, match="is there already.*--force"):
        crosstune.export_study(study("hyperopt", "declared"), out, format=format)
    crosstune.export_study(study("hyperopt", "declared"), out, format=format, force=True)
    if format != "csv":
        assert crosstune.import_study(out, format=format).study_name == "all kinds"
    assert list(tmp_path.iterdir()) == [out]


def test_no_folder_but_a_project_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    for format in ("hyperopt", "keras_tuner", "csv"):
        with pytest.raises(RequestError, match="so it is not replaced"):
            crosstune.export_study(
                study("optuna", "declared"), tmp_path / "mine", format=format, force=True
            )
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "years of work"


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("before")
    with (
        pytest.raises(RequestError, match="cannot be written: No space"),
        placing.placed(tmp_path / "out", force=True) as part,
    ):
        part.write_text("half")
        raise OSError(28, "No space left on device")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("out", "before")]


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("before")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    crosstune.export_study(study("optuna", "declared"), tmp_path / "link", format="csv", force=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text().startswith("number,")


def test_options_of_another_format_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'hyperopt'"):
        crosstune.export_study(study("optuna", "declared"), tmp_path / "x", format="hyperopts")
    with pytest.raises(RequestError, match="metric is for keras_tuner"):
        crosstune.export_study(
            study("optuna", "declared"), tmp_path / "x", format="csv", metric="a"
        )
    with pytest.raises(RequestError, match="space is for hyperopt"):
        crosstune.import_study(tmp_path / "x", format="optuna", space={})
    with pytest.raises(UnknownName, match="no format 'csv'"):
        crosstune.import_study(tmp_path / "x", format="csv")


@pytest.mark.parametrize("format", ["keras_tuner", "optuna"])
def test_nothing_but_the_hyperopt_format_unpickles(format: str, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "exploded",)

    (tmp_path / "bomb.pkl").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(RequestError):
        crosstune.import_study(tmp_path / "bomb.pkl", format=format)
    assert not (tmp_path / "exploded").exists()


def test_the_examples_in_the_docstrings_run(tmp_path: Path) -> None:
    names = {"crosstune": crosstune, "folder": tmp_path}
    for module, least in ((formats, 4), (to_hyperopt, 5)):
        done = doctest.testmod(module, extraglobs=names)
        assert (done.failed, done.attempted >= least) == (0, True)


def test_every_backend_of_the_formats_is_an_adapter() -> None:
    assert set(formats.imports()) == {"hyperopt", "keras_tuner", "optuna"} < set(adapters.names())
    assert set(formats.exports()) == {"hyperopt", "keras_tuner", "optuna", "csv"}
