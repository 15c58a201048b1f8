"""What an adapter is: it compiles spaces for a library, and makes engines that search them.

`Engine` and `Outcome` can be imported from here too.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, ClassVar

from crosstune.engines.engine import Budget, Busy, Engine, Exhausted, Outcome, fewest_grid_points
from crosstune.engines.seeds import seed_in_32_bits
from crosstune.errors import UnknownName, Unsupported, no_such
from crosstune.space.parameters import Scalar
from crosstune.space.probability import Law
from crosstune.space.space import Space
from crosstune.system.extras import require

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

__all__ = [
    "MODES",
    "Adapter",
    "Algorithm",
    "Budget",
    "Busy",
    "Drawn",
    "Engine",
    "Exhausted",
    "Outcome",
    "fewest_grid_points",
    "seed_in_32_bits",
]

MODES = ("exact", "literal")
"""The modes of `Adapter.compile`."""


@dataclass(frozen=True)
class Drawn:
    """What a library really draws for a parameter.

    Attributes:
        law: the distribution of the draws.
        decode: from a draw to the parameter's value; None if the draw is the value.
        notes: differences that the law does not show, such as a lost order.
    """

    law: Law
    decode: Callable[[Any], Scalar] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Algorithm:
    """One algorithm of a backend, as `crosstune backends` shows it.

    Attributes:
        summary: what it does, in a few words.
        options: returns the callable that builds it, whose keyword arguments are the options that
            a spec may give.
        reserved: keyword arguments that crosstune sets itself.
        ours: options that crosstune adds, such as `fast` where there is a fast path.
        needs: modules that have to be installed, and the extra that installs them.
        exhaustive: True if it evaluates each point once and then ends.
        scheduler: True if it decides how far each trial is trained and when the search ends.
        keeps_state: True if it does not learn from points that it never proposed, or has no use
            for outcomes, such as CMA-ES with its generations, or a random search. It cannot be
            made again from a history.
        reads_curves: True if it learns from all reports of a trial, also of an unfinished one.
        constraints: True if it learns from `Outcome.constraints` which points are infeasible.
        objectives: True if it searches for several objectives itself, by `Adapter.engine_for`.
        learns: False if its points do not depend on any outcome, so that objectives and constraints
            are all one to it.
        one_scalar: why its history cannot be rebuilt with the values of a scalarisation, so that
            it has one objective and no constraints; None if it can.
        refused: why it is not offered; None if it is.
    """

    summary: str
    options: Callable[[], Callable[..., Any]] | None = None
    reserved: tuple[str, ...] = ("seed",)
    ours: tuple[str, ...] = ()
    needs: tuple[tuple[str, ...], str] = ((), "")
    exhaustive: bool = False
    scheduler: bool = False
    keeps_state: bool = False
    reads_curves: bool = False
    constraints: bool = False
    objectives: bool = False
    learns: bool = True
    one_scalar: str | None = None
    refused: str | None = None

    def takes(self, option: str) -> bool:
        """True if the algorithm has an option of this name."""
        return option in self._option_names()

    def check_options(self, name: str, options: Mapping[str, Any]) -> None:
        """Raise UnknownName for an option that the algorithm does not have."""
        names = self._option_names() if options else []
        for option in options:
            if option not in names:
                raise UnknownName(no_such(f"option of {name}", option, names))

    def _option_names(self) -> list[str]:
        names: list[str] = []
        if self.options is not None:
            signature = inspect.signature(self.options())
            names = [
                p.name
                for p in signature.parameters.values()
                if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)
                and p.name not in (*self.reserved, "self")
            ]
        return [*names, *self.ours]


class Adapter(ABC):
    """A backend: what it can search, and how.

    Subclasses are stateless. A new one is registered in the entry-point group
    `crosstune.backends` and has to pass `crosstune.testing.BackendContract`.
    """

    name: ClassVar[str]
    distribution: ClassVar[str]
    """The name under which the library is installed."""

    roles: ClassVar[Mapping[str, str]]
    """The native names of `random`, `grid` and `bayesian`. Only `grid` may be left out: crosstune's
    own grid then runs, and is labelled as such."""

    algorithms: ClassVar[Mapping[str, Algorithm]]
    """The algorithms by their native names."""

    cautions: ClassVar[Sequence[str]] = ()
    """Differences of the whole backend that laws of single draws do not show, for
    `crosstune check`."""

    @abstractmethod
    def compile(self, space: Space, *, mode: str = "exact") -> Any:
        """The space in the library's own form.

        Args:
            mode: "exact": the same values with the same prior as on every other engine.
                "literal": the constructs that the library's documentation would use, for people
                who migrate; `crosstune check --mode literal` shows how far off each is.

        Raises:
            Unsupported: the library has no such construct, with the reason.
        """

    def compiled(self, space: Space) -> Any:
        """The result of `compile`, made once per space. It is shared: do not change it.

        Raises:
            Unsupported: see `compile`.
        """
        if type(self) not in space.compiled:
            space.compiled[type(self)] = self.compile(space)
        return space.compiled[type(self)]

    def read(self, native: Any) -> Space:
        """The space behind a native one; `read(compile(space)) == space`.

        Raises:
            Unsupported: a part of it has no equivalent parameter, with its name and the reason.
        """
        raise Unsupported(f"the {self.name} backend cannot read native spaces")

    def drawn(self, space: Space, name: str, *, mode: str = "exact") -> Drawn:
        """What the compiled space draws for one searched parameter when it is active.

        Args:
            space: a space.
            name: of the parameter.
            mode: see `compile`.

        Raises:
            Unsupported: the library cannot draw it, with the reason.
            NotImplementedError: the backend does not declare it; `crosstune check` leaves it out.
        """
        raise NotImplementedError(f"the {self.name} backend does not say what it draws")

    @abstractmethod
    def engine(
        self,
        algorithm: str,
        space: Space,
        *,
        seed: int | None,
        maximize: bool,
        options: Mapping[str, Any],
    ) -> Engine:
        """A fresh search.

        Args:
            algorithm: one of `algorithms`.
            space: to search.
            seed: any integer; the same one gives the same points. None: a random one.
            maximize: whether higher values are better.
            options: of the algorithm.

        Raises:
            UnknownName: the algorithm has no such option.
            Unsupported: it cannot search this space.
        """

    def engine_for(
        self,
        algorithm: str,
        space: Space,
        *,
        seed: int | None,
        maximize: Sequence[bool],
        options: Mapping[str, Any],
    ) -> Engine:
        """A fresh search for several objectives, by an algorithm that declares `objectives`.

        Args:
            algorithm, space, seed, options: see `engine`.
            maximize: of each objective, whether higher values are better.

        Raises:
            Unsupported: the backend has no such search.
        """
        raise Unsupported(f"{self.name}:{algorithm} searches for one objective")

    def sampler(
        self, algorithm: str, space: Space | None, *, seed: int | None, options: Mapping[str, Any]
    ) -> BaseSampler | None:
        """The algorithm as an Optuna sampler that runs on the user's study itself.

        Args:
            algorithm: one of `algorithms`.
            space: None if no space is declared.
            seed: any integer; None: a random one.
            options: of the algorithm.

        Returns:
            The sampler; None if an engine drives the algorithm.
        """
        return None

    def engine_behind(self, sampler: BaseSampler, space: Space) -> Engine:
        """A minimizing search of a space by a sampler that the user has made, without a study.

        Only the backend whose samplers run on a study (`crosstune.engines.registry.HOST`) has it.
        """
        raise Unsupported(f"the {self.name} backend cannot drive a {type(sampler).__name__}")

    def options_of(
        self, algorithm: str, options: Mapping[str, Any], record_format: int
    ) -> Mapping[str, Any]:
        """The options with which an algorithm proposes what it did when a study was begun.

        Args:
            algorithm: a native name.
            options: of the study.
            record_format: the `FORMAT` of the study's record, 1 or more.
        """
        return options

    def plain_options(self, algorithm: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Options of an algorithm as a study's record and a copy of its sampler can store them.

        An adapter whose option names a storage reads the trials in it.
        """
        return options

    def algorithm(self, name: str) -> str:
        """The native name of a role or an algorithm.

        Raises:
            UnknownName: the backend has no such algorithm.
            Unsupported: the algorithm is refused, with the reason.
            MissingLibrary: it needs a library that is not installed.
        """
        native = self.roles.get(name, name)
        if native not in self.algorithms:
            names = {*self.roles, *(k for k, a in self.algorithms.items() if a.refused is None)}
            raise UnknownName(no_such(f"{self.name} sampler", name, names))
        refused = self.algorithms[native].refused
        if refused is not None:
            raise Unsupported(f"{self.name} cannot run {native!r} here: {refused}")
        modules, extra = self.algorithms[native].needs
        require(f"{self.name}:{native}", f"crosstune[{extra}]", *modules)
        return native

    def versions(self) -> Mapping[str, str]:
        """The versions of its libraries by name, for the records of matches and studies."""
        with suppress(PackageNotFoundError):
            return {self.distribution: version(self.distribution)}
        return {}

    def check_mode(self, mode: str) -> None:
        """Raise UnknownName for a mode of `compile` that does not exist."""
        if mode not in MODES:
            raise UnknownName(no_such("mode", mode, MODES))
