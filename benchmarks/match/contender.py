"""Who takes part: an engine, and perhaps a pruner, by one string."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crosstune import pruners
from crosstune.engines import registry
from crosstune.engines.base import Adapter
from crosstune.errors import MissingLibrary, RequestError
from crosstune.samplers.named import named_algorithm
from crosstune.spec.spec import Named, Spec
from crosstune.tuning.front import StudyRequest

REFERENCE = "optuna:random"
"""Random search, the measure of normalised regret."""


STARTUP = ("n_startup_trials", "n_startup_jobs", "num_initial_points", "startup")
"""What the libraries call the number of random points that come first."""


@dataclass(frozen=True)
class Contender:
    """An engine with its options, and what prunes its trials.

    Attributes:
        label: how it is called everywhere.
        backend, sampler: the engine.
        pruner: None is what the spec says.
        unlisted: module:class of a backend that `registry.names` does not list. Another process
            registers it as it reads the contender.
    """

    label: str
    backend: str
    sampler: Named
    pruner: Named | None = None
    unlisted: str | None = None

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self.unlisted:
            registry.register(self.backend, self.unlisted)

    @property
    def is_random(self) -> bool:
        """Whether it is a random search, unpruned."""
        return registry.get(self.backend).roles["random"] == self.sampler.name and not self.pruner

    @property
    def startup(self) -> int | None:
        """How many random points its sampler begins with, where an option of it says so."""
        algorithm = registry.get(self.backend).algorithms.get(self.sampler.name)
        if algorithm is None or algorithm.options is None:
            return None
        known = inspect.signature(algorithm.options()).parameters
        given = (self.sampler.options.get(o, known[o].default) for o in STARTUP if o in known)
        return next((number for number in given if isinstance(number, int)), None)

    def request(
        self, spec: Spec, seed: int, trials: int | None = None, study_name: str | None = None
    ) -> StudyRequest:
        """The request for a study of a spec; its prior is left out, which not all could use.

        Args:
            seed: of the engine.
            trials: how many the run has, for an algorithm that has such an option and is not told.
            study_name: defaults to the spec's name.
        """
        spec = spec.model_copy(update={"prior": {}})
        sampler = self.sampler
        algorithm = registry.get(self.backend).algorithms.get(sampler.name)
        if trials is not None and algorithm is not None and "trials" in algorithm.ours:
            sampler = Named(name=sampler.name, **{"trials": trials, **sampler.options})
        return StudyRequest(
            spec=spec,
            own_loop=True,
            backend=self.backend,
            sampler=sampler.plain(),
            pruner=None
            if self.pruner is None
            else {"name": self.pruner.name, **self.pruner.options},
            seed=seed,
            study_name=study_name,
        )


def contender(given: str | Mapping[str, Any]) -> Contender:
    """A contender from ``backend:sampler`` or ``backend:sampler+pruner``, or from a mapping.

    Args:
        given: a mapping has `backend`, and may have `sampler` and `pruner`, each a name or a
            mapping of a name and options, and a `label`. ``+none`` prunes nothing, whatever the
            spec says.

    Raises:
        RequestError: there is no such backend, sampler or pruner, or its library is missing.

    >>> contender("hyperopt:tpe+median").label
    'hyperopt:tpe+median'
    >>> contender({"backend": "optuna", "sampler": {"name": "tpe", "gamma": 1}, "label": "x"}).label
    'x'
    """
    if isinstance(given, str):
        engine, plus, pruning = given.partition("+")
        if not engine or (plus and not pruning):
            raise RequestError(
                f"a contender is written backend:sampler or backend:sampler+pruner, not {given!r}"
            )
        adapter, algorithm = _engine(engine)
        named, pruner = Named(name=algorithm), Named(name=pruning) if pruning else None
        label = None
    else:
        known = ("label", "backend", "sampler", "pruner")
        if not set(given) <= set(known) or "backend" not in given:
            raise RequestError(
                f"a contender is a mapping of {', '.join(known)}; backend is needed. Not {given!r}"
            )
        named = _named(given.get("sampler", "bayesian"))
        adapter, algorithm = _engine(f"{given['backend']}:{named.name}")
        named = Named(name=algorithm, **named.options)
        pruner = _named(given["pruner"]) if given.get("pruner") else None
        label = given.get("label")
    if "constraints_func" in named.options:
        raise RequestError(
            "a contender has no constraints_func: constraints are the problem's, so that all "
            "contenders have the same. Call trial.set_constraint in the objective (Optuna 5)"
        )
    if pruner is not None:
        pruners.create(pruner.name, pruner.options)
    parts = [f"{adapter.name}:{_shown(named)}", *([_shown(pruner)] if pruner else [])]
    unlisted = registry.unlisted().get(adapter.name)
    return Contender(str(label or "+".join(parts)), adapter.name, named, pruner, unlisted)


def contenders(given: Iterable[str | Mapping[str, Any]] | str | None) -> tuple[Contender, ...]:
    """All of them, each once; None is every installed engine's bayesian, and random search.

    Raises:
        RequestError: see `contender`; fewer than two; or two of one label.
    """
    if given is None:
        found = [contender(f"{name}:bayesian") for name in registry.names() if _is_installed(name)]
        found.append(contender(REFERENCE))
    else:
        listed = given.split(",") if isinstance(given, str) else given
        found = [contender(one.strip() if isinstance(one, str) else one) for one in listed]
    labels = [each.label for each in found]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise RequestError(
            f"two contenders are called {twice[0]!r}. Name each once, or give a label"
        )
    if len(found) < 2:
        raise RequestError("a match has two contenders or more")
    return tuple(found)


def _engine(name: str) -> tuple[Adapter, str]:
    """The backend and its native name; a grid is chosen for the space, perhaps crosstune's own."""
    backend, _, algorithm = name.partition(":")
    if algorithm == "grid":
        return registry.get(backend.replace("-", "_")), "grid"
    return named_algorithm(name)


def _is_installed(name: str) -> bool:
    try:
        registry.get(name).algorithm("bayesian")
    except MissingLibrary:
        return False
    return True


def _named(given: str | Mapping[str, Any]) -> Named:
    return Named(name=given) if isinstance(given, str) else Named(**given)


def _shown(named: Named) -> str:
    """Name and options.

    >>> _shown(Named(name="tpe", gamma=1))
    'tpe(gamma=1)'
    """
    options = ", ".join(f"{key}={value!r}" for key, value in named.options.items())
    return f"{named.name}({options})" if options else named.name
