"""The private names of Optuna in crosstune/_optuna.py are where they were."""

from __future__ import annotations

import importlib
import re
import socket
import warnings
from pathlib import Path

import numpy as np
import optuna
from optuna.distributions import FloatDistribution

from crosstune import _optuna
from crosstune.system import unpickling


def test_all_trials_sees_through_hyperbands_view() -> None:
    seen = []

    class Spy(optuna.samplers.RandomSampler):
        def sample_relative(self, study, trial, search_space):  # type: ignore[no-untyped-def]
            seen.append((len(_optuna.all_trials(study)), _optuna.identity(study)))
            return {}

    pruner = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=9)
    study = optuna.create_study(sampler=Spy(), pruner=pruner)

    def objective(trial: optuna.Trial) -> float:
        trial.report(trial.suggest_float("x", 0, 1), 0)
        return 1.0

    study.optimize(objective, n_trials=5)
    assert [count for count, _ in seen] == [1, 2, 3, 4, 5]
    assert all(identity == _optuna.identity(study) for _, identity in seen)


def test_identity_tells_studies_apart() -> None:
    first, second = optuna.create_study(study_name="s"), optuna.create_study(study_name="s")
    assert _optuna.identity(first) != _optuna.identity(second)


def test_contains_is_what_optuna_asks() -> None:
    assert _optuna.contains(FloatDistribution(0, 1), 1.0)
    assert not _optuna.contains(FloatDistribution(0, 1), 1.5)


def test_attributes_are_written_through_hyperbands_view() -> None:
    class Spy(optuna.samplers.RandomSampler):
        def sample_relative(self, study, trial, search_space):  # type: ignore[no-untyped-def]
            _optuna.set_user_attr(study, trial, "seen", trial.number)
            _optuna.set_study_attr(study, "count", trial.number + 1)
            assert _optuna.user_attrs(study) == {"count": trial.number + 1}
            return {}

    pruner = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=9)
    study = optuna.create_study(sampler=Spy(), pruner=pruner)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    assert study.user_attrs == {"count": 2}
    assert [trial.user_attrs for trial in study.trials] == [{"seen": 0}, {"seen": 1}]


def test_a_sampler_with_fixed_parameters_tells_what_it_wraps() -> None:
    base = optuna.samplers.RandomSampler()
    sampler = optuna.samplers.PartialFixedSampler({"x": 0.5}, base)
    assert _optuna.partial_fixed(sampler) == ({"x": 0.5}, base)


def test_constraints_are_seen() -> None:
    constrained = optuna.samplers.TPESampler(constraints_func=lambda trial: (0.0,))
    assert _optuna.has_constraints(constrained)
    assert not _optuna.has_constraints(optuna.samplers.TPESampler())
    assert not _optuna.has_constraints(optuna.samplers.RandomSampler())


def test_what_samplers_remember_of_a_study_is_found() -> None:
    study = optuna.create_study(sampler=optuna.samplers.QMCSampler(seed=0))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=4)
    assert list(_optuna.system_attrs(study).values()) == [2]  # the point that it was at


def test_a_queued_trial_says_what_is_fixed() -> None:
    from crosstune.resume.trial_origins import is_queued

    study = optuna.create_study()
    study.enqueue_trial({"x": 0.5})
    study.ask()
    study.ask()
    assert [is_queued(trial) for trial in study.trials] == [True, False]


def test_an_added_trial_is_told_from_one_that_was_asked_for() -> None:
    from crosstune.resume.trial_origins import was_added

    study = optuna.create_study()
    study.add_trial(optuna.trial.create_trial(value=1.0))
    study.tell(study.ask(), 1.0)
    assert [was_added(trial) for trial in study.trials] == [True, False]


def test_a_trial_is_shown_under_another_id() -> None:
    study = optuna.create_study()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    storage, _ = _optuna.identity(study)
    trial = storage.get_trial(_optuna.trial_id(study.trials[1]))
    shown = _optuna.with_id(trial, 77)
    assert (_optuna.trial_id(shown), shown.number, shown.params) == (77, 1, trial.params)
    assert _optuna.trial_id(trial) != 77


def test_the_grpc_server_serves_a_storage_and_stops() -> None:
    storage = optuna.storages.InMemoryStorage()
    study = optuna.create_study(storage=storage, study_name="served")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = _optuna.grpc_server(storage, "127.0.0.1", port)
    server.start()
    try:
        proxy = optuna.storages.GrpcStorageProxy(host="127.0.0.1", port=port)
        assert [each.study_name for each in proxy.get_all_studies()] == [study.study_name]
        proxy.close()
    finally:
        server.stop(grace=0)


def test_constraints_are_where_each_version_keeps_them() -> None:
    held = optuna.trial.create_trial(value=1.0, system_attrs={"constraints": [0.5, -1.0]})
    assert dict(_optuna.constraints(held)) == {"0": 0.5, "1": -1.0}
    assert dict(_optuna.constraints(optuna.trial.create_trial(value=1.0))) == {}


def test_a_constraints_func_leaves_what_constraints_reads() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # experimental in Optuna 4, deprecated in 5
        sampler = optuna.samplers.TPESampler(constraints_func=lambda trial: [trial.number - 1.0])
    study = optuna.create_study(sampler=sampler)
    study.optimize(lambda trial: 1.0, n_trials=2)
    assert [dict(_optuna.constraints(trial)) for trial in study.trials] == [{"0": -1.0}, {"0": 0.0}]


def test_a_running_trial_can_be_given_constraints_where_optuna_has_them() -> None:
    study = optuna.create_study()
    trial = study.ask()
    _optuna.constrain(trial, {"c": 0.5})
    told = study.tell(trial, 1.0)
    assert dict(_optuna.constraints(told)) == ({"c": 0.5} if hasattr(trial, "constraints") else {})


def test_optuna_unpickles_in_two_modules_and_both_read_data() -> None:
    root = Path(optuna.__file__).parent
    reading = re.compile(r"\b(pickle|cloudpickle|dill|joblib|marshal|shelve)\.load")
    found = {
        str(path.relative_to(root)): path.read_text(encoding="utf-8").count("pickle.load")
        for path in root.rglob("*.py")
        if reading.search(path.read_text(encoding="utf-8")) and "testing" not in path.parts
    }
    assert found == {"samplers/_cmaes.py": 1, "storages/journal/_storage.py": 1}
    cmaes = importlib.import_module("optuna.samplers._cmaes")
    journal = importlib.import_module("optuna.storages.journal._storage")
    assert cmaes.pickle.loads is unpickling.optimizer
    assert journal.pickle.loads is unpickling.snapshot


def test_every_pruner_keeps_its_parameters_where_they_are_read() -> None:
    import inspect

    from crosstune import pruners

    for name, kind in pruners.NAMES.items():
        needed = {"patient": {"patience": 2}, "threshold": {"upper": 1.0}}
        made = pruners.create(name, needed.get(name))
        known = set(inspect.signature(kind).parameters) - {"args", "kwargs"}
        assert set(_optuna.parameters(made)) == known, name


def test_a_running_trial_shows_its_params_and_attributes_without_a_copy() -> None:
    trial = optuna.create_study().ask()
    trial.suggest_float("x", 0, 1)
    trial.set_user_attr("a", [1])
    held = _optuna.frozen(trial)
    assert (held.params, held.user_attrs) == (trial.params, {"a": [1]})
    assert held.params is _optuna.frozen(trial).params


def test_a_trial_says_what_is_fixed_and_whether_the_sampler_proposed() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.enqueue_trial({"x": 0.5})
    trial = study.ask()
    assert dict(_optuna.fixed(trial)) == {"x": 0.5}
    assert trial.suggest_float("x", 0, 1) == 0.5
    assert not _optuna.has_proposal(trial)
    trial.suggest_float("y", 0, 1)
    assert _optuna.has_proposal(trial)
    assert not _optuna.fixed(study.ask())


def test_the_modules_in_which_an_interrupt_waits_are_where_they_were() -> None:
    from optuna.storages import RDBStorage
    from optuna.storages.journal import JournalFileSymlinkLock
    from optuna.study import _optimize, _tell

    from crosstune.system.interrupts import _HERE, _ON_THE_WAY

    assert _optimize.__name__ in _HERE
    assert hasattr(_optimize, "_run_trial")
    assert _tell.__name__ in _ON_THE_WAY
    assert hasattr(_tell, "_tell_with_warning")
    for kept in (RDBStorage, JournalFileSymlinkLock):
        assert kept.__module__.startswith(_ON_THE_WAY)


def test_the_hypervolume_is_that_of_two_boxes() -> None:
    points = np.array([[0.25, 0.5], [0.5, 0.25], [0.75, 0.75]])
    assert _optuna.hypervolume(points, np.ones(2)) == 0.375 + 0.375 - 0.25
