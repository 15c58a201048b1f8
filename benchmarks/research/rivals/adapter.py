"""A rival as a backend of a match, and the engine that drives its process.

- A rival searches the coordinates, so its values are exactly the spec's. How each kind of number is
  told to the library is in its file in `inside/`.
- Its law is not certified: a rival starts with points of its own, and not all of them draw the
  prior. HEBO's Sobol start, say, gives the ends of an integer half the share of the others.
- The loss is minimised. A pruned trial is told with its last report. An infinite loss is told as a
  failure, as none of the rivals takes one.
- It gets the number of trials as its option `trials`; SMAC3 and NGOpt plan by it.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from crosstune.benchmarks.research.rivals.description import (
    decoded,
    described,
    encoded,
    points_at_least,
)
from crosstune.benchmarks.research.rivals.environments import ENVIRONMENTS, Environment
from crosstune.benchmarks.research.rivals.process import RivalProcess
from crosstune.engines.base import Adapter, Algorithm, Engine, Exhausted, Outcome
from crosstune.space.space import Params, Space

TRIALS = 50
"""How many trials a rival is told that it has, where nobody says."""

OURS = ("trials",)
"""The options of a rival; a match fills them in."""


def no_random(rival: str) -> Algorithm:
    """The role `random`, which every backend has to name and no rival needs."""
    return Algorithm("", refused=f"{rival} is here for what it learns. Take optuna:random")


class RivalAdapter(Adapter):
    """A backend whose engines run in an environment of their own."""

    environment: ClassVar[Environment]

    def algorithm(self, name: str) -> str:
        """The native name; MissingLibrary where the environment is not installed."""
        native = super().algorithm(name)
        self.environment.check()
        return native

    def versions(self) -> Mapping[str, str]:
        """Those in the environment."""
        return self.environment.versions()

    def compile(self, space: Space, *, mode: str = "exact") -> list[dict[str, Any]]:
        """The space as the rival is told it; see `described`."""
        self.check_mode(mode)
        return described(space)

    def engine(
        self,
        algorithm: str,
        space: Space,
        *,
        seed: int | None,
        maximize: bool,
        options: Mapping[str, Any],
    ) -> RivalEngine:
        """A search; its process is started at the first question.

        Raises:
            MissingLibrary: the environment is not installed.
        """
        self.algorithms[algorithm].check_options(f"{self.name}:{algorithm}", options)
        self.environment.check()
        return RivalEngine(
            self.name,
            algorithm,
            self.environment.command(),
            space,
            seed=seed,
            maximize=maximize,
            **options,
        )


class RivalEngine(Engine):
    """One search in a process of its own.

    Args:
        command: what starts the process.
        seed: any integer; None for a random one.
        trials: how many the run has.
    """

    def __init__(
        self,
        rival: str,
        algorithm: str,
        command: Sequence[str],
        space: Space,
        *,
        seed: int | None,
        maximize: bool,
        trials: int = TRIALS,
    ):
        self._rival = rival
        self._algorithm = algorithm
        self._command = command
        self._space = space
        self._seed = secrets.randbits(31) if seed is None else seed % 2**31
        self._sign = -1.0 if maximize else 1.0
        self._trials = trials
        self.lasts = points_at_least(space) // 2
        self.native: RivalProcess | None = None

    def ask(self, trial: int) -> Params:
        """The point that the rival proposes."""
        answer = self._process.call(do="ask", key=trial)
        if answer.get("exhausted"):
            raise Exhausted(f"{self._rival} has no new point")
        return decoded(self._space, answer.get("point") or {}, self._rival)

    def tell(self, trial: int, outcome: Outcome) -> None:
        """It was evaluated as proposed."""
        self._process.call(do="tell", key=trial, loss=self._loss(outcome))

    def replace(self, trial: int, params: Params, outcome: Outcome) -> None:
        """It was evaluated at other values: the proposal is forgotten, and those are inserted."""
        self._process.call(do="forget", key=trial)
        self.insert(params, outcome)

    def insert(self, params: Params, outcome: Outcome) -> None:
        """It was never proposed."""
        point = encoded(self._space, params)
        self._process.call(do="insert", point=point, loss=self._loss(outcome))

    def close(self) -> None:
        """End its process."""
        if self.native is not None:
            self.native.close()

    @property
    def _process(self) -> RivalProcess:
        if self.native is None:
            self.native = RivalProcess(self._rival, self._command)
            self.native.call(
                do="begin",
                algorithm=self._algorithm,
                parameters=described(self._space),
                seed=self._seed,
                trials=self._trials,
            )
        return self.native

    def _loss(self, outcome: Outcome) -> float | None:
        """What to minimise; None for a failed trial."""
        if outcome.value is None or not math.isfinite(outcome.value):
            return None
        return self._sign * outcome.value


class SmacAdapter(RivalAdapter):
    """SMAC3."""

    name = "smac"
    distribution = "smac"
    environment = ENVIRONMENTS["smac"]
    roles = {"random": "random", "bayesian": "smac"}
    algorithms = {
        "smac": Algorithm("random forest, retrained after every trial", ours=OURS),
        "blackbox": Algorithm("Gaussian process, retrained after every trial", ours=OURS),
        "random": no_random("smac"),
    }


class HeboAdapter(RivalAdapter):
    """HEBO."""

    name = "hebo"
    distribution = "hebo"
    environment = ENVIRONMENTS["hebo"]
    roles = {"random": "random", "bayesian": "hebo"}
    algorithms = {
        "hebo": Algorithm("Gaussian process with warped input and output", ours=OURS),
        "random": no_random("hebo"),
    }


class AxAdapter(RivalAdapter):
    """Ax."""

    name = "ax"
    distribution = "ax-platform"
    environment = ENVIRONMENTS["ax"]
    roles = {"random": "random", "bayesian": "ax"}
    algorithms = {
        "ax": Algorithm("Sobol points, then BoTorch", ours=OURS),
        "random": no_random("ax"),
    }


class NevergradAdapter(RivalAdapter):
    """Nevergrad."""

    name = "nevergrad"
    distribution = "nevergrad"
    environment = ENVIRONMENTS["nevergrad"]
    roles = {"random": "random", "bayesian": "ngopt"}
    algorithms = {
        "ngopt": Algorithm("its own choice of an optimiser", ours=OURS),
        "discrete": Algorithm("DiscreteOnePlusOne", ours=OURS),
        "portfolio": Algorithm("PortfolioDiscreteOnePlusOne", ours=OURS),
        "random": no_random("nevergrad"),
    }
