"""Through the gate a worker reaches its own study and trial, by every method of a storage."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import TrialState

from crosstune import _optuna
from crosstune.parallel.trial_storage import Gate

SECRET = "of another study"
X = optuna.distributions.FloatDistribution(0, 1)
REFUSED = (KeyError, UpdateFinishedTrialError)

# What each method is called with, but for the id that comes first.
CALLS: dict[str, tuple[Any, ...]] = {
    "check_trial_is_updatable": (TrialState.RUNNING,),
    "create_new_study": (),
    "create_new_trial": (),
    "delete_study": (),
    "get_all_studies": (),
    "get_all_trials": (),
    "get_best_trial": (),
    "get_n_trials": (),
    "get_study_directions": (),
    "get_study_id_from_name": (),
    "get_study_name_from_id": (),
    "get_study_system_attrs": (),
    "get_study_user_attrs": (),
    "get_trial": (),
    "get_trial_id_from_study_id_trial_number": (0,),
    "get_trial_number_from_id": (),
    "get_trial_param": ("x",),
    "get_trial_params": (),
    "get_trial_system_attrs": (),
    "get_trial_user_attrs": (),
    "remove_session": (),
    "set_study_system_attr": ("a", 1),
    "set_study_user_attr": ("a", 1),
    "set_trial_intermediate_value": (0, 1.0),
    "set_trial_param": ("y", 0.5, X),
    "set_trial_state_values": (TrialState.COMPLETE, [1.0]),
    "set_trial_system_attr": ("a", 1),
    "set_trial_user_attr": ("a", 1),
}


class Place:
    """A storage with a study of a run, and another one before and behind it."""

    def __init__(self, storage: BaseStorage):
        self.storage = storage
        self.others = [self._study("before")]
        self.study = optuna.create_study(storage=storage, study_name="run")
        self.study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
        self.others.append(self._study("behind"))
        self.gate = Gate(*_optuna.identity(self.study))
        self.trial = self.study.ask({"x": X})
        self.ticket = self.gate.admit(_optuna.trial_id(self.trial))
        self.attempt = self.gate.create_new_trial(self.ticket)
        self.others.append(self._study("last"))

    def _study(self, name: str) -> optuna.Study:
        study = optuna.create_study(storage=self.storage, study_name=name)
        study.set_user_attr("secret", SECRET)
        study.enqueue_trial({"x": 0.25}, user_attrs={"secret": SECRET})
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
        study.ask({"x": X})
        return study

    def foreign_ids(self) -> list[Any]:
        """Every id that leads to another study in some storage, as it is and behind the run."""
        ids = [_optuna.trial_id(trial) for study in self.others for trial in study.trials]
        ids += [_optuna.identity(study)[1] for study in self.others]
        own = range(len(self.study.trials))
        shown = [self.gate.run + each for each in ids if each not in own]
        return [*ids, *shown, self.gate.run + 3, self.gate.run - 1, -1]

    def names(self) -> list[str]:
        return [study.study_name for study in self.others]

    def state(self) -> list[Any]:
        everything = [*self.others, self.study]
        return [(study.trials, study.user_attrs, study.study_name) for study in everything]


def _memory(_: Path) -> BaseStorage:
    return InMemoryStorage()


def _journal(folder: Path) -> BaseStorage:
    return JournalStorage(JournalFileBackend(str(folder / "all.journal")))


@pytest.fixture(scope="module", params=[_memory, _journal])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(request.param(tmp_path_factory.mktemp("gate")))


def test_every_method_of_a_storage_is_called_here() -> None:
    public = {name for name, _ in inspect.getmembers(BaseStorage, inspect.isfunction)}
    assert {name for name in public if not name.startswith("_")} == set(CALLS)


@pytest.mark.parametrize("method", CALLS)
def test_no_method_leads_to_another_study(place: Place, method: str) -> None:
    before = place.state()
    call: Callable[..., Any] = getattr(place.gate, method)
    takes = len(inspect.signature(call).parameters)
    by_name = method == "get_study_id_from_name"
    for each in place.names() if by_name else place.foreign_ids():
        if method == "create_new_study":
            with pytest.raises(REFUSED):
                call([StudyDirection.MINIMIZE], str(each))
        elif takes == 0:
            assert not call()
        elif method == "check_trial_is_updatable":
            call(each, *CALLS[method])  # says nothing of the trial itself
        else:
            with pytest.raises(REFUSED):
                call(each, *CALLS[method])
    assert place.state() == before


def test_a_trial_of_the_study_is_reached_by_the_id_that_it_is_listed_under(place: Place) -> None:
    gate = place.gate
    for trial in gate.get_all_trials(gate.run):
        shown = _optuna.trial_id(trial)
        assert gate.get_trial(shown).number == trial.number == gate.get_trial_number_from_id(shown)
        assert gate.get_trial_id_from_study_id_trial_number(gate.run, trial.number) == shown


def test_of_its_study_it_may_write_its_own_trial_alone(place: Place) -> None:
    before = place.state()
    listed = [_optuna.trial_id(trial) for trial in place.gate.get_all_trials(place.gate.run)]
    writing = [name for name in CALLS if name.startswith("set_trial")]
    for shown, name in itertools.product([*listed, place.ticket, place.gate.run], writing):
        with pytest.raises(REFUSED):
            getattr(place.gate, name)(shown, *CALLS[name])
    for name in ("set_trial_param", "set_trial_state_values"):
        with pytest.raises(REFUSED):
            getattr(place.gate, name)(place.attempt, *CALLS[name])
    assert place.state() == before


@pytest.mark.parametrize("key", ["cma:optimizer:0", "sepcma:optimizer:1", "cmawm:optimizer:0"])
def test_what_the_drivers_sampler_would_unpickle_is_not_taken(place: Place, key: str) -> None:
    before = place.state()
    with pytest.raises(KeyError):
        place.gate.set_trial_system_attr(place.attempt, key, "80049500")
    assert place.state() == before
