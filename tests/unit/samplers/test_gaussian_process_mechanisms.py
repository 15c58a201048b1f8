"""The mechanisms of the Gaussian process that can be switched off, and the Parzen estimator."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate
from scipy.optimize import approx_fprime, check_grad

from crosstune import Bool, Choice, Float, Int, Space
from crosstune.engines.base import Outcome
from crosstune.errors import SpecError
from crosstune.samplers import GaussianProcessSampler
from crosstune.samplers.gaussian_process.dimensions import Options
from crosstune.samplers.gaussian_process.edges import depth, depth_slope
from crosstune.samplers.gaussian_process.encoding import Encoding
from crosstune.samplers.gaussian_process.engine import MECHANISMS, GaussianProcessEngine
from crosstune.samplers.gaussian_process.fit import Hyperparameters, Posterior
from crosstune.samplers.gaussian_process.hedge import LEAST, MODEL, MOST, PARZEN, Hedge
from crosstune.samplers.gaussian_process.kernel import additive, parts
from crosstune.samplers.gaussian_process.model import Model
from crosstune.samplers.gaussian_process.parzen import Kernels, drawn
from crosstune.samplers.gaussian_process.search import Search
from crosstune.space.space import Params
from crosstune.testing.space import CONDITIONAL, KINDS

SWITCHES = Space({**{f"s{i}": Bool() for i in range(4)}, "x": Float(0.0, 1.0)})
BRANCHES = Space(
    {
        "k": Choice(["a", "b"]),
        "x": Float(0.0, 1.0, when={"k": "a"}),
        "n": Int(1, 9, when={"k": "b"}),
        "rate": Float(1e-4, 1.0, log=True),
    }
)


@pytest.mark.parametrize("space", [Space(KINDS), CONDITIONAL], ids=["kinds", "conditional"])
def test_the_density_of_each_parameter_has_a_mass_of_one(space: Space) -> None:
    encoding, rng = Encoding(space), np.random.default_rng(0)
    rows = encoding.draw(rng, 7)
    kernels = Kernels(encoding, rows)
    for dim, column in zip(encoding.dimensions, kernels.columns, strict=True):
        if isinstance(dim, Options):
            masses = np.exp(column.logs(np.arange(dim.n, dtype=float))).sum(axis=0)
            assert np.allclose(masses, 1.0)
        elif dim.n == np.inf:
            for k in range(8):
                mass, _ = integrate.quad(
                    lambda u, k=k, column=column: float(np.exp(column.logs(np.array([u]))[0, k])),
                    0.0,
                    1.0,
                    limit=200,
                )
                assert mass == pytest.approx(1.0, abs=1e-6)


def test_the_estimator_draws_where_good_trials_were() -> None:
    encoding = Encoding(Space({"x": Float(0.0, 1.0), "k": Choice(["a", "b", "c"])}))
    rng = np.random.default_rng(1)
    rows = encoding.draw(rng, 60)
    values = np.abs(rows[:, 0] - 0.8) + (rows[:, 1] != 2)
    best = np.array([drawn(encoding, rows, values, rng)[0] for _ in range(200)])
    assert np.mean(np.abs(best[:, 0] - 0.8) < 0.15) > 0.8
    assert np.mean(best[:, 1] == 2) > 0.9


def test_a_trial_says_nothing_about_a_parameter_that_it_did_not_have() -> None:
    encoding, rng = Encoding(BRANCHES), np.random.default_rng(2)
    rows = encoding.draw(rng, 6)
    rows[:, encoding.column["k"]] = 1  # x is inactive
    widths = Kernels(encoding, rows).columns[encoding.column["x"]]
    at = widths.logs(np.linspace(0.0, 1.0, 5))
    assert np.allclose(at, at[:, -1:])  # each kernel is the prior's


def test_the_share_of_the_estimator_follows_its_luck_and_forgets() -> None:
    hedge = Hedge()
    assert hedge.share == pytest.approx(0.5)
    for _ in range(30):
        hedge.note(PARZEN, True)
        hedge.note(MODEL, False)
    assert hedge.share == MOST
    for _ in range(200):
        hedge.note(MODEL, True)
        hedge.note(PARZEN, False)
    assert hedge.share == LEAST


def test_proposers_are_noted_for_modelled_points_alone() -> None:
    engine = GaussianProcessEngine(SWITCHES, seed=0, startup=5, without="plain")
    for trial in range(25):
        engine.tell(trial, Outcome("complete", _loss(engine.ask(trial))))
    assert sorted(engine.proposers) == list(range(5, 25))
    assert set(engine.proposers.values()) == {MODEL, PARZEN}


def test_the_depth_of_the_edges_and_its_gradient() -> None:
    encoding = Encoding(BRANCHES)
    row = np.zeros(encoding.d)
    row[encoding.column["rate"]] = 0.97
    row[encoding.column["x"]] = 0.04
    row[encoding.column["k"]] = 0.0
    assert depth(encoding, row[None])[0] == pytest.approx(0.7**2 + 0.6**2)
    row[encoding.column["k"]] = 1.0  # x is inactive
    assert depth(encoding, row[None])[0] == pytest.approx(0.7**2)
    slopes = approx_fprime(row, lambda x: float(depth(encoding, x[None])[0]), 1e-7)
    assert np.allclose(depth_slope(encoding, row), slopes, atol=1e-4)
    row[encoding.column["rate"]] = 0.5
    assert depth(encoding, row[None])[0] == 0.0


def test_the_penalty_keeps_proposals_from_the_ends() -> None:
    def on_ends(without: tuple[str, ...]) -> int:
        count = 0
        for seed in range(4):
            engine = GaussianProcessEngine(_BOX, seed=seed, without=("hedge", "plain", *without))
            for trial in range(20):
                params = engine.ask(trial)
                count += sum(value in (0.0, 1.0) for value in params.values())
                loss = sum((float(value or 0.0) - 0.4) ** 2 for value in params.values())
                engine.tell(trial, Outcome("complete", loss))
        return count

    assert on_ends(()) < on_ends(("edges",)) / 3


_BOX = Space({f"x{i}": Float(0.0, 1.0) for i in range(6)})


def test_the_additive_part_is_a_covariance_with_a_variance_of_one() -> None:
    encoding, rng = Encoding(SWITCHES), np.random.default_rng(0)
    points = encoding.points(encoding.draw(rng, 20))
    sums = additive(encoding, points, points, rng.uniform(0.1, 3.0, encoding.d))
    assert np.allclose(np.diagonal(sums), 1.0)
    assert np.linalg.eigvalsh(sums).min() > -1e-10


def test_the_gradient_of_the_fit_with_an_additive_part() -> None:
    encoding, rng = Encoding(SWITCHES), np.random.default_rng(2)
    squares = parts(encoding, encoding.points(encoding.draw(rng, 15)))
    posterior = Posterior(
        squares, rng.standard_normal(15), np.zeros(15), choices=encoding.unordered
    )
    for _ in range(3):
        theta = rng.standard_normal(encoding.d + 3)
        error = check_grad(
            lambda t: posterior(t)[0], lambda t: posterior(t)[1], theta, epsilon=1e-6
        )
        assert error < 1e-3 * max(1.0, float(np.linalg.norm(posterior(theta)[1])))


def test_the_gradient_of_the_acquisition_with_an_additive_part_and_edges() -> None:
    encoding, rng = Encoding(SWITCHES), np.random.default_rng(3)
    rows = encoding.draw(rng, 12)
    hyper = Hyperparameters(np.full(encoding.d, 0.8), 1.0, 1e-3, additive=0.6)
    model = Model(encoding, encoding.points(rows), rng.standard_normal(12), np.zeros(12), hyper)
    search = Search(encoding, model, lambda rows: np.ones(len(rows), bool), rng)
    for place in (0.05, 0.4, 0.93):
        row = encoding.draw(rng, 1).ravel()
        row[encoding.column["x"]] = place
        value, gradient = search.slope(row)
        assert value == pytest.approx(float(search.score(row[None])[0]))

        def at(x: float, row: np.ndarray = row) -> float:
            moved = row.copy()
            moved[encoding.column["x"]] = x
            return float(search.score(moved[None])[0])

        wanted = (at(place + 1e-6) - at(place - 1e-6)) / 2e-6
        assert gradient[encoding.column["x"]] == pytest.approx(wanted, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("name", MECHANISMS)
def test_each_mechanism_can_be_switched_off(name: str) -> None:
    def points(*without: str) -> list[Params]:
        engine = GaussianProcessEngine(SWITCHES, seed=1, without=without)
        asked = []
        for trial in range(25):
            asked.append(engine.ask(trial))
            end = _loss(asked[-1])
            curve = {1: end + trial % 3, 2: end + 0.5, 3: end} if name == "curves" else {}
            engine.tell(trial, Outcome("complete", end, curve))
        return asked

    always = ("plain",) if name in ("edges", "hedge") else ()
    assert points(name, *always) != points(*always)


FINE, FAILS, BREAKS = (
    Outcome("complete", 0.7),
    Outcome("failed"),
    Outcome("complete", 9, penalised=True),
)


@pytest.mark.parametrize(
    ("space", "fourth", "used"),
    [
        (SWITCHES, FINE, False),
        (SWITCHES, FAILS, True),
        (SWITCHES, BREAKS, True),
        (BRANCHES, FINE, True),
    ],
)
def test_plain_spaces_have_neither_edges_nor_hedge_until_a_trial_fails(
    space: Space, fourth: Outcome, used: bool
) -> None:
    def asked(*without: str) -> list[Params]:
        engine = GaussianProcessEngine(space, seed=0, without=without)
        points = []
        for trial in range(25):
            points.append(engine.ask(trial))
            end = Outcome("complete", 0.1 * (trial % 7) + trial / 50)
            engine.tell(trial, fourth if trial == 3 else end)
        assert (PARZEN in engine.proposers.values()) == (used and "hedge" not in without)
        return points

    assert (asked("edges") != asked()) == used
    assert (asked("hedge") != asked()) == used


@pytest.mark.parametrize(("without", "start"), [((), 5), ("plain", 8)])
def test_plain_studies_start_with_fewer_points(without: str, start: int) -> None:
    engine = GaussianProcessEngine(_BOX, seed=0, without=without)
    for trial in range(10):
        engine.tell(trial, Outcome("complete", float(engine.ask(trial)["x0"] or 0.0)))
    assert min(engine.proposers) == start


def _loss(params: Params) -> float:
    flags = sum(bool(params[f"s{i}"]) * (i - 1) for i in range(4))
    return round(flags + abs(float(params["x"] or 0.0) - 1.0) * 2)


def test_an_unknown_mechanism_is_refused() -> None:
    with pytest.raises(SpecError, match="no mechanism 'additves'. .* Did you mean 'additive'"):
        GaussianProcessEngine(SWITCHES, without=["additves"])
    GaussianProcessSampler(space=SWITCHES, without="edges")


@pytest.mark.parametrize(("parameters", "trials"), [(200, 60), (4, 2000)])
def test_many_parameters_and_many_trials_are_searched(parameters: int, trials: int) -> None:
    space = Space({f"x{i}": Float(0.0, 1.0) for i in range(parameters)})
    engine, rng = GaussianProcessEngine(space, seed=0), np.random.default_rng(0)
    for _ in range(trials):
        params = space.sample(rng)
        engine.insert(params, Outcome("complete", abs(float(params["x0"] or 0.0) - 0.3)))
    for trial in range(6):
        params = engine.ask(trial)
        space.check_point(params, complete=True)
        engine.tell(trial, Outcome("complete", abs(float(params["x0"] or 0.0) - 0.3)))
    assert set(engine.proposers.values()) <= {MODEL, PARZEN}
