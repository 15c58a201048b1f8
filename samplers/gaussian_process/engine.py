"""The engine: records outcomes, and proposes the next point."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np
from scipy.stats import qmc
from threadpoolctl import ThreadpoolController

from crosstune.engines.base import Engine, Exhausted, Outcome, seed_in_32_bits
from crosstune.errors import SpecError, no_such
from crosstune.samplers.gaussian_process.belief import BETA, Beliefs
from crosstune.samplers.gaussian_process.curve_process import CurveProcess
from crosstune.samplers.gaussian_process.curve_regression import CurveRegression
from crosstune.samplers.gaussian_process.curve_rows import TrainingHorizon
from crosstune.samplers.gaussian_process.curve_rows import rows as curve_rows
from crosstune.samplers.gaussian_process.curve_use import curve_of, horizon_of
from crosstune.samplers.gaussian_process.dimensions import Flags, Numbers
from crosstune.samplers.gaussian_process.earlier import learn
from crosstune.samplers.gaussian_process.encoding import Encoding
from crosstune.samplers.gaussian_process.fit import Hyperparameters
from crosstune.samplers.gaussian_process.hedge import MODEL, PARZEN, Hedge
from crosstune.samplers.gaussian_process.model import Model
from crosstune.samplers.gaussian_process.parzen import drawn
from crosstune.samplers.gaussian_process.regression import Observation, Regression
from crosstune.samplers.gaussian_process.search import Search
from crosstune.samplers.gaussian_process.targets import COMPLETE, FAILED, STATES
from crosstune.samplers.grid import grid
from crosstune.space.belief import beliefs
from crosstune.space.space import Params, Space

MECHANISMS = ("additive", "curves", "edges", "hedge", "plain")
"""What `without` may switch off."""
START = 5
"""Default number of points before the first modelled one; two more than parameters if fewer."""
START_WITHOUT_PLAIN = 8
"""The same number without `plain`."""
LISTED = 1000
"""Maximum number of points of a space that is scored completely."""
TRIES = 20


class GaussianProcessEngine(Engine):
    """Proposals by a Gaussian process.

    Args:
        space, startup, prior, without, seed: as in `GaussianProcessSampler`.
        warm_start: as made by `crosstune.study.warm_start.finished`.
        maximize: whether larger values are better.

    Raises:
        SpecError: an invalid argument.
    """

    distinct = True

    def __init__(
        self,
        space: Space,
        *,
        startup: int | None = None,
        prior: Mapping[str, Any] | None = None,
        warm_start: Sequence[Mapping[str, Any]] = (),
        without: Collection[str] = (),
        seed: int | None = None,
        maximize: bool = False,
    ):
        self._encoding = Encoding(space)
        self._without = {without} if isinstance(without, str) else set(without)
        for name in self._without:
            if name not in MECHANISMS:
                raise SpecError(no_such("mechanism", str(name), MECHANISMS))
        if startup is None:
            most = START_WITHOUT_PLAIN if "plain" in self._without else START
            startup = min(most, self._encoding.d + 2)
        if not isinstance(startup, int) or isinstance(startup, bool) or startup < 0:
            raise SpecError(f"startup is a number of points, 0 or more, not {startup!r}")
        self._sign = -1.0 if maximize else 1.0
        self._space = space
        # A learnt space may lack parameters of the study.
        relevant = {name: belief for name, belief in (prior or {}).items() if name in space}
        self._beliefs = Beliefs(self._encoding, beliefs(space, relevant)) if relevant else None
        self._rng = np.random.default_rng(seed_in_32_bits(seed))
        self._startup = startup
        self._observed: list[Observation] = []
        self._open: dict[int, Numbers] = {}
        self._elsewhere: list[Numbers] = []
        self._tried: set[bytes] = set()
        self._inserted = 0
        self._hedge = Hedge()
        self.proposers: dict[int, str] = {}
        """By trial, the proposer of its point; none for a start point."""
        self._best = math.inf
        earlier, self._found = learn(self._encoding, warm_start, self._rng)
        self._regression = Regression(self._encoding, earlier=earlier, without=self._without)
        self._ends = CurveRegression(self._encoding, earlier=earlier)
        self.native = self._observed

    @property
    def lasts(self) -> float:  # type: ignore[override]
        """How many calls of `ask` are guaranteed to return a point."""
        return math.inf if self.part else self._encoding.fewest - self._inserted

    @property
    def hyperparameters(self) -> Hyperparameters | None:
        """Those of the last fit; None before it."""
        return self._regression.hyperparameters

    def ask(self, trial: int) -> Params:
        """The next point."""
        if not self._encoding.d:
            if self._tried and not self.part:
                raise Exhausted
            self._tried.add(b"")
            return self._encoding.decode(np.empty(0))
        params = self._encoding.decode(self._next(trial))
        row = self._encoding.encode(params, self._rng)
        self._open[trial] = row
        self._tried.update(self._encoding.keys(row[None]))
        return params

    def tell(self, trial: int, outcome: Outcome) -> None:
        """Learn the outcome of a proposal."""
        if trial in self._open:
            best = self._best
            self._learn(self._open.pop(trial), outcome)
            if trial in self.proposers:
                self._hedge.note(self.proposers[trial], self._best < best)

    def replace(self, trial: int, params: Params, outcome: Outcome) -> None:
        """Learn the outcome of another point that was evaluated instead of a proposal.

        Args:
            trial: of the proposal.
            params: the evaluated point.
            outcome: of the trial.
        """
        self._open.pop(trial, None)
        self.insert(params, outcome)

    def insert(self, params: Params, outcome: Outcome) -> None:
        """Learn the outcome of a point of another origin."""
        if self._encoding.d:
            self._learn(self._encoding.encode(params, self._rng), outcome)
        self._inserted += 1

    def running(self, points: Sequence[Params]) -> None:
        """Set the points that other processes are evaluating now."""
        self._elsewhere = []
        if self._encoding.d:
            self._elsewhere = [self._encoding.encode(params, self._rng) for params in points]

    def _learn(self, row: Numbers, outcome: Outcome) -> None:
        state = STATES[outcome.state]
        if outcome.value is None:
            state = FAILED
        value = math.nan if outcome.value is None else self._sign * outcome.value
        curve = curve_of(outcome, self._sign)
        self._observed.append(
            Observation(row, value, state, curve, outcome.epochs, outcome.penalised)
        )
        if state == COMPLETE:
            self._best = min(self._best, value)
        self._tried.update(self._encoding.keys(row[None]))

    def _next(self, trial: int) -> Numbers:
        begun = len(self._observed) + len(self._open) + len(self._elsewhere)
        if begun < self._startup:
            row = self._first_new(self._design[begun : begun + 1])
            return self._drawn() if row is None else row
        usable = sum(observation.state != FAILED for observation in self._observed)
        if usable < 2:
            return self._drawn()
        horizon = None if "curves" in self._without else horizon_of(self._observed)
        proposer = MODEL
        if horizon is None and self._uses("hedge"):
            proposer = PARZEN if self._rng.random() < self._hedge.share else MODEL
        self.proposers[trial] = proposer
        with _blas().limit(limits=1):
            return self._modelled(proposer, horizon)

    def _uses(self, mechanism: str) -> bool:
        """Whether `edges` or `hedge` is in use.

        `plain` leaves both out of a space without conditions until a trial fails, is pruned without
        a report, or breaks a constraint.
        """
        needed = (
            "plain" in self._without
            or self._encoding.conditional
            or any(trial.state == FAILED or trial.penalised for trial in self._observed)
        )
        return needed and mechanism not in self._without

    @cached_property
    def _design(self) -> Numbers:
        """(startup, d) or more: the medians of the ranges, then a Sobol sequence.

        Users often choose a range around an expected value, its middle. With a prior, its mode is
        the first point, and the others are drawn around it. The best points of earlier studies come
        before them, as at most half of the design.
        """
        sobol = qmc.Sobol(self._encoding.d, scramble=True, seed=self._rng)
        points = sobol.random_base2(max(math.ceil(math.log2(max(self._startup, 1))), 0))
        points[0, self._encoding.ordered] = 0.5
        if self._beliefs is None:
            rows = self._encoding.rows(np.asarray(points))
        else:
            rows = self._beliefs.rows(np.asarray(points))
            for column, entry in self._beliefs.mode.items():
                rows[0, column] = entry
        best = self._found[: max(self._startup // 2, 1)]
        return np.concatenate([best, rows]) if best else rows

    def _drawn(self) -> Numbers:
        """A new row of the prior.

        Raises:
            Exhausted: every point was tried.
        """
        for _ in range(TRIES):
            row = self._first_new(self._encoding.draw(self._rng, 16))
            if row is not None:
                return row
        if self._encoding.size == math.inf:
            # Parents of continuous parameters may be rare; repeating a point is acceptable.
            return self._encoding.draw(self._rng, 1).ravel()
        for params in grid(self._space, 2**53):
            row = self._encoding.encode(params, self._rng)
            if self._is_new(row[None])[0]:
                return row
        raise Exhausted

    def _modelled(self, proposer: str, horizon: TrainingHorizon | None) -> Numbers:
        if proposer == PARZEN:
            rows, values = self._regression.targets(self._observed)
            row = self._first_new(drawn(self._encoding, rows, values, self._rng))
            if row is not None:
                return row
        pending = [*self._open.values(), *self._elsewhere]
        model: Model | CurveProcess
        if horizon is None:
            model, best = self._regression.model(self._observed, pending)
        else:
            model, best = self._curved(horizon, pending)
        power = BETA / len(self._observed)
        search = Search(
            self._encoding,
            model,
            self._is_new,
            self._rng,
            self._beliefs,
            power,
            edges=horizon is None and self._uses("edges"),
        )
        if self._encoding.size <= LISTED:
            listed = search.of(self._listed)
            if listed is None:
                raise Exhausted
            return listed
        row = search.near(best)
        return self._drawn() if row is None else row

    def _curved(
        self, horizon: TrainingHorizon, pending: Sequence[Numbers]
    ) -> tuple[CurveProcess, Numbers]:
        """The model of the ends, and its rows, the best first."""
        rows = np.array([observation.row for observation in self._observed])
        curves = [observation.curve for observation in self._observed]
        waiting = self._encoding.points(np.array(pending)) if pending else None
        points = self._encoding.points(rows)
        model, chosen = self._ends.model(points, curve_rows(curves, horizon)[0], waiting)
        order = np.argsort(model.means, kind="stable")
        return model, rows[chosen][order]

    @cached_property
    def _listed(self) -> Numbers:
        return np.array(
            [self._encoding.encode(params, self._rng) for params in grid(self._space, LISTED)]
        )

    def _first_new(self, rows: Numbers) -> Numbers | None:
        new = np.flatnonzero(self._is_new(rows))
        return rows[new[0]] if len(new) else None

    def _is_new(self, rows: Numbers) -> Flags:
        if self.part:
            return np.ones(len(rows), bool)
        tried = self._tried
        if self._elsewhere:
            tried = tried.union(self._encoding.keys(np.array(self._elsewhere)))
        return np.array([key not in tried for key in self._encoding.keys(rows)], bool)


@cache
def _blas() -> ThreadpoolController:
    """The control of the linear algebra's threads: more than one slow down small matrices."""
    controller: ThreadpoolController = ThreadpoolController().select(user_api="blas")
    return controller
