"""`crosstune verify`: what it proves, and that it would notice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crosstune import Bool, Float, Int, Space, Spec, adapters
from crosstune.adapters.hyperopt import adapter as hyperopt_adapter
from crosstune.cli.main import main
from crosstune.errors import RequestError, UnknownName
from crosstune.proofs.by_hand import Suggestion
from crosstune.proofs.verification import smooth, verify

THIRTEEN = Path(__file__).parents[3] / "examples" / "thirteen.yaml"
SMALL = Spec(space=Space({"x": Float(0.0, 1.0), "b": Bool(), "n": Int(1, 3, when={"b": True})}))
QUICK = {
    "optuna": ["tpe", "tpe-v4", "cmaes", "nsga2", "qmc", "random"],
    "hyperopt": ["tpe", "rand", "anneal", "mix"],
    "keras_tuner": ["random", "grid", "hyperband"],
}


@pytest.mark.parametrize(
    ("seeds", "trials"), [(1, 25), pytest.param(2, 60, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("backend", QUICK)
def test_every_type_of_parameter_is_searched_as_by_hand(
    backend: str, seeds: int, trials: int
) -> None:
    samplers = QUICK[backend]
    proofs = list(
        verify(THIRTEEN, backends=[backend], samplers=samplers, seeds=seeds, trials=trials)
    )
    assert [proof.sampler for proof in proofs] == samplers
    assert [proof.identical for proof in proofs] == [seeds * trials] * len(proofs)


@pytest.mark.slow
@pytest.mark.parametrize("backend", QUICK)
def test_every_sampler_is_as_by_hand_under_two_seeds(backend: str) -> None:
    for proof in verify(THIRTEEN, backends=[backend], seeds=2, trials=60):
        assert proof.holds or proof.refused


def test_a_wrong_seed_is_noticed_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hyperopt_adapter, "seed_in_32_bits", lambda seed: seed + 1)
    (proof,) = verify(SMALL, backends=["hyperopt"], samplers=["rand"], seeds=1, trials=5)
    assert not proof.holds
    assert proof.first_difference is not None
    assert (proof.first_difference.seed, proof.first_difference.trial) == (1, 0)


def test_a_difference_late_in_a_run_is_found_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = hyperopt_adapter.HyperoptEngine
    ask = engine.ask

    def wrong(self: Any, trial: int) -> Any:
        params = ask(self, trial)
        return {**params, "x": 0.5} if trial == 7 else params

    monkeypatch.setattr(engine, "ask", wrong)
    (proof,) = verify(SMALL, backends=["hyperopt"], samplers=["rand"], seeds=1, trials=10)
    assert proof.first_difference is not None
    assert (proof.identical, proof.first_difference.trial) == (9, 7)


def test_what_an_engine_refuses_is_said() -> None:
    (proof,) = verify(SMALL, backends=["optuna"], samplers=["grid"], seeds=1, trials=5)
    assert proof.refused is not None
    assert "crosstune's own" in proof.refused


def test_a_walk_that_ends_early_ends_early_on_both_sides() -> None:
    finite = Spec(space=Space({"b": Bool(), "n": Int(1, 3)}))
    for backend, sampler in (("keras_tuner", "random"), ("optuna", "brute-force")):
        (proof,) = verify(finite, backends=[backend], samplers=[sampler], seeds=2, trials=20)
        assert (proof.identical, proof.suggestions) == (12, 12)


def test_an_unknown_backend_or_sampler_is_an_error() -> None:
    with pytest.raises(UnknownName, match="no backend 'optunna'"):
        list(verify(SMALL, backends=["optunna"]))
    with pytest.raises(RequestError, match="no optuna sampler 'tpee'"):
        list(verify(SMALL, backends=["optuna"], samplers=["tpee"]))


def test_every_parameter_has_its_say_in_the_objective() -> None:
    space = Space({"x": Float(0.0, 1.0), "b": Bool(), "n": Int(1, 3)})
    measure = smooth(space)
    base: dict[str, Any] = {"x": 0.1, "b": True, "n": 2}
    for change in ({"x": 0.9}, {"b": False}, {"n": 3}):
        assert measure(Suggestion({**base, **change})) != measure(Suggestion(base))


def test_the_command_prints_a_line_a_sampler(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(["verify", str(THIRTEEN), "-b", "optuna", "-s", "tpe", "-n", "15", "--seeds", "1",
              "--json"])  # fmt: skip
    captured = capsys.readouterr()
    assert exit_info.value.code == 0
    assert "optuna:tpe" in captured.err
    assert "15 of 15 identical" in captured.err
    (proof,) = json.loads(captured.out)
    assert proof["holds"]


def test_the_command_fails_where_a_suggestion_differs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hyperopt_adapter, "seed_in_32_bits", lambda seed: seed + 1)
    with pytest.raises(SystemExit) as exit_info:
        main(["verify", str(THIRTEEN), "-b", "hyperopt", "-s", "rand", "-n", "3", "--seeds", "1"])
    assert exit_info.value.code == 1
    assert "first difference: seed 1, trial 0" in capsys.readouterr().err


def test_every_built_in_backend_has_a_run_by_hand() -> None:
    for name in QUICK:
        assert adapters.get(name)
        (proof,) = verify(SMALL, backends=[name], samplers=["random"], seeds=1, trials=2)
        assert proof.holds
