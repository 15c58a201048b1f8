"""The fast path of Hyperopt's TPE: the same points, and when it stands back."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import hyperopt
import numpy as np
import pytest
from hyperopt import hp, tpe
from hyperopt.base import JOB_STATE_DONE, JOB_STATE_ERROR, Domain
from hyperopt.pyll import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import crosstune
from crosstune import Float, Space, adapters
from crosstune.adapters.hyperopt import fast_tpe as hyperopt_tpe
from crosstune.adapters.hyperopt import search as hyperopt_search
from crosstune.adapters.hyperopt.fast_tpe import PROVED, quick_suggest
from crosstune.engines import fast_path as proved
from crosstune.engines.base import Outcome
from crosstune.errors import SpecError, UnknownName
from crosstune.proofs.verification import verify
from crosstune.spec.spec import Spec, load
from tests.engines.fates import FATES, points
from tests.support.slow import slow_but, slow_but_first
from tests.support.strategies import spaces

ADAPTER = adapters.get("hyperopt")
THIRTEEN = load(Path(__file__).parents[3] / "examples" / "thirteen.yaml").space
SMALL = Space({"x": Float(0, 1)})
SHARED = hp.uniform("shared", 0, 1)
NATIVE = {
    "uniform": hp.uniform("uniform", -1, 2),
    "loguniform": hp.loguniform("loguniform", math.log(1e-3), math.log(10)),
    "quniform": hp.quniform("quniform", 1, 10, 3),
    "uniformint": hp.uniformint("uniformint", 1, 4),
    "qloguniform": hp.qloguniform("qloguniform", math.log(0.1), math.log(5), 1),
    "normal": hp.normal("normal", 1, 2),
    "qnormal": hp.qnormal("qnormal", 0, 1, 0.5),
    "lognormal": hp.lognormal("lognormal", -1, 0.5),
    "qlognormal": hp.qlognormal("qlognormal", 0, 1, 0.5),
    "randint": hp.randint("randint", 4),
    "randint from": hp.randint("randint from", 2, 5),
    "pchoice": hp.pchoice("pchoice", [(0.2, 0), (0.5, SHARED), (0.3, 2)]),
    "choice": hp.choice(
        "choice",
        [
            {"kind": "a", "deep": hp.choice("deep", [0, hp.qnormal("under", 0, 5, 1)])},
            {"kind": "b", "shared": SHARED},
            scope.switch(hp.randint("which", 2), 1, hp.loguniform("far", -3, 3)),
        ],
    ),
}


@pytest.fixture(autouse=True)
def _on_any_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Identity is tested on the version that is installed, before it stands in PROVED."""
    monkeypatch.setattr(hyperopt_search, "PROVED", {})
    proved.say_once.cache_clear()
    yield
    proved.say_once.cache_clear()


def make(space: Space, algorithm: str = "tpe", seed: int = 1, **options: Any) -> Any:
    return ADAPTER.engine(algorithm, space, seed=seed, maximize=False, options=options)


def is_quick(engine: Any) -> bool:
    return engine._suggest.func is not tpe.suggest


def compare(space: Any, results: list[dict[str, Any]], trials: int, **options: Any) -> None:
    """Ask both at each trial of one ledger, in which trials have the results in turn."""
    domain, ledger = Domain(lambda _: 0.0, space), hyperopt.Trials()
    quick = quick_suggest()
    for seed in range(trials):
        ids = ledger.new_trial_ids(1)
        ours = quick(ids, domain, ledger, seed, verbose=False, **options)
        own = tpe.suggest(ids, domain, ledger, seed, verbose=False, **options)
        assert repr(ours) == repr(own)
        ledger.insert_trial_docs(own)
        ledger.refresh()
        (doc,) = ledger.trials[-1:]
        result = results[seed % len(results)]
        if result:
            vals = [float(v[0]) for v in doc["misc"]["vals"].values() if v]
            doc["result"] = {"loss": float(np.sin(vals).sum()), "status": "ok", **result}
            doc["state"] = JOB_STATE_ERROR if "error" in result else JOB_STATE_DONE


RESULTS: dict[str, list[dict[str, Any]]] = {
    "complete": [{"status": "ok"}],
    "a loss that is not a number": [{"status": "ok"}, {"loss": math.nan}, {"status": "ok"}],
    "infinite losses": [{"loss": math.inf}, {"loss": -math.inf}, {"status": "ok"}],
    "equal losses": [{"loss": 1.0}, {"loss": 2.0}],
    "failures": [{"status": "ok"}, {"loss": None, "status": "fail"}, {"status": "fail"}],
    "running and lost": [{"status": "ok"}, {}, {"error": True}],
}


@pytest.mark.parametrize("case", slow_but(RESULTS, ["failures", "running and lost"]))
def test_every_construct_of_hyperopt_is_searched_alike(case: str) -> None:
    compare(NATIVE, RESULTS[case], 45)


@pytest.mark.parametrize(
    "options",
    slow_but_first(
        [
            {"n_startup_jobs": 3, "gamma": 0.9, "n_EI_candidates": 5},
            {"n_startup_jobs": 0},
            {"n_startup_jobs": 1, "prior_weight": 0.3, "n_EI_candidates": 1},
        ]
    ),
)
def test_options_are_heeded_alike(options: dict[str, Any]) -> None:
    compare(NATIVE, RESULTS["complete"], 15, **options)


def test_no_more_than_25_trials_are_good_ones() -> None:
    compare(NATIVE, RESULTS["complete"], 35, gamma=6.0)


def test_a_long_search_is_alike_where_old_trials_weigh_less() -> None:
    compare(
        {"q": hp.quniform("q", 0, 40, 1), "n": hp.qlognormal("n", 2, 1, 1)}, [{"loss": 0.0}], 90
    )


def test_a_trial_that_is_given_other_values_later_is_learnt_anew() -> None:
    quick, own = make(SMALL, n_startup_jobs=2), make(SMALL, n_startup_jobs=2, fast=False)
    for engine in (quick, own):
        for number in range(6):
            engine.ask(number)
        engine.replace(1, {"x": 0.03125}, Outcome("complete", -1.0))
    assert [quick.ask(n) for n in range(6, 12)] == [own.ask(n) for n in range(6, 12)]


@pytest.mark.parametrize(
    ("algorithm", "trials"), slow_but_first([("tpe", 36), ("tpe", 60), ("mix", 60)])
)
def test_the_points_are_the_same_whatever_becomes_of_the_trials(
    algorithm: str, trials: int
) -> None:
    quick, own = make(THIRTEEN, algorithm), make(THIRTEEN, algorithm, fast=False)
    assert points(quick, THIRTEEN, trials, FATES) == points(own, THIRTEEN, trials, FATES)


@pytest.mark.parametrize("examples", slow_but_first([6, 20]))
def test_the_points_are_the_same_in_any_space(examples: int) -> None:
    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(spaces(), st.lists(st.sampled_from(FATES), min_size=1, max_size=8), st.integers(0, 99))
    def are_the_same(space: Space, fates: list[str], seed: int) -> None:
        quick = make(space, seed=seed, n_startup_jobs=4)
        own = make(space, seed=seed, n_startup_jobs=4, fast=False)
        assert points(quick, space, 16, fates) == points(own, space, 16, fates)

    are_the_same()


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(spaces(), st.lists(st.sampled_from(FATES), min_size=1, max_size=8), st.integers(0, 99))
def test_long_searches_are_the_same_in_any_space(space: Space, fates: list[str], seed: int) -> None:
    quick, own = make(space, seed=seed), make(space, seed=seed, fast=False)
    assert points(quick, space, 80, fates) == points(own, space, 80, fates)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_three_hundred_points_of_thirteen_parameters_are_the_same(seed: int) -> None:
    quick, own = make(THIRTEEN, seed=seed), make(THIRTEEN, seed=seed, fast=False)
    assert points(quick, THIRTEEN, 300, FATES) == points(own, THIRTEEN, 300, FATES)


@pytest.mark.slow
def test_three_hundred_trials_are_fmins_under_five_seeds() -> None:
    spec = Spec(space=THIRTEEN)
    (proof,) = verify(spec, backends=["hyperopt"], samplers=["tpe"], seeds=5, trials=300)
    assert (proof.identical, proof.suggestions) == (1500, 1500)


def test_components_added_in_pairs_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    class InPairs:
        @staticmethod
        def accumulate(masses: Any) -> Any:
            return np.ascontiguousarray(masses.T).sum(axis=1)[None]

    numpy = {**vars(np), "add": InPairs}
    monkeypatch.setattr(hyperopt_tpe, "np", type("numpy", (), numpy))
    rng = np.random.default_rng(0)
    weights, mus, sigmas = rng.random(200), rng.normal(5, 3, 200), rng.random(200) + 0.1
    samples = np.round(rng.uniform(0, 10, 24))
    mixture = {"low": -1.0, "high": 11.0, "q": 1.0}
    ours = hyperopt_tpe.gmm1_lpdf(samples, weights, mus, sigmas, **mixture)
    own = tpe.GMM1_lpdf(samples, weights, mus, sigmas, **mixture)
    assert np.allclose(ours, own, rtol=1e-12)
    assert ours.tobytes() != own.tobytes()


@pytest.mark.parametrize("cut", [{}, {"low": -1.0}, {"high": 3.0}, {"low": -1.0, "high": 3.0}])
@pytest.mark.parametrize("kind", ["GMM1", "LGMM1"])
def test_a_density_is_hyperopts_to_the_last_bit(kind: str, cut: dict[str, float]) -> None:
    if len(cut) == 1:
        cut = {"low": -math.inf, "high": math.inf, **cut}
    own = getattr(tpe, f"{kind}_lpdf")
    ours = getattr(hyperopt_tpe, f"{kind.lower()}_lpdf")
    rng = np.random.default_rng(0)
    for size in (1, 2, 7, 24, 100):
        for q in (None, 1.0, 0.25):
            weights = rng.random(size) / size
            mus, sigmas = rng.normal(1, 1, size), rng.random(size) + 0.01
            mixture = (weights, mus, sigmas)
            drawn = rng.uniform(0.5, 2.5, 24)
            samples = drawn if q is None else np.round(drawn / q) * q
            arguments = (samples, *mixture, cut.get("low"), cut.get("high"), q)
            assert ours(*arguments).tobytes() == own(*arguments).tobytes()


def test_a_search_that_takes_trials_over_runs_as_it_is_and_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "crosstune")
    domain, first = Domain(lambda _: 0.0, SHARED), hyperopt.Trials()
    docs = hyperopt.rand.suggest(first.new_trial_ids(30), domain, first, 3)
    for doc in docs:
        doc["result"], doc["state"] = {"status": "ok", "loss": doc["tid"] / 7 % 1}, JOB_STATE_DONE
    first.insert_trial_docs(docs)
    first.refresh()
    second = hyperopt.Trials()
    for tid, doc in zip(second.new_trial_ids(30), first.trials, strict=True):
        moved = {**doc["misc"], "tid": tid, "from_tid": doc["tid"] // 2}
        second.insert_trial_docs([{**doc, "tid": tid, "misc": moved}])
    second.refresh()
    quick = quick_suggest()
    for seed in range(3):
        ours = quick([40], domain, second, seed, verbose=False)
        assert repr(ours) == repr(tpe.suggest([40], domain, second, seed, verbose=False))
    (record,) = caplog.records
    assert record.message == "hyperopt:tpe runs without its fast path: its trials have a from_tid"


def test_a_foreign_version_runs_as_it_is_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "crosstune")
    monkeypatch.setattr(hyperopt_search, "PROVED", PROVED)
    monkeypatch.setattr(proved, "version", lambda name: "0.3.0")
    assert is_quick(make(SMALL))
    monkeypatch.setattr(proved, "version", lambda name: "0.4.0")
    assert not is_quick(make(SMALL))
    assert not is_quick(make(SMALL))
    (record,) = caplog.records
    assert record.message.startswith("hyperopt:tpe runs without its fast path")
    assert "hyperopt 0.4.0 (proved on 0.3.0)" in record.message


def test_a_library_that_is_not_installed_as_a_package_runs_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def version(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(hyperopt_search, "PROVED", PROVED)
    monkeypatch.setattr(proved, "version", version)
    assert not is_quick(make(SMALL))


def test_the_option_is_kept_with_the_study_and_true_or_false() -> None:
    spec = {"space": SMALL, "backend": "hyperopt", "sampler": {"name": "tpe", "fast": False}}
    study = crosstune.tune(spec, lambda params: params["x"], trials=2)
    assert study.user_attrs["crosstune:runs"][0]["options"] == {"fast": False}
    assert not is_quick(study.sampler._searches.last.follower.engine)
    with pytest.raises(SpecError, match="hyperopt:tpe has fast: 0. It is true or false"):
        make(SMALL, fast=0)


@pytest.mark.parametrize("algorithm", ["rand", "anneal"])
def test_an_algorithm_without_a_fast_path_has_no_such_option(algorithm: str) -> None:
    with pytest.raises(UnknownName, match=f"no option of hyperopt:{algorithm} 'fast'"):
        make(SMALL, algorithm, fast=False)


def test_the_library_itself_is_left_as_it_is() -> None:
    before = dict(vars(tpe)), dict(scope._impls), dict(vars(hyperopt.pyll))
    engine = make(SMALL, n_startup_jobs=1)
    engine.ask(0)
    engine.ask(1)
    assert (dict(vars(tpe)), dict(scope._impls), dict(vars(hyperopt.pyll))) == before
