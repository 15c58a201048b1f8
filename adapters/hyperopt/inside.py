"""Any sampler as an `algo` of `hyperopt.fmin`, for code that stays in Hyperopt."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import optuna
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from crosstune.adapters.hyperopt.library import JOB_STATE_DONE, Domain, hyperopt
from crosstune.adapters.hyperopt.native_space import HyperoptSpace
from crosstune.engines import registry
from crosstune.engines import study_values as ledger
from crosstune.engines.base import Adapter, Busy, Engine, Exhausted
from crosstune.engines.seeds import derived_seed
from crosstune.errors import RequestError, Unsupported
from crosstune.samplers.engine import EngineSampler
from crosstune.samplers.named import named_algorithm
from crosstune.samplers.reconcile import Follower
from crosstune.space.space import Params
from crosstune.system.scalars import plain_arguments

Sampler: TypeAlias = str | BaseSampler | Callable[[int], BaseSampler]
_logger = logging.getLogger("crosstune")


@plain_arguments()
def suggest(sampler: Sampler = "optuna:tpe", *, seed: int | None = None, **options: Any) -> Suggest:
    """An `algo` for `hyperopt.fmin` that proposes the points of a sampler.

    The space and the objective stay Hyperopt's. Each `Trials` gets a search of its own; before
    each proposal it is told every trial that has ended, including those of earlier runs and of
    `points_to_evaluate`. A sampler without a point left ends `fmin`.

    Args:
        sampler: ``backend:sampler`` such as "keras_tuner:bayesian"; a backend, for its `bayesian`;
            the name of an Optuna sampler, such as "gp"; an Optuna sampler, of which each `Trials`
            gets a copy of its current state; or a function from a seed to one.
        seed: any integer. None: from `rstate` of `fmin`. Not for a sampler, which has its own.
        options: of a sampler by name.

    Raises:
        RequestError: the sampler or option does not exist, or its library is missing.
        Unsupported: it cannot search in `fmin`.

    >>> import numpy as np
    >>> from hyperopt import fmin, hp
    >>> best = fmin(
    ...     lambda x: x**2, hp.uniform("x", -1, 1), algo=suggest("optuna:tpe"), max_evals=30,
    ...     rstate=np.random.default_rng(0), verbose=False,
    ... )
    >>> abs(best["x"]) < 0.3
    True
    """
    if isinstance(sampler, str):
        adapter, algorithm = named_algorithm(sampler)
        adapter.algorithms[algorithm].check_options(f"{adapter.name}:{algorithm}", options)
        return Suggest(partial(_engine, adapter, algorithm, options=options), seed)
    if options:
        raise RequestError("options belong to a sampler that is named; build this one with them")
    if isinstance(sampler, BaseSampler):
        if seed is not None:
            raise RequestError(f"a {type(sampler).__name__} has its own seed: build it with one")
        return Suggest(partial(_engine_of, copy.deepcopy(sampler)), None)
    if callable(sampler):
        return Suggest(partial(_engine_from, sampler), seed)
    raise RequestError(
        f"a sampler is a name such as 'optuna:gp', an Optuna sampler, or a function from a seed to "
        f"one, not {sampler!r}"
    )


class Suggest:
    """The result of `suggest`, called by `fmin` like `hyperopt.tpe.suggest`."""

    def __init__(self, make: Callable[[HyperoptSpace, int], Engine], seed: int | None):
        self._make = make
        self._seed = seed
        self._runs: WeakKeyDictionary[hyperopt.Trials, _Run] = WeakKeyDictionary()

    def __call__(
        self, new_ids: list[int], domain: Domain, trials: hyperopt.Trials, seed: int
    ) -> list[dict[str, Any]]:
        """A new document for each id; fewer, or none, if the sampler has no point left."""
        run = self._runs.get(trials)
        if run is None or not run.serves(domain):
            space = HyperoptSpace(domain.expr)
            seed = int(seed) if self._seed is None else self._seed
            done = sum(doc["state"] == JOB_STATE_DONE for doc in trials.trials)
            if done:  # Otherwise the first points of an earlier run would be proposed again.
                seed = derived_seed(seed, done)
            run = self._runs[trials] = _Run(self._make(space, seed), space, domain)
        return run.documents(new_ids, domain, trials)

    def native(self, trials: hyperopt.Trials) -> Any:
        """The live native object of the search of a `Trials`, such as its `optuna.Study`.

        Raises:
            KeyError: `fmin` has not called this yet.
        """
        return self._runs[trials].native

    def __getstate__(self) -> dict[str, Any]:
        # A copy rebuilds its searches from the trials.
        return {"make": self._make, "seed": self._seed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]


class _Run:
    """The search of one `Trials`."""

    def __init__(self, engine: Engine, space: HyperoptSpace, domain: Domain):
        self.native = engine.native
        self._space = space
        self._domain = domain
        read_point = partial(ledger.read_point, space)
        self._follower = Follower(engine, space, read_point, strict=True)
        self._seen: list[FrozenTrial] = []
        """The trials as a study would store them, numbered in the order of their appearance."""
        self._open: dict[int, int] = {}
        """The numbers of trials that have not ended, by Hyperopt's id."""
        self._tids: set[int] = set()
        """Hyperopt's ids of the trials."""

    def serves(self, domain: Domain) -> bool:
        """True if another call of `fmin` continues this search."""
        if domain is self._domain:
            return True
        same = HyperoptSpace(domain.expr) == self._space
        self._domain = domain if same else self._domain
        return same

    def documents(
        self, new_ids: list[int], domain: Domain, trials: hyperopt.Trials
    ) -> list[dict[str, Any]]:
        """The documents of new trials, after telling the engine the trials that have ended."""
        self._read(trials)
        made: list[dict[str, Any]] = []
        for tid in new_ids:
            number = len(self._seen)
            try:
                params = self._follower.propose(self._seen, number)
            except Exhausted:
                break
            except Busy:
                raise Unsupported(
                    "the sampler has no point until a running trial has ended. Use max_queue_len=1"
                ) from None
            self._seen.append(self._frozen(number, {}, TrialState.RUNNING))
            self._open[tid] = number
            self._tids.add(tid)
            drawn = self._space.drawn(params, self._follower.aside(number))
            # numpy's numbers, as from Hyperopt's own algorithms: `fmin` returns them.
            drawn = {name: np.asarray(raw)[()] for name, raw in drawn.items()}
            made += trials.new_trial_docs(
                [tid], [None], [domain.new_result()], [self._space.misc(tid, domain, drawn)]
            )
        return made

    def _read(self, trials: hyperopt.Trials) -> None:
        docs = {doc["tid"]: doc for doc in trials.trials}
        for tid in docs:
            if tid not in self._tids:
                self._tids.add(tid)
                self._open[tid] = len(self._seen)
                self._seen.append(self._frozen(self._open[tid], {}, TrialState.RUNNING))
        for tid, number in list(self._open.items()):
            doc = docs.get(tid)
            if doc is None or doc["state"] == JOB_STATE_DONE:
                del self._open[tid]
                self._seen[number] = self._ended(number, doc)

    def _ended(self, number: int, doc: Mapping[str, Any] | None) -> FrozenTrial:
        """A trial that has ended. Hyperopt hides one that raised, so its document is None."""
        if doc is None:
            return self._frozen(number, {}, TrialState.FAIL)
        drawn = {name: vals[0] for name, vals in doc["misc"]["vals"].items() if len(vals)}
        params: Params = {}
        try:
            params = self._space.params(drawn)
            loss = float(doc["result"]["loss"])
        except (KeyError, TypeError, ValueError, IndexError):
            loss = float("nan")
        failed = doc["result"].get("status") != hyperopt.STATUS_OK or loss != loss
        state = TrialState.FAIL if failed else TrialState.COMPLETE
        return self._frozen(number, params, state, None if failed else loss)

    def _frozen(
        self, number: int, params: Params, state: TrialState, value: float | None = None
    ) -> FrozenTrial:
        distributions = ledger.distributions(self._space)
        trial = optuna.trial.create_trial(
            state=state,
            value=value,
            params=ledger.write_point(self._space, params),
            distributions={name: distributions[name] for name in params},
        )
        trial.number = number
        return trial


def _engine_of(sampler: BaseSampler, space: HyperoptSpace, seed: int) -> Engine:
    """An engine that proposes the points of an Optuna sampler."""
    if isinstance(sampler, EngineSampler):
        if sampler.space is not None and sampler.space != space:
            raise RequestError(
                "the sampler was made for another space than fmin has. Leave its space= out:\n"
                f"{sampler.space.difference(space)}"
            )
        return _engine(sampler.adapter, sampler.algorithm, space, sampler.seed, sampler.options)
    if not isinstance(sampler, BaseSampler):
        raise RequestError(f"an Optuna sampler is needed, not {sampler!r}")
    _log_notes(space, registry.HOST)
    return registry.get(registry.HOST).engine_behind(sampler, space)


def _engine_from(make: Callable[[int], BaseSampler], space: HyperoptSpace, seed: int) -> Engine:
    return _engine_of(make(seed), space, seed)


def _engine(
    adapter: Adapter,
    algorithm: str,
    space: HyperoptSpace,
    seed: int | None,
    options: Mapping[str, Any],
) -> Engine:
    if adapter.algorithms[algorithm].scheduler:
        raise Unsupported(
            f"{adapter.name}:{algorithm} decides how far each trial is trained, and fmin has no "
            "way to pass that on. Use crosstune.tune"
        )
    _log_notes(space, adapter.name)
    return adapter.engine(algorithm, space, seed=seed, maximize=False, options=options)


def _log_notes(space: HyperoptSpace, backend: str) -> None:
    for note in space.notes_on(backend):
        _logger.warning(note)
