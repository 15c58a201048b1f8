"""Keras Tuner: spaces as `HyperParameters`, searches as oracles.

What this backend does differently:

- Seeds: Keras Tuner takes 0 for "no seed"; here 0 is a seed like the others.
- An integer on a log scale is a `Float` on [low - 1/2, high + 1/2], rounded, since `Int` with
  log sampling has other odds. Nothing can be conditional on it, nor on a weighted choice, which is
  a `Float` too: conditions are equalities.
- A choice of one type is a `Choice`, of several types an `Int` index. Either way the Bayesian
  oracle sees an order, since Keras Tuner has no unordered type.
- `random`, and the first points of `bayesian`, are drawn without replacement, so branches with
  few points run dry. When no new point is found the oracle stops, and the study says so.
- `grid` takes the lowest value and ten middles of a continuous range. Points that were evaluated
  outside the grid are not evaluated again.
- A pruned trial is COMPLETED with its last report; a failed or infinite one is FAILED, and left
  out by the Bayesian oracle.
- `hyperband` is a scheduler: each rung is a trial of its own with the same parameters, whose
  `crosstune.budget(trial)` says how far to train it and which trial it continues. The oracle sets
  the number of trials, and the study's `trials` is a cap. It waits for running trials, so it is
  refused with several jobs.
- Oracles write no files, print nothing, and are released with the study.
"""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import json
import math
import os
import sys
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from crosstune.adapters.base import (
    Adapter,
    Algorithm,
    Budget,
    Busy,
    Drawn,
    Engine,
    Exhausted,
    Outcome,
    fewest_grid_points,
    seed_in_32_bits,
)
from crosstune.coordinates import Continuous, Index, LogInteger
from crosstune.errors import Unsupported
from crosstune.parameters import Bool, Choice, Float, Parameter
from crosstune.space import Params, Space


def _choose_keras_backend() -> None:
    """Let Keras start on a library that is installed, unless the environment names one.

    Keras itself falls back to tensorflow, and writes that into its configuration file when it is
    first imported.
    """
    if "KERAS_BACKEND" in os.environ or "keras" in sys.modules:
        return
    file = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "keras.json"
    try:
        configured = json.loads(file.read_text()).get("backend", "tensorflow")
    except (OSError, ValueError, AttributeError):
        configured = "tensorflow"
    for backend in (configured, "tensorflow", "jax", "torch"):
        if importlib.util.find_spec(backend):
            os.environ["KERAS_BACKEND"] = backend
            return


_choose_keras_backend()

import keras_tuner  # noqa: E402  Keras reads KERAS_BACKEND when it is imported.
from keras_tuner import oracles  # noqa: E402
from keras_tuner.engine import hyperparameters as kinds  # noqa: E402
from keras_tuner.engine.trial import Trial  # noqa: E402

# Private: the dictionaries LOCKS and THREADS, and the condition that conditional_scope makes
# (which itself takes two independent parents for a missing one).
from keras_tuner.src.engine import oracle as oracle_module  # noqa: E402
from keras_tuner.src.engine.conditions import Parent  # noqa: E402

from crosstune.adapters.native import keras_tuner as native_keras_tuner  # noqa: E402

_ORACLE_ARGUMENTS = (
    "seed",
    "objective",
    "hyperparameters",
    "max_trials",
    "allow_new_entries",
    "tune_new_entries",
    "max_retries_per_trial",
    "max_consecutive_failed_trials",
)
_OBJECTIVE = "objective"
_NO_LIMIT = sys.maxsize


class KerasTunerAdapter(Adapter):
    """Keras Tuner 1.4."""

    name: ClassVar[str] = "keras_tuner"
    distribution: ClassVar[str] = "keras-tuner"
    roles: ClassVar[Mapping[str, str]] = {
        "random": "random",
        "grid": "grid",
        "bayesian": "bayesian",
    }
    algorithms: ClassVar[Mapping[str, Algorithm]] = {
        "bayesian": Algorithm(
            "Gaussian process with upper confidence bound",
            lambda: oracles.BayesianOptimizationOracle,
            _ORACLE_ARGUMENTS,
            needs=(("sklearn", "scipy"), "keras-tuner"),
        ),
        "random": Algorithm(
            "random search without replacement",
            lambda: oracles.RandomSearchOracle,
            _ORACLE_ARGUMENTS,
        ),
        "grid": Algorithm(
            "every point of a grid once",
            lambda: oracles.GridSearchOracle,
            _ORACLE_ARGUMENTS,
            exhaustive=True,
        ),
        "hyperband": Algorithm(
            "random search with successive halving of the epochs",
            lambda: oracles.HyperbandOracle,
            _ORACLE_ARGUMENTS,
            scheduler=True,
        ),
    }

    cautions: ClassVar[Sequence[str]] = (
        "random, and the first points of bayesian, are drawn without replacement: a branch with "
        "few points is left once they are tried",
    )

    def compile(self, space: Space, *, mode: str = "exact") -> keras_tuner.HyperParameters:
        """`HyperParameters` with each searched parameter, in the order of the space."""
        self.check_mode(mode)
        if mode == "literal":
            return _remember(native_keras_tuner.literal(space), space, mode)
        native = keras_tuner.HyperParameters()
        for name, item in space.searched.items():
            conditions = []
            for parent, allowed in space.conditions[name].items():
                rounded = {LogInteger: "an integer on a log scale", Continuous: "weighted"}
                kind = rounded.get(type(space[parent].coordinate))
                if kind is not None:
                    raise Unsupported(
                        f"keras_tuner cannot search {name!r}: its conditions are equalities, "
                        f"and {parent!r} is {kind}, which is a float there. Make the parent a "
                        "plain choice, or drop its log or weights"
                    )
                values = [_encode(space[parent], raw) for raw in sorted(allowed)]
                conditions.append(Parent(parent, values))
            native.merge([_construct(name, item, conditions)])
        return _remember(native, space, mode)

    def read(self, native: keras_tuner.HyperParameters) -> Space:
        """The space behind `HyperParameters`; those of `compile` remember theirs."""
        if hasattr(native, _COMPILED_FROM):
            space, mode = getattr(native, _COMPILED_FROM)
            if _configs(native) == _configs(self.compile(space, mode=mode)):
                return space  # type: ignore[no-any-return]
        return native_keras_tuner.read(native)

    def drawn(self, space: Space, name: str, *, mode: str = "exact") -> Drawn:
        """The law of the hyperparameter."""
        (held,) = (held for held in self.compile(space, mode=mode).space if held.name == name)
        item, law = space[name], native_keras_tuner.law_of(held)
        decoded = partial(decode, item) if mode == "exact" else None
        return Drawn(law, decoded, native_keras_tuner.notes(item, mode))

    def engine(
        self,
        algorithm: str,
        space: Space,
        *,
        seed: int | None,
        maximize: bool,
        options: Mapping[str, Any],
    ) -> KerasTunerEngine:
        """A search by the Bayesian, the random or the grid oracle."""
        chosen = self.algorithms[algorithm]
        chosen.check_options(f"keras_tuner:{algorithm}", options)
        assert chosen.options is not None
        native_seed = seed_in_32_bits(seed)
        oracle = chosen.options()(
            objective=keras_tuner.Objective(_OBJECTIVE, "max" if maximize else "min"),
            hyperparameters=_Declared.of(self.compile(space)),
            seed=None if native_seed is None else _Seed(native_seed),
            max_consecutive_failed_trials=_NO_LIMIT,
            **({} if chosen.scheduler else {"max_trials": None}),
            **options,
        )
        return KerasTunerEngine(space, oracle, exhaustive=chosen.exhaustive)


class KerasTunerEngine(Engine):
    """What `keras_tuner.Tuner.search` does between two evaluations, without its files."""

    def __init__(self, space: Space, oracle: keras_tuner.Oracle, *, exhaustive: bool = False):
        self.space = space
        self.exhaustive = exhaustive
        if exhaustive:
            self.lasts = fewest_grid_points(space)
        elif isinstance(oracle, oracles.HyperbandOracle) or not any(
            _is_endless(space, name) for name in space
        ):
            self.lasts = 0
        self.native = oracle
        # Keras Tuner keeps every oracle for ever in these two dictionaries.
        weakref.finalize(self, _forget, oracle)
        oracle.verbose = 0
        # An oracle rewrites up to 100 kB after each trial; the ledger is on disk already.
        # `_save_trial` is private, and the only place where trial files are written.
        oracle.save = oracle._save_trial = _save_nothing
        self._trials: dict[int, Any] = {}
        self._asked: dict[str, int] = {}

    def ask(self, trial: int) -> Params:
        """One `create_trial`; each trial has a tuner of its own, so several can be open."""
        with _released_lock(self.native), warnings.catch_warnings():
            # scikit-learn tells of the oracle's own model, about which nobody here can do a thing.
            warnings.simplefilter("ignore")
            proposed = self.native.create_trial(f"trial {trial}")
            if proposed.status == "IDLE" and self.exhaustive:
                # The grid waits for running trials, since they might bring new parameters. Ours
                # never do, so it may go on from the points that they have (`_populate_next` is
                # private; the oracle's own comments allow an id to stand in it twice).
                self.native._populate_next.extend(
                    running.trial_id for running in self.native.ongoing_trials.values()
                )
                proposed = self.native.create_trial(f"trial {trial}")
        if proposed.status == "IDLE":
            raise Busy
        if proposed.status != "RUNNING":
            raise Exhausted
        self._trials[trial] = proposed
        self._asked[proposed.trial_id] = trial
        values = proposed.hyperparameters.values
        params: Params = {}
        for name, item in self.space.items():
            if self.space.is_active(name, params):
                searched = item.coordinate is not None
                params[name] = decode(item, values[name]) if searched else item.only
        return params

    def budget(self, trial: int) -> Budget | None:
        """The rung that the Hyperband oracle has put the trial on."""
        values = self._trials[trial].hyperparameters.values
        if "tuner/epochs" not in values:
            return None
        past = values.get("tuner/trial_id")
        return Budget(
            epochs=values["tuner/epochs"],
            initial_epoch=values["tuner/initial_epoch"],
            resume_from=None if past is None else self._asked[past],
            bracket=values["tuner/bracket"],
            round=values["tuner/round"],
        )

    def tell(self, trial: int, outcome: Outcome) -> None:
        """One `update_trial` with the value and one `end_trial`."""
        self._end(self._trials.pop(trial), outcome, self.native.end_trial)

    def replace(self, trial: int, params: Params, outcome: Outcome) -> None:
        """The same, at other values."""
        hyperparameters = self._trials[trial].hyperparameters
        rung = {k: v for k, v in hyperparameters.values.items() if k.startswith("tuner/")}
        hyperparameters.values = {**rung, **self._encoded(params)}
        self.tell(trial, outcome)

    def insert(self, params: Params, outcome: Outcome) -> None:
        """Add a finished trial under the next id."""
        values = self.native.get_space()
        values.values = self._encoded(params)
        trial = Trial(hyperparameters=values, trial_id=f"{len(self.native.trials):04d}")
        self.native.trials[trial.trial_id] = trial
        if self.exhaustive:
            # A point that is not on the grid has no next point: the grid must not go on from it.
            self._end(trial, outcome, lambda t: keras_tuner.Oracle.end_trial(self.native, t))
        else:
            self.native.start_order.append(trial.trial_id)
            self._end(trial, outcome, self.native.end_trial)

    def _end(self, trial: Any, outcome: Outcome, end_trial: Callable[[Any], None]) -> None:
        with _released_lock(self.native):
            if outcome.value is None or not math.isfinite(outcome.value):
                trial.status = "FAILED"
                trial.message = outcome.state
            else:
                self.native.update_trial(trial.trial_id, {_OBJECTIVE: outcome.value})
                trial.status = "COMPLETED"
            end_trial(trial)

    def _encoded(self, params: Params) -> dict[str, Any]:
        return {
            name: _encode(item, item.encode(params[name]))
            for name, item in self.space.searched.items()
            if name in params
        }


_COMPILED_FROM = "compiled_from"
"""The attribute of `HyperParameters` that holds the space and the mode they were compiled from.

A native object cannot tell an index from an integer. A copy does not have it."""


def _remember(
    native: keras_tuner.HyperParameters, space: Space, mode: str
) -> keras_tuner.HyperParameters:
    setattr(native, _COMPILED_FROM, (space, mode))
    return native


def _configs(native: keras_tuner.HyperParameters) -> list[Any]:
    return [(type(held), held.get_config()) for held in native.space]


class _Declared(keras_tuner.HyperParameters):  # type: ignore[misc]  # untyped
    """A space that is complete, so that its copies can share the hyperparameters.

    An oracle copies its space several times a trial, and Keras Tuner's own copy makes every
    hyperparameter anew from its configuration.
    """

    @classmethod
    def of(cls, native: keras_tuner.HyperParameters) -> _Declared:
        """The space of `native`."""
        declared = cls()
        declared.merge(native)
        return declared

    def copy(self) -> _Declared:
        """The same hyperparameters with values of its own."""
        other = copy.copy(self)
        other.values = dict(self.values)
        return other


class _Seed(int):
    """An integer that is true even at 0: Keras Tuner reads `seed or a random number`."""

    def __bool__(self) -> bool:
        return True


def _forget(oracle: keras_tuner.Oracle) -> None:
    oracle_module.LOCKS.pop(oracle, None)
    oracle_module.THREADS.pop(oracle, None)


def _save_nothing(*_: Any) -> None:
    """In place of writing files."""


@contextlib.contextmanager
def _released_lock(oracle: keras_tuner.Oracle) -> Iterator[None]:
    """Release the oracle's lock when a call raises, which Keras Tuner itself does not."""
    try:
        yield
    except BaseException:
        lock = oracle_module.LOCKS[oracle]
        if lock.locked():
            oracle_module.THREADS[oracle] = None
            lock.release()
        raise


def _construct(name: str, item: Parameter, conditions: list[Parent]) -> Any:
    """The hyperparameter with a parameter's values and prior."""
    match item.coordinate:
        case Continuous(low, high, log):
            sampling = "log" if log else "linear"
            return kinds.Float(name, low, high, sampling=sampling, conditions=conditions)
        case LogInteger(low, high):
            return kinds.Float(name, low - 0.5, high + 0.5, sampling="log", conditions=conditions)
        case Index() if isinstance(item, Bool):
            return kinds.Boolean(name, conditions=conditions)
        case Index() if isinstance(item, Choice) and _of_one_type(item):
            return kinds.Choice(name, list(item.values), conditions=conditions)
        case Index(n):
            return kinds.Int(name, 0, n - 1, conditions=conditions)
    raise AssertionError(item)


def _is_endless(space: Space, name: str) -> bool:
    """Whether a parameter alone brings new points for ever."""
    return isinstance(space[name].coordinate, Continuous) and not space.conditions[name]


def _of_one_type(item: Parameter) -> bool:
    return (
        isinstance(item, Choice)
        and item.weights is None
        and {type(value) for value in item.values} in ({str}, {int}, {float})
    )


def _encode(item: Parameter, raw: float) -> Any:
    """The value inside Keras Tuner of a coordinate."""
    if isinstance(item, Bool) or _of_one_type(item):
        return item.decode(raw)
    return raw


def decode(item: Parameter, drawn: Any) -> Any:
    """The parameter's value of what Keras Tuner drew."""
    if isinstance(item, Bool) or _of_one_type(item):
        return item.decode(item.encode(drawn))
    if isinstance(item, Float) and item.grid is None:
        return item.decode(float(drawn))
    return item.decode(drawn)
