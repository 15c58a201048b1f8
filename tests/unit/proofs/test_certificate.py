"""The certificate: verdicts that come from laws, refusals with reasons, and the command."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hyperopt import hp

import crosstune
from crosstune import Bool, Choice, Constant, Float, Int, LogNormal, Normal, Space, adapters
from crosstune.adapters.hyperopt import adapter as hyperopt_adapter
from crosstune.adapters.hyperopt import compile as hyperopt_compile
from crosstune.adapters.optuna import compile as optuna_compile
from crosstune.cli.main import main
from crosstune.engines import registry
from crosstune.engines.base import Adapter
from crosstune.errors import MissingLibrary, SpecError, UnknownName
from crosstune.space.verdicts import APPROXIMATE, EXACT, REFUSED, Verdict
from crosstune.testing.space import CONDITIONAL, KINDS
from tests.support.slow import slow_but_first

ENGINES = ("optuna", "hyperopt", "keras_tuner")

THIRTEEN = Space(
    {
        "lr": Float(1e-5, 1e-1, log=True),
        "units": Int(16, 256, step=16),
        "layers": Int(1, 4),
        "batch": Choice([16, 32, 64, 128], ordered=True),
        "optimizer": Choice(["adam", "sgd", "rmsprop"]),
        "momentum": Float(0.0, 0.99, when={"optimizer": "sgd"}),
        "nesterov": Bool(when={"optimizer": "sgd"}),
        "decay": Float(1e-6, 1e-2, log=True, when={"nesterov": True}),
        "dropout": Float(0.0, 0.5, step=0.1, when={"layers": [2, 3, 4], "optimizer": "adam"}),
        "warmup": Int(1, 100, log=True),
        "l2": crosstune.LogNormal(-9.0, 2.0),
        "noise": Normal(0.0, 1.0, low=-2.0, step=0.5),
        "norm": Choice(["batch", "layer", None], weights=[0.5, 0.3, 0.2]),
    }
)
"""Every type and two levels of conditions."""


def verdict(item: Any, engine: str, mode: str) -> Verdict:
    return crosstune.check(Space({"x": item}), mode=mode).verdicts[engine]["x"]


def test_every_type_is_exact_on_every_engine() -> None:
    certificate = crosstune.check(THIRTEEN)
    assert set(certificate.verdicts) >= set(ENGINES)
    for engine in ENGINES:
        assert {n for n, v in certificate.verdicts[engine].items() if v.kind != EXACT} == set()
    assert certificate.holds(strict=True)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_exact_in_exact_mode(engine: str, kind: str) -> None:
    assert verdict(KINDS[kind], engine, "exact").kind == EXACT


@pytest.mark.parametrize(
    ("engine", "item", "distance"),
    [
        ("hyperopt", Int(1, 4), 1 / 6),
        ("hyperopt", Int(1, 10, step=3), 1),
        ("hyperopt", Float(0.0, 1.0, step=0.1), 2 / 11 - 0.1),
        ("keras_tuner", Float(0.0, 1.0, step=0.1), 1 / 11),
        ("keras_tuner", Int(1, 8, log=True), math.log(3, 17) - math.log(2, 9)),
        ("optuna", Float(0.0, 1.0, step=0.1), 0),
        ("optuna", Int(1, 8, log=True), 0),
        ("hyperopt", Normal(0, 1), 0),
    ],
    ids=repr,
)
def test_literal_mode_is_as_far_off_as_it_is(engine: str, item: Any, distance: float) -> None:
    found = verdict(item, engine, "literal")
    assert found.distance == pytest.approx(distance, abs=1e-9)
    assert found.kind == (APPROXIMATE if distance else EXACT)


def test_a_refusal_has_its_reason_and_names_the_engines_that_can() -> None:
    found = verdict(KINDS["normal"], "optuna", "literal")
    assert found.kind == REFUSED
    assert "'x' (normal): it has no normal distribution" in found.reason
    assert found.elsewhere == ("hyperopt", "crosstune")


def test_a_condition_on_a_log_integer_is_refused_for_its_child_alone() -> None:
    space = Space({"n": Int(1, 8, log=True), "x": Float(0, 1, when={"n": 2}), "y": Bool()})
    held = crosstune.check(space).verdicts["keras_tuner"]
    assert {name: found.kind for name, found in held.items()} == {
        "n": EXACT,
        "x": REFUSED,
        "y": EXACT,
    }
    assert held["x"].elsewhere == ("optuna", "hyperopt", "crosstune")
    assert not crosstune.check(space).holds()
    assert crosstune.check(space, backends=["optuna"]).holds(strict=True)


def test_what_is_lost_without_changing_the_law_is_noted() -> None:
    (lost,) = verdict(KINDS["choice ordered"], "hyperopt", "literal").notes
    assert lost.startswith("the order is lost")
    (cut,) = verdict(Normal(0, 1), "optuna", "exact").notes
    assert "1e-09" in cut
    held = crosstune.check(CONDITIONAL, mode="literal").verdicts["optuna"]
    assert any("the condition is lost" in note for note in held["momentum"].notes)


def test_keras_tuners_draws_without_replacement_are_noted() -> None:
    (note,) = crosstune.check(THIRTEEN).notes["keras_tuner"]
    assert "without replacement" in note


def test_single_values_are_exact_where_they_can_be_held() -> None:
    space = Space({"a": Constant(None), "b": Int(3, 3), "c": Bool()})
    assert crosstune.check(space).holds(strict=True)
    held = crosstune.check(space, mode="literal").verdicts["keras_tuner"]
    assert (held["a"].kind, held["b"].kind) == (REFUSED, EXACT)


def test_long_ranges_are_checked_quickly() -> None:
    items = {
        "a": Int(0, 10**12),
        "b": Int(1, 10**9, log=True),
        "c": Float(0.0, 1.0, step=1e-6),
        "d": Normal(0.0, 1.0, step=1e-5),
    }
    for mode in ("exact", "literal"):
        crosstune.check(Space(items), mode=mode)
    assert crosstune.check(Space(items)).holds(strict=True)


# Faults that are seeded, to see the verdicts change: they are no list written by hand.


def test_a_quniform_with_halved_ends_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        hyperopt_compile, "_draw", lambda name, item: hp.quniform(name, 0, item.coordinate.n - 1, 1)
    )
    found = verdict(Int(1, 4), "hyperopt", "exact")
    assert found.distance == pytest.approx(1 / 6)


def test_a_lost_log_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = optuna_compile.FloatDistribution(1e-4, 1e2)
    monkeypatch.setattr(optuna_compile, "distribution", lambda item: plain)
    assert (verdict(KINDS["float log"], "optuna", "exact").distance or 0) > 0.5


def test_swapped_weights_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Choice.decode

    def swapped(self: Choice, raw: float) -> Any:
        return {"a": "b", "b": "a"}[str(original(self, raw))]

    swapped.__name__ = "decode"
    monkeypatch.setattr(Choice, "decode", swapped)
    for engine in ENGINES:
        found = verdict(Choice(["a", "b"], weights=[0.2, 0.8]), engine, "exact")
        assert found.distance == pytest.approx(0.6, abs=1e-3)


# Engines of which nothing can be said, and bad requests.


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = adapters.get

    def absent(name: str) -> Adapter:
        if name == "hyperopt":
            raise MissingLibrary('pip install "crosstune[hyperopt]"')
        return real(name)

    monkeypatch.setattr(registry, "get", absent)
    certificate = crosstune.check(THIRTEEN)
    assert certificate.unchecked == {"hyperopt": 'pip install "crosstune[hyperopt]"'}
    assert certificate.holds(strict=True)


def test_a_backend_that_does_not_say_what_it_draws_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        hyperopt_adapter.HyperoptAdapter,
        "drawn",
        lambda self, *args, **kwargs: Adapter.drawn(self, *args, **kwargs),
    )
    assert "does not say" in crosstune.check(THIRTEEN).unchecked["hyperopt"]


def test_a_mode_or_backend_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(UnknownName, match="no mode 'exactly'"):
        crosstune.check(THIRTEEN, mode="exactly")
    with pytest.raises(UnknownName, match="no backend 'optunna'"):
        crosstune.check(THIRTEEN, backends=["optunna"])


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"type": "normal", "mu": float("nan"), "sigma": 1.0}, "finite number"),
        ({"type": "normal", "mu": 0.0, "sigma": float("inf")}, "finite number"),
        ({"type": "lognormal", "mu": 0.0, "sigma": 0.0}, "sigma has to be above 0"),
        ({"type": "choice", "values": ["a", "b"], "weights": [0.5, 0.2]}, "the weights sum to 0.7"),
        ({"type": "normal", "mu": 0.0, "sigma": 1.0, "low": 2.0, "high": 1.0}, "leaves nothing"),
        ({"type": "normal", "mu": 0.0, "sigma": 1.0, "low": 90.0, "high": 91.0}, "no mass"),
    ],
    ids=lambda x: str(x)[:40],
)
def test_a_spec_that_cannot_be_right_is_refused_by_name(item: Any, reason: str) -> None:
    with pytest.raises(SpecError, match=f"space.some name.*{reason}"):
        crosstune.check({"space": {"some name": item}})


# The command.

TEXT = """
space:
  units: {type: int, low: 1, high: 4}
  lr: {type: float, low: 1e-4, high: 1, log: true}
  l2: {type: lognormal, mu: -9.0, sigma: 2.0}
"""


def run(tmp_path: Path, *arguments: str, text: str = TEXT) -> int:
    file = tmp_path / "spec.yaml"
    file.write_text(text)
    with pytest.raises(SystemExit) as left:
        main(["check", str(file), *arguments])
    assert isinstance(left.value.code, int)
    return left.value.code


def test_the_command_ends_well_where_all_is_exact(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "--strict") == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("units", "optuna", "hyperopt", "keras_tuner", "exact"))
    assert "cut at the quantile 1e-09, on every engine [l2]" in shown


def test_an_approximation_is_an_error_only_with_strict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    literal = ("--mode", "literal", "--backend", "hyperopt")
    assert run(tmp_path, *literal) == 0
    assert run(tmp_path, *literal, "--strict") == 2
    assert "approximate (0.17 off)" in capsys.readouterr().out


def test_a_refusal_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "--mode", "literal") == 2
    shown = capsys.readouterr().out
    assert "'l2' (lognormal): it has no normal distribution" in shown
    assert "not refused by hyperopt" in shown


def test_json_is_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "--json", "--mode", "literal") == 2
    found = json.loads(capsys.readouterr().out)
    assert found["mode"] == "literal"
    assert found["engines"]["hyperopt"]["units"]["distance"] == pytest.approx(1 / 6)
    assert found["engines"]["optuna"]["l2"]["elsewhere"] == ["hyperopt", "crosstune"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--mode", "fast"), "no mode 'fast'"),
        (("--backend", "nope"), "no backend 'nope'"),
        (("--what",), "No such option"),
    ],
)
def test_a_bad_request_ends_with_status_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], reason: str
) -> None:
    assert run(tmp_path, *arguments) == 2
    assert reason in capsys.readouterr().err


def test_a_fault_in_the_file_is_placed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, text="space:\n  x: {type: float, low: 2, high: 1}\n") == 2
    assert "spec.yaml:2: space.x.high" in capsys.readouterr().err


@pytest.mark.parametrize("step", slow_but_first([0.3, 0.25, 0.1, 0.2, 0.7], 2))
def test_a_stepped_normal_is_exact_whatever_its_step(step: float) -> None:
    space = Space({"x": Normal(0.0, 1.0, step=step), "y": LogNormal(0.0, 1.0, step=step)})
    for verdicts in crosstune.check(space).verdicts.values():
        assert {verdict.kind for verdict in verdicts.values()} == {EXACT}
