"""What the user believes of the best values: it helps where it is right, and fades where not."""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
import optuna
import pytest

import crosstune
from crosstune.benchmarks.match.contender import contender
from crosstune.errors import SpecError
from crosstune.samplers import GaussianProcessSampler
from crosstune.samplers.gaussian_process.belief import LEAST, Beliefs
from crosstune.samplers.gaussian_process.encoding import Encoding
from crosstune.space.belief import Belief, beliefs
from crosstune.space.space import Space

SPACE: dict[str, Any] = {
    "rate": {"type": "float", "low": 1e-6, "high": 1.0, "log": True},
    "depth": {"type": "int", "low": 1, "high": 20},
    "kind": {"type": "choice", "values": ["a", "b", "c", "d"]},
    "momentum": {"type": "float", "low": 0, "high": 1, "when": {"kind": ["a", "c"]}},
    "units": {"type": "int", "low": 1, "high": 256, "log": True},
}
RIGHT = {"rate": 1e-3, "depth": 8, "kind": "c", "units": {"at": 32, "spread": 0.1}}
WRONG = {"rate": 0.5, "depth": 20, "kind": "d", "momentum": 1.0, "units": 256}


def loss(params: dict[str, Any]) -> float:
    return float(
        (math.log10(params["rate"]) + 3.2) ** 2 / 4
        + ((params["depth"] - 7) / 10) ** 2
        + {"a": 0.3, "b": 0.6, "c": 0.0, "d": 1.0}[params["kind"]]
        + (params.get("momentum", 0.5) - 0.3) ** 2
        + math.log2(params["units"] / 40) ** 2 / 4
    )


def search(prior: dict[str, Any], seed: int, trials: int) -> optuna.Study:
    return crosstune.tune(
        {"space": SPACE, "prior": prior, "seed": seed}, loss, backend="crosstune", trials=trials
    )


def best(prior: dict[str, Any], trials: int) -> float:
    """The mean best value over some seeds."""
    return float(np.mean([search(prior, seed, trials).best_value for seed in range(4)]))


def test_a_right_belief_is_a_good_start() -> None:
    study = search(RIGHT, 0, 1)
    first = study.trials[0].params
    assert (first["depth"], first["kind"], first["units"]) == (8, "c", 32)
    assert first["rate"] == pytest.approx(1e-3)
    assert best(RIGHT, 6) < best({}, 6) / 3


@pytest.mark.slow
def test_a_wrong_belief_is_overruled() -> None:
    assert best(WRONG, 6) > best({}, 6)
    assert best(WRONG, 45) < 0.05


def test_it_is_kept_in_the_run_and_repeats_under_the_seed() -> None:
    one, other = search(RIGHT, 3, 12), search(RIGHT, 3, 12)
    assert [trial.params for trial in one.trials] == [trial.params for trial in other.trials]
    assert one.user_attrs["crosstune:runs"][0]["options"]["prior"] == RIGHT


def test_the_logarithm_and_its_slope() -> None:
    space = Space(SPACE)
    encoding = Encoding(space)
    held = Beliefs(encoding, beliefs(space, RIGHT))
    rng = np.random.default_rng(0)
    rows = held.rows(rng.random((200, encoding.d)))
    assert np.mean(held.logs(rows)) > np.mean(held.logs(encoding.draw(rng, 200))) + 2
    row = encoding.encode({"rate": 1e-3, "depth": 8, "kind": "c", "units": 32}, rng)
    assert held.logs(row[None])[0] == pytest.approx(0.0, abs=1e-12)
    row[encoding.column["rate"]] = 0.0
    assert held.logs(row[None])[0] > 4 * math.log(LEAST)
    row[encoding.column["rate"]] = 0.4
    moved = row.copy()
    moved[encoding.column["rate"]] += 1e-6
    steep = (held.logs(moved[None])[0] - held.logs(row[None])[0]) / 1e-6
    assert held.slope(row)[encoding.column["rate"]] == pytest.approx(steep, rel=1e-4)


def test_an_inactive_parameter_has_no_part_in_it() -> None:
    space = Space(SPACE)
    encoding = Encoding(space)
    held = Beliefs(encoding, beliefs(space, {"momentum": 1.0}))
    rows = encoding.draw(np.random.default_rng(0), 50)
    active = encoding.active(rows)[:, encoding.column["momentum"]]
    assert 0 < active.sum() < len(active)
    assert (held.logs(rows)[~active] == 0).all()
    assert (held.logs(rows)[active] < 0).all()


def test_draws_are_spread_as_said() -> None:
    space = Space({"x": {"type": "float", "low": 0, "high": 10}, "k": SPACE["kind"]})
    encoding = Encoding(space)
    held = Beliefs(encoding, {"x": Belief(5.0, 0.1), "k": Belief("b", 0.5)})
    rows = held.rows(np.random.default_rng(0).random((20_000, 2)))
    assert rows[:, 0].mean() == pytest.approx(0.5, abs=0.005)
    assert rows[:, 0].std() == pytest.approx(0.1, abs=0.005)
    shares = np.bincount(rows[:, 1].astype(int)) / len(rows)
    assert shares == pytest.approx([0.2, 0.4, 0.2, 0.2], abs=0.015)


def test_it_works_by_code_with_a_learnt_space() -> None:
    study = optuna.create_study(sampler=GaussianProcessSampler(seed=0, prior={"x": 0.9}))
    study.optimize(lambda trial: (trial.suggest_float("x", -1, 1) - 0.9) ** 2, n_trials=4)
    # The first trial teaches the space, so the belief is heard from the second on.
    assert any(trial.params["x"] == pytest.approx(0.9, abs=0.05) for trial in study.trials[:3])


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ({"rat": 1}, "prior.rat: no parameter 'rat'. Known: .* Did you mean 'rate'"),
        ({"rate": 2.0}, "prior.rate: 2.0 is not in the range"),
        ({"kind": "e"}, "prior.kind: .*'?\"?e"),
        ({"rate": {"at": 0.1, "spread": 0}}, "a spread is above 0 and at most 1, not 0"),
        ({"rate": {"at": 0.1, "spread": math.nan}}, "a spread is above 0"),
        ({"rate": {"at": 0.1, "spread": True}}, "a spread is above 0"),
        ({"rate": {"spread": 0.1}}, "'at' is missing"),
        ({"rate": {"at": 0.1, "width": 0.1}}, "no key 'width'"),
        ({"rate": None}, "null is not in the range"),
        ({"rate": math.nan}, "is not in the range"),
    ],
)
def test_bad_beliefs(prior: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        crosstune.Spec(space=SPACE, prior=prior)


def test_bad_beliefs_by_option_and_by_code() -> None:
    with pytest.raises(SpecError, match="no parameter 'rat'"):
        crosstune.create_study(
            {"space": SPACE}, backend="crosstune", sampler={"name": "gp", "prior": {"rat": 1}}
        )
    with pytest.raises(SpecError, match="no parameter 'rat'"):
        GaussianProcessSampler(space=Space(SPACE), prior={"rat": 1})


def test_a_bad_belief_is_shown_with_its_line(tmp_path: Any) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("prior:\n  x: 7\nspace:\n  x: {type: float, low: 0, high: 1}\n")
    with pytest.raises(SpecError, match=r"spec.yaml:2: prior.x: 7 is not in the range"):
        crosstune.Spec.load(path)


def test_who_has_no_use_for_it_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "crosstune"):
        crosstune.create_study({"space": SPACE, "prior": RIGHT}, backend="hyperopt")
    assert "hyperopt:tpe has no use for the spec's prior" in caplog.text


def test_a_match_leaves_it_out() -> None:
    spec = crosstune.Spec(space=SPACE, prior=RIGHT)
    assert contender("crosstune:gp").request(spec, 0).spec.prior == {}


def test_it_survives_the_file(tmp_path: Any) -> None:
    spec = crosstune.Spec(space=SPACE, prior=RIGHT)
    for ending in ("yaml", "toml", "json"):
        path = tmp_path / f"spec.{ending}"
        spec.save(path)
        assert crosstune.Spec.load(path).prior == RIGHT
