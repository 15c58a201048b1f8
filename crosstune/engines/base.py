"""What an adapter is: a compiler of spaces, and a driver of the engine's ask and tell.

The life of an engine, whoever drives it:

    engine = adapter.engine("tpe", space, seed=0, maximize=False, options={})
    params = engine.ask(trial)                      # once a trial, before it is evaluated
    engine.tell(trial, outcome)                     # once it ended and had the values proposed
    engine.replace(trial, params, outcome)          # ... and had other values
    engine.insert(params, outcome)                  # a finished trial that was never proposed

Calls come from one thread at a time. `trial` is the number of a trial in the ledger. Points are
the spec's values, active parameters only, already checked against the space; how a value is
drawn inside the engine is the adapter's own business.
"""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, ClassVar

from crosstune.errors import UnknownName, Unsupported, no_such
from crosstune.space.parameters import Scalar
from crosstune.space.probability import Law
from crosstune.space.space import Params, Space
from crosstune.system.extras import require

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


MODES = ("exact", "literal")
"""What `Adapter.compile` can be asked for."""


class Exhausted(Exception):
    """The engine has no point left to propose."""


class Busy(Exception):
    """The engine has no point until a running trial has ended."""


@dataclass(frozen=True)
class Outcome:
    """How a trial ended.

    Attributes:
        value: the objective in the study's own direction; of a pruned trial the last report;
            None for a failed trial and for a pruned one without reports. Never NaN.
        state: "complete", "pruned" or "failed".
        reports: intermediate values by step.
        constraints: constraint values by key; feasible at 0 or below.
    """

    state: str
    value: float | None = None
    reports: Mapping[int, float] = field(default_factory=dict)
    constraints: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Budget:
    """How far a scheduler wants a trial to be trained.

    Attributes:
        epochs: train up to this epoch, counted from the very start of the model.
        initial_epoch: how many of them the trial that this one continues has done; 0 for none.
        resume_from: that trial, whose checkpoint may be loaded; None for a fresh model. An
            objective that keeps no checkpoints trains all `epochs` again.
        bracket, round: where the trial stands in the schedule.
    """

    epochs: int
    initial_epoch: int = 0
    resume_from: int | None = None
    bracket: int = 0
    round: int = 0


@dataclass(frozen=True)
class Drawn:
    """What a library really draws for a parameter.

    Attributes:
        law: of what the library draws.
        decode: from that to the parameter's value; None where it is the value.
        notes: what differs although the law may be the same, such as an order that is lost.
    """

    law: Law
    decode: Callable[[Any], Scalar] | None = None
    notes: tuple[str, ...] = ()


class Engine(ABC):
    """One search by one algorithm over one space."""

    native: Any
    """The live native object: `hyperopt.Trials`, `keras_tuner.Oracle`, `optuna.Study`."""

    exhaustive: bool = False
    """Whether it walks through points that must each be evaluated once. If so, a point that was
    not evaluated is proposed again, and one evaluated elsewhere is not proposed. Processes that
    search one study at once take turns."""

    lasts: float = math.inf
    """For how many questions there surely is a point; `ask` may be Exhausted after that."""

    distinct: bool = False
    """Whether it never repeats a point. Then processes that search one study at once take turns, so
    that each knows what the others are at."""

    part: bool = False
    """Whether the points are parts of what is evaluated, as in a space that was learnt from trials
    with further parameters. Then a point may well be worth another trial."""

    made: ClassVar[Sequence[str]] = ("space",)
    """Attributes that an engine is made with and that do not change: `freeze` leaves them out.
    What cannot be pickled, even by cloudpickle, belongs here, or a long study is resumed slowly."""

    def freeze(self) -> dict[str, Any]:
        """What has become of the search, for `thaw`; it is pickled at once, and not changed."""
        return {name: held for name, held in vars(self).items() if name not in self.made}

    def thaw(self, frozen: Mapping[str, Any]) -> None:
        """Go on as the engine that was frozen would; this one was made alike and never asked."""
        vars(self).update(frozen)

    @abstractmethod
    def ask(self, trial: int) -> Params:
        """The point that the algorithm proposes for a trial.

        Raises:
            Exhausted: there is none left.
            Busy: there is none until a running trial has ended.
        """

    def budget(self, trial: int) -> Budget | None:
        """The budget of a trial that was just asked for; None when the engine sets none."""
        return None

    def aside(self, trial: int) -> Mapping[str, Any]:
        """What was drawn for a trial that was just asked for, where its point says it nearly.

        By name; plain numbers. Nothing for most engines: they draw what the point says.
        """
        return {}

    def running(self, points: Sequence[Params]) -> None:
        """Which points are being evaluated now that this engine did not propose.

        Called before `ask`, with what other processes on the study's storage are at. Most engines
        have no use for it.
        """
        return

    @abstractmethod
    def tell(self, trial: int, outcome: Outcome) -> None:
        """A trial ended and was evaluated as proposed."""

    @abstractmethod
    def replace(self, trial: int, params: Params, outcome: Outcome) -> None:
        """A trial ended and was evaluated at `params` instead of the point proposed."""

    @abstractmethod
    def insert(self, params: Params, outcome: Outcome) -> None:
        """A trial ended that was never proposed."""

    def close(self) -> None:
        """End what the search has running beside this process; most engines have nothing."""
        return


@dataclass(frozen=True)
class Algorithm:
    """One algorithm of a backend, as `crosstune backends` shows it.

    Attributes:
        summary: what it does, in a few words.
        options: what builds it; its keyword arguments are the options that a spec may give.
        reserved: keyword arguments that crosstune sets itself.
        ours: options that crosstune adds, such as `fast` where there is a fast path.
        needs: modules that have to be installed, and the extra that brings them.
        exhaustive: whether it evaluates each point once and ends then.
        scheduler: whether it says how far each trial is trained, and when the search is over.
        constraints: whether it learns from `Outcome.constraints` which points are infeasible.
        refused: why it cannot be offered; None when it can.
    """

    summary: str
    options: Callable[[], Callable[..., Any]] | None = None
    reserved: tuple[str, ...] = ("seed",)
    ours: tuple[str, ...] = ()
    needs: tuple[tuple[str, ...], str] = ((), "")
    exhaustive: bool = False
    scheduler: bool = False
    constraints: bool = False
    refused: str | None = None

    def takes(self, option: str) -> bool:
        """Whether the algorithm has an option."""
        return option in self._known()

    def check_options(self, name: str, options: Mapping[str, Any]) -> None:
        """Raise UnknownName for an option that the algorithm does not have."""
        known = self._known() if options else []
        for option in options:
            if option not in known:
                raise UnknownName(no_such(f"option of {name}", option, known))

    def _known(self) -> list[str]:
        known: list[str] = []
        if self.options is not None:
            signature = inspect.signature(self.options())
            known = [
                p.name
                for p in signature.parameters.values()
                if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)
                and p.name not in (*self.reserved, "self")
            ]
        return [*known, *self.ours]


class Adapter(ABC):
    """A backend: what it can search, and how.

    Subclasses are stateless. A new one becomes known through the entry-point group
    `crosstune.backends` and is held to `crosstune.testing.BackendContract`.
    """

    name: ClassVar[str]
    distribution: ClassVar[str]
    """The name under which the library is installed."""

    roles: ClassVar[Mapping[str, str]]
    """What `random`, `grid` and `bayesian` are called here. Only `grid` may be left out: then
    crosstune's own runs, and is labelled so."""

    algorithms: ClassVar[Mapping[str, Algorithm]]
    """The native names."""

    cautions: ClassVar[Sequence[str]] = ()
    """What `crosstune check` says of the whole backend: laws of single draws do not show it."""

    @abstractmethod
    def compile(self, space: Space, *, mode: str = "exact") -> Any:
        """The space in the library's own form.

        Args:
            mode: "exact": the same values with the same prior as on every other engine.
                "literal": the constructs that the library's documentation would use, for people
                who migrate; `crosstune check --mode literal` says how far off each is.

        Raises:
            Unsupported: the library cannot do that, with the reason.
        """

    def compiled(self, space: Space) -> Any:
        """What `compile` returns for a space, made once for it. It is shared: do not change it.

        Raises:
            Unsupported: see `compile`.
        """
        if type(self) not in space.compiled:
            space.compiled[type(self)] = self.compile(space)
        return space.compiled[type(self)]

    def read(self, native: Any) -> Space:
        """The space behind a native one; `read(compile(space)) == space`.

        Raises:
            Unsupported: something in it has no parameter here, with its name and the reason.
        """
        raise Unsupported(f"the {self.name} backend cannot read native spaces")

    def drawn(self, space: Space, name: str, *, mode: str = "exact") -> Drawn:
        """What the compiled space draws for one searched parameter, whenever it is active.

        Raises:
            Unsupported: the library cannot draw it, with the reason.
            NotImplementedError: the backend does not say; `crosstune check` leaves it out then.
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
        """A fresh search. `seed` is any integer; the same one gives the same points."""

    def sampler(
        self, algorithm: str, space: Space | None, *, seed: int | None, options: Mapping[str, Any]
    ) -> BaseSampler | None:
        """The algorithm as an Optuna sampler that works on the ledger itself, where there is one.

        `space` is None where nobody has declared one. The answer is None where an engine drives
        the algorithm.
        """
        return None

    def engine_behind(self, sampler: BaseSampler, space: Space) -> Engine:
        """A search of a space, for its smallest value, by a sampler that the user has made.

        The backend whose samplers work on a study itself (`crosstune.engines.registry.HOST`) has
        it, for places where there is no study.
        """
        raise Unsupported(f"the {self.name} backend cannot drive a {type(sampler).__name__}")

    def plain_options(self, algorithm: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Options of an algorithm as a study and a copy of its sampler can hold them.

        An adapter with an option that names a place reads what is there.
        """
        return options

    def algorithm(self, name: str) -> str:
        """The native name of a role or an algorithm.

        Raises:
            UnknownName: no such algorithm here.
            Unsupported: it is known and refused, with the reason.
            MissingLibrary: it needs a library that is not installed.
        """
        native = self.roles.get(name, name)
        if native not in self.algorithms:
            known = {*self.roles, *(k for k, a in self.algorithms.items() if a.refused is None)}
            raise UnknownName(no_such(f"{self.name} sampler", name, known))
        refused = self.algorithms[native].refused
        if refused is not None:
            raise Unsupported(f"{self.name} cannot run {native!r} here: {refused}")
        modules, extra = self.algorithms[native].needs
        require(f"{self.name}:{native}", f"crosstune[{extra}]", *modules)
        return native

    def versions(self) -> Mapping[str, str]:
        """The versions of its libraries, by name, as matches and studies keep them."""
        with suppress(PackageNotFoundError):
            return {self.distribution: version(self.distribution)}
        return {}

    def check_mode(self, mode: str) -> None:
        """Raise UnknownName for a mode of `compile` that does not exist."""
        if mode not in MODES:
            raise UnknownName(no_such("mode", mode, MODES))


def fewest_grid_points(space: Space, points: int = 10) -> int:
    """A lower bound of the points of a grid: those of its unconditional parameters."""
    unconditional = (item for name, item in space.items() if not space.conditions[name])
    return math.prod(len(item.grid_points(points)) for item in unconditional)


def seed_in_32_bits(seed: int | None) -> int | None:
    """The seed for a library that takes 0 to 2**32 - 1 only; those stay what they are."""
    return None if seed is None else seed % 2**32
