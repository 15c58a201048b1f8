"""The pickles that Optuna keeps in a study are read as data, to the bit."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import cmaes
import numpy as np
import optuna
import pytest

from crosstune.system import unpickling
from crosstune.system.unpickling import Refused
from tests.journeys.security.test_foreign_pickles import KINDS, Backend, Runs, quiet_sampler


def test_a_snapshot_of_optuna_s_own_is_read_as_before() -> None:
    storage = optuna.storages.JournalStorage(Backend(None))
    study = optuna.create_study(storage=storage, study_name="s")

    def objective(trial: optuna.Trial) -> float:
        trial.set_user_attr("a", [1, {"b": None}])
        trial.report(1.0, 0)
        trial.suggest_categorical("c", ["a", None])
        trial.suggest_int("n", 1, 8, log=True)
        return trial.suggest_float("x", 0, 1)

    study.optimize(objective, n_trials=3)
    replayed = pickle.dumps(storage._replay_result)
    again = unpickling.snapshot(replayed)
    assert again.get_all_trials(0, None) == storage._replay_result.get_all_trials(0, None)


def optimizer(kind: str) -> Any:
    """An optimizer of CMA-ES some generations on."""
    bounds = np.array([[-1.0, 1.0], [-1.0, 1.0], [0.0, 1.0]])
    given: dict[str, Any] = {"mean": np.full(3, 0.25), "sigma": 1.3, "seed": 1, "bounds": bounds}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = {
            "cma": lambda: cmaes.CMA(**given),
            "sepcma": lambda: cmaes.SepCMA(**given),
            "cmawm": lambda: cmaes.CMAwM(**given, steps=np.array([0, 0.1, 1.0])),
            "lr-adapt": lambda: cmaes.CMA(**given, lr_adapt=True),
        }[kind]()
    for _ in range(3):
        told = []
        for _ in range(made.population_size):
            asked = made.ask()
            x, told_x = asked if isinstance(asked, tuple) else (asked, asked)
            told.append((told_x, float((x**2).sum())))
        made.tell(told)
    return made


def plain(held: Any) -> Any:
    """An optimizer's state to compare, with the type, the layout and the bits of each value."""
    if hasattr(held, "__getstate__") and type(held).__module__.startswith("cmaes"):
        state = {k: plain(v) for k, v in vars(held).items() if k != "_rng"}
        return type(held).__name__, state
    if isinstance(held, np.ndarray | np.generic):
        array = np.asarray(held)
        layout = array.flags.f_contiguous, array.flags.c_contiguous, array.flags.writeable
        return type(held), array.dtype, array.shape, array.tobytes(), layout * (array.ndim > 0)
    return type(held), held


@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize("kind", [*KINDS, "lr-adapt"])
def test_an_optimizer_is_read_to_the_bit(kind: str, protocol: int) -> None:
    content = pickle.dumps(optimizer(kind), protocol)
    assert plain(unpickling.optimizer(content)) == plain(pickle.loads(content))
    assert pickle.dumps(unpickling.optimizer(content)) == pickle.dumps(pickle.loads(content))


@pytest.mark.parametrize("kind", ["cma", "cmawm", "sepcma"])
def test_a_search_is_the_same_as_without_crosstune(kind: str) -> None:
    def search(loads: Any) -> list[dict[str, Any]]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("optuna.samplers._cmaes.pickle.loads", loads)
            study = optuna.create_study(sampler=quiet_sampler(**KINDS[kind]))
            study.optimize(
                lambda t: t.suggest_float("x", -1, 1) ** 2 + t.suggest_int("n", 1, 9), n_trials=30
            )
        return [trial.params for trial in study.trials]

    assert search(unpickling.optimizer) == search(pickle.loads)


GADGETS: dict[str, Any] = {
    "a function that executes a string": Runs(eval, "1 / 0"),
    "a function of numpy": Runs(np.load, "x.npy", None, True),
    "an import": Runs(__import__, "antigravity"),
    "another pickle": Runs(pickle.loads, b"x"),
    "an optimizer that Optuna does not use": cmaes.XNES(mean=np.zeros(2), sigma=1.0),
    "an array of objects": np.array([1, "a"], dtype=object),
    "a record array": np.zeros(2, dtype=[("a", "f8")]),
    "an array of text": np.array(["a"]),
    "a date": np.datetime64("2020-01-01"),
    "a set": {1},
    "a mapping": {},
}


@pytest.mark.parametrize("gadget", GADGETS)
def test_nothing_else_is_read(gadget: str) -> None:
    content = pickle.dumps(GADGETS[gadget])
    with pytest.raises(Refused):
        unpickling.optimizer(content)


@pytest.mark.parametrize(
    "content",
    [
        b"cnumpy\ntesting._private.utils.runstring\n(S'1/0'\n}tR.",
        b"cnumpy._core.multiarray\n_reconstruct\n(cbuiltins\nlist\n(I0\ntS'b'\ntR.",
        b"cbuiltins\ngetattr\n.",
        b"ccopyreg\n_reconstructor\n.",
        b"ccmaes._cma\nCMA.__init__.__globals__\n.",
        b"\x82\x01.",  # a class by its code in the registry of extensions
        b"Pid\n.",  # a persistent id
        b"",
        b"not a pickle",
    ],
)
def test_what_is_written_by_hand_is_refused(content: bytes) -> None:
    with pytest.raises(Refused):
        unpickling.optimizer(content)
