"""Tuners from outside: what they are told, what comes back, and how they fail. None is needed."""

from __future__ import annotations

import ast
import math
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crosstune import Bool, Choice, Constant, Float, Int, Normal, Space, adapters, compare
from crosstune.benchmarks.match.agreement import versions
from crosstune.benchmarks.match.contender import contender
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.run import MatchTask, carry_out
from crosstune.benchmarks.problems.base import Problem
from crosstune.benchmarks.research.rivals import RIVALS, environments
from crosstune.benchmarks.research.rivals import adapter as rival_adapter
from crosstune.benchmarks.research.rivals.adapter import RivalEngine
from crosstune.benchmarks.research.rivals.autosampler import choice
from crosstune.benchmarks.research.rivals.description import (
    decoded,
    described,
    encoded,
    points_at_least,
)
from crosstune.benchmarks.research.rivals.environments import ENVIRONMENTS, INSIDE
from crosstune.benchmarks.research.rivals.process import RivalProcess
from crosstune.engines.base import Exhausted, Outcome
from crosstune.errors import MissingLibrary, RunError, Unsupported
from crosstune.space.coordinates import Continuous
from crosstune.testing.space import KINDS
from crosstune.tuning.front import settle

HERE = Path(__file__).parent
SPACE = Space(
    {
        "x": Float(-1.0, 1.0),
        "kind": Choice(["a", "b", "c"]),
        "units": Int(1, 64, log=True, when={"kind": ["a", "c"]}),
    }
)


def command(module: str = "fake_rival") -> list[str]:
    """serve.py with a module of this folder, as in an environment of its own."""
    code = (
        f"import sys; sys.path[:0] = [{str(INSIDE)!r}, {str(HERE)!r}]; import serve; "
        f"serve.main({module!r})"
    )
    return [sys.executable, "-c", code]


def engine(how: str = "", space: Space = SPACE, **more) -> RivalEngine:
    given = {"seed": 1, "maximize": False, **more}
    return RivalEngine("fake", how, command(), space, **given)


def complete(value: float) -> Outcome:
    return Outcome("complete", value)


# What a rival is told of a space.


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_parameter_is_described_and_comes_back(kind: str) -> None:
    space = Space({"p": KINDS[kind]})
    rng = np.random.default_rng(0)
    for _ in range(50):
        params = space.sample(rng)
        point = encoded(space, params)
        for about in described(space):
            raw = point[about["name"]]
            if about["kind"] == "category":
                assert raw in range(about["n"])
            else:
                assert about["low"] <= raw <= about["high"]
                assert isinstance(raw, float if about["kind"] == "float" else int)
        back = decoded(space, point, "fake")
        assert type(back["p"]) is type(params["p"])
        # The quantile of a normal comes back to within the last digits.
        continuous = isinstance(space["p"].coordinate, Continuous)
        assert back["p"] == (pytest.approx(params["p"]) if continuous else params["p"])


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (Float(1e-3, 1.0, log=True), {"kind": "float", "low": 1e-3, "high": 1.0, "log": True}),
        (Float(0.0, 1.0, step=0.25), {"kind": "int", "low": 0, "high": 4, "log": False}),
        (Int(2, 9), {"kind": "int", "low": 0, "high": 7, "log": False}),
        (Int(1, 64, log=True), {"kind": "int", "low": 1, "high": 64, "log": True}),
        (Choice([4, 2, 8], ordered=True), {"kind": "int", "low": 0, "high": 2, "log": False}),
        (Choice(["a", "b"]), {"kind": "category", "n": 2}),
    ],
)
def test_a_rival_is_told_the_coordinate(item, told) -> None:
    assert described(Space({"p": item})) == [{"name": "x0", **told, "when": {}}]


def test_a_normal_is_told_as_the_share_of_its_prior() -> None:
    (told,) = described(Space({"p": Normal(0.0, 1.0)}))
    assert (told["kind"], told["log"]) == ("float", False)
    assert 0.0 <= told["low"] < 0.01
    assert 0.99 < told["high"] <= 1.0


def test_conditions_are_told_in_coordinates_and_constants_left_out() -> None:
    space = Space(
        {
            "fixed": Constant(3),
            "on": Bool(),
            "kind": Choice(["a", "b", "c"], when={"on": True}),
            "depth": Int(1, 9, when={"kind": ["a", "c"]}),
        }
    )
    told = {about["name"]: about["when"] for about in described(space)}
    assert told == {"x0": {}, "x1": {"x0": [1]}, "x2": {"x0": [1], "x1": [0, 2]}}


def test_what_is_not_active_is_ignored_and_a_constant_added() -> None:
    space = Space({"fixed": Constant(3), **dict(SPACE.items())})
    point = {"x0": 0.5, "x1": 1, "x2": 8}
    assert decoded(space, point, "fake") == {"fixed": 3, "x": 0.5, "kind": "b"}


def test_the_number_of_points_counts_what_is_always_there() -> None:
    assert points_at_least(SPACE) == math.inf
    small = {"a": Int(1, 4), "b": Choice(["u", "v"]), "c": Int(1, 9, when={"b": "u"})}
    assert points_at_least(Space(small)) == 8


# The engine and its process.


def test_a_rival_is_asked_and_told_under_a_seed() -> None:
    def run(seed: int) -> list[object]:
        search = engine(seed=seed)
        found = []
        for trial in range(20):
            found.append(search.ask(trial))
            search.tell(trial, complete(1.0))
        assert len(search.native.seconds) == 20
        return found

    first = run(1)
    assert first == run(1)
    assert first != run(2)
    assert all(SPACE.check_point(params, complete=True) == params for params in first)


def told_to(search: RivalEngine) -> list[object]:
    """What a rival that `shows` was told; it ends upon a loss of 99."""
    with pytest.raises(RunError, match="exit status 1") as caught:
        search.insert({"x": 0.0, "kind": "b"}, complete(99.0 * search._sign))
    return ast.literal_eval(str(caught.value).partition("It said last: ")[2])[:-1]


@pytest.mark.parametrize("maximize", [False, True])
def test_losses_are_minimised_and_failures_have_none(maximize: bool) -> None:
    search = engine("shows", maximize=maximize, trials=5)
    outcomes = [
        complete(2.0),
        Outcome("pruned", 3.0),
        Outcome("failed"),
        Outcome("pruned"),
        complete(math.inf),
    ]
    for trial, outcome in enumerate(outcomes):
        search.ask(trial)
        search.tell(trial, outcome)
    sign = -1.0 if maximize else 1.0
    losses = [2.0 * sign, 3.0 * sign, None, None, None]
    assert told_to(search) == [("tell", 4 - n, loss) for n, loss in enumerate(losses)]


def test_a_trial_evaluated_elsewhere_is_forgotten_and_inserted() -> None:
    search = engine("shows", trials=5)
    search.ask(7)
    search.replace(7, {"x": 0.25, "kind": "c", "units": 8}, complete(1.0))
    search.insert({"x": -0.25, "kind": "b"}, complete(2.0))
    assert told_to(search) == [
        ("forget", 4),
        ("insert", {"x0": 0.25, "x1": 2, "x2": 8}, 1.0),
        ("insert", {"x0": -0.25, "x1": 1}, 2.0),
    ]


def test_a_rival_that_runs_dry_is_exhausted() -> None:
    search = engine("runs-dry", trials=2)
    search.ask(0)
    search.ask(1)
    with pytest.raises(Exhausted):
        search.ask(2)


def test_a_rival_that_dies_is_reported_with_its_last_words() -> None:
    with pytest.raises(RunError, match="fake ended at 'ask' with exit status 1.*out of ideas"):
        engine("dies").ask(0)


@pytest.mark.parametrize(
    ("how", "said"), [("garbage", "proposed 'much' for 'x'"), ("outside", "has to be in")]
)
def test_a_proposal_that_is_no_point_is_reported(how: str, said: str) -> None:
    with pytest.raises(RunError, match=said):
        engine(how).ask(0)


@pytest.mark.parametrize("line", ["hello", "[1]"])
def test_an_answer_that_is_no_object_is_reported(line: str) -> None:
    code = f"import sys; sys.stdin.readline(); print({line!r})"
    process = RivalProcess("fake", [sys.executable, "-c", code])
    with pytest.raises(RunError, match="which is no JSON object"):
        process.call(do="begin")


def test_a_rival_that_cannot_be_started_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="fake could not be started"):
        RivalProcess("fake", [str(tmp_path / "python")])


def test_a_process_ends_with_its_engine() -> None:
    search = engine()
    search.ask(0)
    assert search.native is not None
    process = search.native._process
    search.native.close()
    assert process.poll() == 0


def test_what_runs_inside_does_not_know_crosstune() -> None:
    for file in INSIDE.glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith("crosstune") for name in names), file


# Their environments.


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(environments.PLACE, str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_missing_environment_names_the_command_that_makes_it(name: str, place: Path) -> None:
    wanted = f"python -m crosstune.benchmarks.research.rivals install {name}"
    with pytest.raises(MissingLibrary, match=wanted):
        contender(f"{name}:bayesian")


def test_an_environment_with_other_versions_counts_as_missing(place: Path) -> None:
    environment = ENVIRONMENTS["smac"]
    environment.folder.mkdir()
    kept = environment.folder / "installed.txt"
    kept.write_bytes(environment.requirements.read_bytes())
    assert environment.is_installed
    kept.write_text("smac==1.0\n", encoding="utf-8")
    assert not environment.is_installed


@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_every_version_is_pinned_and_what_is_shown_is_among_them(environment) -> None:
    lines = environment.requirements.read_text(encoding="utf-8").splitlines()
    assert all("==" in line and "+" not in line for line in lines)
    assert {name.lower() for name in environment.shown} <= {
        line.partition("==")[0].lower() for line in lines
    }


def test_the_versions_of_a_rival_stand_in_the_results(place: Path) -> None:
    for name, version in (("smac", "2.4.1"), ("ConfigSpace", "1.2.2")):
        packages = place / "smac/lib/python3.11/site-packages"
        info = packages / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n", encoding="utf-8")
    found = versions(["smac", "optuna"])
    assert found["smac"] == "2.4.1"
    assert found["configspace of smac"] == "1.2.2"
    assert "optuna" in found


# In a match.


def test_rivals_are_known_to_a_match_and_stand_in_no_list() -> None:
    assert not set(RIVALS) & set(adapters.names())
    assert all(adapters.get(name).name == name for name in RIVALS)


def test_a_contender_is_sent_to_another_process_with_its_rival() -> None:
    sent = pickle.dumps(contender("autosampler:rule"))
    code = (
        "import pickle, sys; each = pickle.loads(sys.stdin.buffer.read()); "
        "from crosstune import adapters; print(adapters.get(each.backend).name)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=sent, capture_output=True, check=True)
    assert done.stdout.split() == [b"autosampler"]


@pytest.fixture
def fake_smac(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = type(ENVIRONMENTS["smac"])
    monkeypatch.setattr(environment, "is_installed", True)
    monkeypatch.setattr(environment, "command", lambda self: command())


def test_a_rival_plays_a_match_and_is_told_its_trials(fake_smac: None) -> None:
    space = {"x": {"type": "float", "low": -1, "high": 1}}
    found = compare(
        {"space": space},
        lambda params: params["x"] ** 2,
        contenders=["smac:smac", "optuna:random"],
        seeds=2,
        trials=6,
    )
    for seed in range(2):
        run = found.results.runs[found.results.settings.problems[0].name, "smac:smac", seed]
        assert (run.end, len(run.evaluations)) == ("done", 6)
    spec = crosstune_spec(space)
    assert settle(contender("smac:smac").request(spec, 1, 6)).engine.options == {"trials": 6}
    assert settle(contender("optuna:random").request(spec, 1, 6)).engine.options == {}
    given = contender({"backend": "smac", "sampler": {"name": "smac", "trials": 9}})
    assert settle(given.request(spec, 1, 6)).engine.options == {"trials": 9}


def test_a_process_ends_with_its_run(fake_smac: None, tmp_path: Path) -> None:
    begun: list[RivalProcess] = []
    ended: list[int | None] = []

    class Watched(RivalProcess):
        def __init__(self, name: str, command: Any):
            super().__init__(name, command)
            begun.append(self)  # so that nobody else ends it

    def objective(params: dict[str, Any]) -> float:
        ended.extend(each._process.poll() for each in begun[:-1])
        return params["x"] ** 2

    spec = crosstune_spec({"x": {"type": "float", "low": -1, "high": 1}})
    problem = Problem("one", spec, objective)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rival_adapter, "RivalProcess", Watched)
        for seed in range(2):
            path = tmp_path / f"{seed}.jsonl"
            carry_out(MatchTask(problem, contender("smac:smac"), seed, RunLimits(trials=3), path))
    assert len(begun) == 2
    assert ended == [0, 0, 0]  # that of the first run, at each trial of the second
    assert begun[1]._process.poll() == 0


def crosstune_spec(space):
    from crosstune.spec.spec import load

    return load({"space": space})


def test_the_random_search_of_a_rival_is_refused() -> None:
    with pytest.raises(Unsupported, match="Take optuna:random"):
        contender("hebo:random")


# AutoSampler's rule.


@pytest.mark.parametrize(
    ("space", "chosen"),
    [
        ({"x": Float(0.0, 1.0), "n": Int(1, 9)}, "gp"),
        ({"x": Float(0.0, 1.0), "order": Choice([1, 2, 4], ordered=True)}, "gp"),
        ({"x": Float(0.0, 1.0), "kind": Choice(["a", "b"])}, "tpe"),
        ({"n": Int(1, 2), "x": Float(0.0, 1.0, when={"n": 2})}, "tpe"),
    ],
)
def test_the_rule_of_autosampler_chooses_by_the_space(space, chosen: str) -> None:
    assert choice(Space(space))[0] == chosen


def test_the_rule_is_refused_beyond_its_trials() -> None:
    spec = crosstune_spec({"x": {"type": "float", "low": -1, "high": 1}})
    rule = contender("autosampler:rule")
    settle(rule.request(spec, 1, 250))
    with pytest.raises(Unsupported, match="250 trials or fewer, not 251"):
        settle(rule.request(spec, 1, 251))
