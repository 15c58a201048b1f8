"""Exported trials in Hyperopt's own hands, and Hyperopt's own searches as studies."""

from __future__ import annotations

import datetime
import math
import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import hyperopt
import numpy as np
import optuna
import pytest
from hyperopt import hp
from hyperopt.fmin import generate_trials_to_calculate
from hyperopt.pyll import scope
from optuna.study import Study
from optuna.trial import TrialState

import crosstune
from crosstune import Spec
from crosstune.adapters.hyperopt.exporting import KEY, native_space
from crosstune.engines.record_names import SPACE
from crosstune.errors import RequestError
from crosstune.exchange import IMPORTED
from tests.support.slow import slow_but_first
from tests.unit.exchange.test_exchange import ENGINES, KINDS, UNUSUAL, records, study

SPACE_OF_HYPEROPT = {
    "model": hp.choice(
        "model",
        [
            {"type": "svm", "C": hp.lognormal("C", 0, 1), "shrink": hp.choice("shrink", [True])},
            {
                "type": "tree",
                "depth": scope.int(hp.quniform("depth", 2, 10, 2)),
                "criterion": hp.choice("criterion", ["gini", None, 3, 0.5]),
            },
        ],
    ),
    "lr": hp.loguniform("lr", math.log(1e-4), 0),
    "n": hp.randint("n", 5),
    "q": hp.quniform("q", 0, 1, 0.1),
    "fixed": "always",
}


def loss(params: Any) -> Any:
    if params["n"] == 4:
        return {"status": hyperopt.STATUS_FAIL, "why": "n is 4"}
    return {"status": hyperopt.STATUS_OK, "loss": params["lr"], "epochs": 3, "odd": object()}


@pytest.fixture(scope="module")
def searched() -> hyperopt.Trials:
    trials = hyperopt.Trials()
    hyperopt.fmin(
        loss, SPACE_OF_HYPEROPT, hyperopt.tpe.suggest, 30, trials=trials,
        rstate=np.random.default_rng(1), show_progressbar=False,
    )  # fmt: skip
    return trials


def exported(source: Study, folder: Path) -> hyperopt.Trials:
    crosstune.export_study(source, folder / "trials.pkl", format="hyperopt")
    return pickle.loads((folder / "trials.pkl").read_bytes())


def pickled(trials: Any, folder: Path) -> Path:
    file = folder / "search.pkl"
    file.write_bytes(pickle.dumps(trials))
    return file


# Out.


@pytest.mark.filterwarnings("ignore:Choices for a categorical distribution")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("engine", slow_but_first(ENGINES))
def test_hyperopts_own_tools_read_the_trials(engine: str, kind: str, tmp_path: Path) -> None:
    source = study(engine, kind)
    trials = exported(source, tmp_path)
    up = source.direction.name == "MAXIMIZE"
    assert trials.best_trial["result"]["loss"] == (-1 if up else 1) * source.best_value
    assert trials.best_trial["tid"] == source.best_trial.number
    for trial, doc in zip(source.trials, trials, strict=True):
        inactive = {name for name, val in doc["misc"]["vals"].items() if not val}
        assert inactive.isdisjoint(trial.params)
        assert doc["misc"]["idxs"].keys() == doc["misc"]["vals"].keys()
        complete = trial.state is TrialState.COMPLETE
        assert doc["result"]["status"] == ("ok" if complete else "fail")
        assert ("loss" in doc["result"]) == (trial.state is not TrialState.FAIL)
    # Of a study without a declared space the conditions are the reader's to know.
    space = native_space(trials) if kind == "declared" else by_hand()
    best = flattened(hyperopt.space_eval(space, trials.argmin))
    wanted = {name: v for name, v in source.best_params.items() if name != "alike"}  # JSON text
    assert {name: best[name] for name in wanted} == wanted


def by_hand() -> Any:
    n = hp.quniform("n", 1, 5, 1)
    with_n = ((1, 2), None, 0.5)
    options = [{"kind": v, "n": n} if v in with_n else {"kind": v} for v in UNUSUAL]
    return {"x": hp.uniform("x", -2, 2), "kind": hp.choice("kind", options)}


def flattened(point: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in point.items():
        found |= flattened(value) if isinstance(value, dict) else {name: value}
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_hyperopt_plots_the_trials(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLBACKEND", "Agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    from hyperopt import plotting

    pyplot.switch_backend("Agg")
    pyplot.close("all")
    source = study("hyperopt", kind)
    trials = exported(source, tmp_path)
    valued = [t for t in source.trials if t.value is not None]
    plotting.main_plot_history(trials, do_show=False)
    (points,) = pyplot.gca().collections
    assert len(points.get_offsets()) == len(valued)
    pyplot.close("all")
    plotting.main_plot_histogram(trials, do_show=False)
    assert sum(bar.get_height() for bar in pyplot.gca().patches) == len(valued)
    pyplot.close("all")
    plotting.main_plot_vars(trials, do_show=False)
    shown = {axes.get_title() for axes in pyplot.gcf().axes}
    assert shown == set(trials.miscs[0]["vals"])
    assert shown >= {name for t in source.trials for name in t.params if "fixed" not in name}
    pyplot.close("all")


@pytest.mark.filterwarnings("ignore:Choices for a categorical distribution")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("algo", slow_but_first([hyperopt.tpe.suggest, hyperopt.anneal.suggest]))
def test_fmin_goes_on_from_the_trials_and_what_it_adds_comes_back(
    algo: Any, kind: str, tmp_path: Path
) -> None:
    source = study("optuna", kind)
    trials = exported(source, tmp_path)
    seen = []

    def evaluate(point: Any) -> float:
        seen.append(flattened(point))
        return float(len(seen))

    hyperopt.fmin(
        evaluate, native_space(trials), algo, 30, trials=trials,
        rstate=np.random.default_rng(0), show_progressbar=False,
    )  # fmt: skip
    assert (len(seen), trials.tids) == (18, list(range(30)))
    back = crosstune.import_study(pickled(trials, tmp_path), format="hyperopt")
    assert records(back)[:12] == records(source)
    for point, trial in zip(seen, back.trials[12:], strict=True):
        for name, value in trial.params.items():
            if name not in ("alike", "momentum"):  # held as JSON text; snapped to 0.3
                assert point[name] == value
    if kind == "declared":
        assert [t.value for t in back.trials[12:]] == [-float(i) for i in range(1, 19)]


def test_a_space_without_a_literal_form_is_held_in_the_exact_one(tmp_path: Path) -> None:
    spec = Spec(
        name="exact",
        space={
            "n": {"type": "int", "low": 1, "high": 3},
            "p": {"type": "bool"},
            "w": {"type": "choice", "values": ["a", "b"], "weights": [0.2, 0.8]},
            "g": {"type": "float", "low": 1, "high": 64, "log": True, "step": 2},
            "z": {"type": "normal", "mu": 0, "sigma": 1, "low": -2, "high": 2,
                  "when": {"n": [1, 2], "p": True}},
        },
    )  # fmt: skip
    source = crosstune.tune(spec, lambda params: params["g"], backend="hyperopt", trials=10)
    trials = exported(source, tmp_path)
    assert trials.attachments[KEY]["mode"] == "exact"
    space = native_space(trials)
    for trial, doc in zip(source.trials, trials, strict=True):
        assigned = {name: val[0] for name, val in doc["misc"]["vals"].items() if val}
        point = hyperopt.space_eval(space, assigned)
        shown = {name: value for name, value in point.items() if value is not None}
        assert shown == pytest.approx(trial.params)
    hyperopt.fmin(
        lambda point: point["g"], space, hyperopt.tpe.suggest, 15, trials=trials,
        show_progressbar=False,
    )  # fmt: skip
    back = crosstune.import_study(pickled(trials, tmp_path), format="hyperopt")
    assert records(back)[:10] == records(source)
    assert all(t.value == t.params["g"] for t in back.trials)


def test_the_pickle_is_read_without_crosstune(tmp_path: Path) -> None:
    exported(study("optuna", "declared"), tmp_path)
    code = (
        "import sys, pickle; sys.modules['crosstune'] = sys.modules['optuna'] = None\n"
        "trials = pickle.load(open('trials.pkl', 'rb')); print(len(trials), trials.argmin)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("12 {"), done.stderr


def test_what_was_changed_in_the_trials_is_taken_as_it_is_now(tmp_path: Path) -> None:
    trials = exported(study("optuna", "declared"), tmp_path)
    trials.trials[0]["misc"]["vals"]["lr"] = [0.25]
    trials.trials[1]["result"]["loss"] = -0.75
    back = crosstune.import_study(pickled(trials, tmp_path), format="hyperopt")
    assert back.trials[0].params == {**study("optuna", "declared").trials[0].params, "lr": 0.25}
    assert back.trials[1].value == 0.75
    assert records(back)[2:] == records(study("optuna", "declared"))[2:]


def test_a_trial_that_failed_before_its_first_parameter_has_none(tmp_path: Path) -> None:
    constant = {"type": "constant", "value": 5}
    spec = Spec(space={"x": {"type": "bool"}, "fixed": constant})
    source = crosstune.create_study(spec)
    source.add_trial(optuna.trial.create_trial(state=TrialState.FAIL))
    trials = exported(source, tmp_path)
    del trials.trials[0]["result"][KEY]
    back = crosstune.import_study(pickled(trials, tmp_path), format="hyperopt")
    assert back.trials[0].params == {}


def test_times_are_in_utc_there_and_local_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        source = study("optuna", "declared")
        trials = exported(source, tmp_path)
        begun = source.trials[0].datetime_start
        assert trials.trials[0]["book_time"] == begun - datetime.timedelta(hours=5, minutes=30)
        del trials.trials[0]["result"][KEY]
        back = crosstune.import_study(pickled(trials, tmp_path), format="hyperopt")
        assert back.trials[0].datetime_start == begun
    finally:
        monkeypatch.undo()
        time.tzset()


# In.


def test_a_search_is_read_with_its_hp_space(searched: hyperopt.Trials, tmp_path: Path) -> None:
    back = crosstune.import_study(
        pickled(searched, tmp_path), format="hyperopt", space=SPACE_OF_HYPEROPT
    )
    assert SPACE in back.user_attrs
    assert back.user_attrs[IMPORTED]["notes"] == []
    for doc, trial in zip(searched, back.trials, strict=True):
        assigned = {name: val[0] for name, val in doc["misc"]["vals"].items() if val}
        point = flattened(hyperopt.space_eval(SPACE_OF_HYPEROPT, assigned))
        point["model"] = point.pop("type")
        del point["fixed"]  # as in a study that is tuned by the space
        assert trial.params == pytest.approx(point) if "q" not in point else True
        assert {k: (type(v), v) for k, v in trial.params.items() if k != "q"} == {
            k: (type(v), v) for k, v in {**point, "n": int(point["n"])}.items() if k != "q"
        }
        assert trial.params["q"] == pytest.approx(point["q"])
        if point["n"] == 4:
            assert (trial.state, trial.value) == (TrialState.FAIL, None)
            assert trial.user_attrs == {"why": "n is 4"}
        else:
            assert (trial.state, trial.value) == (TrialState.COMPLETE, point["lr"])
            assert trial.user_attrs == {"epochs": 3}
        assert trial.datetime_complete >= trial.datetime_start
    assert {trial.state for trial in back.trials} == {TrialState.COMPLETE, TrialState.FAIL}
    assert {"svm", "tree"} == {trial.params["model"] for trial in back.trials}


def test_the_study_of_a_search_goes_on_and_its_importances_are_known(
    searched: hyperopt.Trials, tmp_path: Path
) -> None:
    space = crosstune.adapters.get("hyperopt").read(SPACE_OF_HYPEROPT)
    spec = Spec(name="search", space=space.to_dict())
    place = str(tmp_path / "s.journal")
    crosstune.import_study(
        pickled(searched, tmp_path), format="hyperopt", space=SPACE_OF_HYPEROPT, storage=place
    )
    on = crosstune.tune(
        spec, lambda params: params["lr"], backend="optuna", storage=place, trials=35, resume=True
    )
    assert len(on.trials) == 35
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    assert "lr" in optuna.importance.get_param_importances(on, evaluator=evaluator, params=["lr"])


def test_without_a_space_positions_stay_and_this_is_said(
    searched: hyperopt.Trials, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    back = crosstune.import_study(pickled(searched, tmp_path), format="hyperopt")
    assert "a choice is the position of its option" in caplog.text
    assert SPACE not in back.user_attrs
    for doc, trial in zip(searched, back.trials, strict=True):
        assert trial.params == {n: val[0] for n, val in doc["misc"]["vals"].items() if val}
        assert type(trial.params["model"]) is int
    assert back.best_trial.number == searched.best_trial["tid"]


def test_the_losses_of_a_search_may_be_negated_values(
    searched: hyperopt.Trials, tmp_path: Path
) -> None:
    file = pickled(searched, tmp_path)
    back = crosstune.import_study(file, format="hyperopt", direction="maximize")
    assert back.best_value == -searched.best_trial["result"]["loss"]
    assert back.direction.name == "MAXIMIZE"


def test_a_space_that_is_not_the_searchs_is_refused(
    searched: hyperopt.Trials, tmp_path: Path
) -> None:
    file = pickled(searched, tmp_path)
    for space, message in (
        ({"lr": hp.uniform("lr", 0, 1)}, "the space has no 'C'"),
        ({**SPACE_OF_HYPEROPT, "n": hp.randint("n", 2)}, r"trial \d+ is not a point of the space"),
    ):
        with pytest.raises(RequestError, match=message):
            crosstune.import_study(file, format="hyperopt", space=space)


def test_trials_that_run_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    trials = generate_trials_to_calculate([{"x": 0.5}, {"x": 0.25}])
    hyperopt.fmin(
        lambda x: x, hp.uniform("x", 0, 1), hyperopt.rand.suggest, 3, trials=trials,
        show_progressbar=False,
    )  # fmt: skip
    trials.insert_trial_docs(
        hyperopt.rand.suggest(
            trials.new_trial_ids(1), hyperopt.Domain(abs, hp.uniform("x", 0, 1)), trials, 1
        )
    )
    trials.refresh()
    back = crosstune.import_study(pickled(trials, tmp_path), format="hyperopt")
    assert "1 unfinished trials are left out" in caplog.messages
    assert [t.params["x"] for t in back.trials[:2]] == [0.5, 0.25]
    assert len(back.trials) == len(trials) - 1


@pytest.mark.parametrize(
    ("held", "message"),
    [
        (b"", "is not a pickle, or is damaged"),
        (b"not a pickle at all", "is not a pickle, or is damaged"),
        (pickle.dumps(hyperopt.Trials())[:-20], "is not a pickle, or is damaged"),
        (pickle.dumps({"a": 1}), "holds a builtins.dict, not hyperopt.Trials"),
        (b"cno_such_module\nThing\n.", "needs what is not installed here: No module named"),
    ],
)
def test_a_bad_pickle_is_one_clear_line(held: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "bad.pkl").write_bytes(held)
    with pytest.raises(RequestError, match=message) as raised:
        crosstune.import_study(tmp_path / "bad.pkl", format="hyperopt")
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"there is no file .*gone.pkl"):
        crosstune.import_study(tmp_path / "gone.pkl", format="hyperopt")


def test_options_that_are_tuples_and_computed_are_known_by_the_names_that_tune_gives_them(
    tmp_path: Path,
) -> None:
    space = hp.choice(
        "a",
        [("case 1", 1 + hp.lognormal("c1", 0, 1)), ("case 2", hp.uniform("c2", -10, 10))],
    )
    trials = hyperopt.Trials()
    hyperopt.fmin(lambda point: point[1] ** 2, space, hyperopt.rand.suggest, 12, trials=trials,
                  rstate=np.random.default_rng(0), verbose=False)  # fmt: skip
    study = crosstune.import_study(pickled(trials, tmp_path), format="hyperopt", space=space)
    for trial, doc in zip(study.trials, trials.trials, strict=True):
        drawn = {name: vals[0] for name, vals in doc["misc"]["vals"].items() if vals}
        named = {**drawn, "a": ["case 1", "case 2"][drawn["a"]]}
        assert trial.params == named
    assert {trial.params["a"] for trial in study.trials} == {"case 1", "case 2"}
