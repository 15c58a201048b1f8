"""The command line: in process where it can be, in a process of its own where it has to be."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import optuna
import pytest
from optuna.trial import TrialState

from crosstune import adapters
from crosstune.cli.main import main
from crosstune.study import storage
from crosstune.study.storage import open_storage
from tests.support.slow import slow_but_first

OBJECTIVES = """
import os, sys, time

def good(params): return params["x"] ** 2
def none(params): return None
def text(params): return "abc"
def nan(params): return float("nan")
def minus_infinity(params): return float("-inf")
def two(params): return 1.0, 2.0
def raises(params): raise ValueError("boom [bold]x[/bold]")
def leaves(params): sys.exit(3)
def wrong(a, b): return 1
def none_at_three(params, trial): return None if trial.number == 3 else params["x"]
def raises_at_three(params, trial): return 1 / (trial.number - 3)
def many(params): return {"value": params["x"], "f1": 0.5}
def printing(params):
    print("from the objective")
    return params["x"]
def slow(params):
    print("started", file=sys.stderr, flush=True)
    time.sleep(0.05)
    return params["x"]
def uneven(params, trial): return params["x"] + trial.number * 7 % 5
def branch(params): return float("momentum" in params)
def by_name(x=0.25, y=7): return x + y
def index(params): return float(params["x"][1:])
not_a_function = 3
"""
SPACE = "space:\n  x: {type: float, low: -1, high: 1}\n"
KEYS = {
    "study", "storage", "backend", "sampler", "seed", "trials", "best_value", "best_params",
    "recommended", "seconds", "sampler_seconds",
}  # fmt: skip


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """The last line of standard output, as strict JSON."""

        def refuse(constant: str) -> None:
            raise AssertionError(f"{constant} is no JSON")

        last = self.out.splitlines()[-1]
        return json.loads(last, parse_constant=refuse)  # type: ignore[no-any-return]


class Workplace:
    """A folder with specs and objectives in which the command line runs."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]):
        self.folder = folder
        self._capsys = capsys
        self.module = f"objectives_{folder.name}".replace("-", "_").replace("[", "_")
        (folder / f"{self.module}.py").write_text(OBJECTIVES)

    def spec(
        self, objective: str = "good", rest: str = SPACE, *, head: str = "trials: 5\nseed: 0\n"
    ) -> str:
        path = self.folder / "spec.yaml"
        path.write_text(f"objective: {self.module}:{objective}\n{head}{rest}", encoding="utf-8")
        return "spec.yaml"

    def __call__(self, *arguments: str) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        captured = self._capsys.readouterr()
        status = ended.value.code
        assert isinstance(status, int)
        return Ran(status, captured.out, captured.err)

    @property
    def journals(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("runs/*.journal"))

    def study(self, journal: str = "spec-optuna-tpe.journal", name: str = "spec") -> optuna.Study:
        place = open_storage(self.folder / "runs" / journal)
        return optuna.load_study(study_name=name, storage=place)


@pytest.fixture
def at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Workplace]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("COLUMNS", "100")
    place = Workplace(tmp_path, capsys)
    verbosity = optuna.logging.get_verbosity()
    yield place
    optuna.logging.set_verbosity(verbosity)
    sys.modules.pop(place.module, None)


# The main line.


def test_a_study_is_run_and_its_best_trials_shown(at: Workplace) -> None:
    ran = at("run", at.spec())
    assert (ran.status, "5 complete" in ran.err, "The best of 5 complete trials" in ran.err) == (
        0,
        True,
        True,
    ), ran.err


def test_nothing_for_people_goes_to_standard_output(at: Workplace) -> None:
    assert at("run", at.spec()).out == ""


def test_the_study_is_on_disk(at: Workplace) -> None:
    at("run", at.spec())
    assert [trial.state for trial in at.study().trials] == [TrialState.COMPLETE] * 5


@pytest.mark.parametrize("backend", slow_but_first(["optuna", "hyperopt", "keras_tuner"]))
@pytest.mark.parametrize("sampler", ["random", "grid", "bayesian"])
def test_the_flag_alone_swaps_the_engine(at: Workplace, backend: str, sampler: str) -> None:
    ran = at("run", at.spec(), "--backend", backend, "--sampler", sampler, "--json")
    assert (ran.status, ran.summary["backend"], ran.summary["trials"]) == (
        0,
        backend,
        {"complete": 5},
    )


def test_the_budget_is_exact(at: Workplace) -> None:
    at("run", at.spec(), "--trials", "7")
    assert len(at.study().trials) == 7


def test_failed_trials_count_towards_the_budget(at: Workplace) -> None:
    ran = at("run", at.spec("raises_at_three"), "--json")
    assert ran.summary["trials"] == {"complete": 4, "failed": 1}


def test_seconds_end_a_study(at: Workplace) -> None:
    before = time.monotonic()
    ran = at("run", at.spec("slow", head="seed: 0\n"), "--seconds", "0.5", "--json")
    assert ran.status == 0
    assert 2 <= ran.summary["trials"]["complete"] <= 12
    assert time.monotonic() - before < 5


def test_the_same_seed_gives_the_same_trials(at: Workplace) -> None:
    first, second = (at("run", at.spec(), "--seed", "7", "--json").summary for _ in range(2))
    assert first["best_params"] == second["best_params"]


def test_start_points_are_evaluated_first(at: Workplace) -> None:
    at("run", at.spec(rest=SPACE + "start: [{x: 0.25}]\n"))
    assert at.study().trials[0].params == {"x": 0.25}


def test_a_pruner_of_the_command_line_is_used(at: Workplace) -> None:
    assert at("run", at.spec(), "--pruner", "median").status == 0


# --json


def test_json_is_one_object_with_the_promised_keys(at: Workplace) -> None:
    assert set(at("run", at.spec(), "--json").summary) == KEYS


def test_json_holds_what_was_run(at: Workplace) -> None:
    summary = at("run", at.spec(), "--json").summary
    assert {key: summary[key] for key in ("study", "storage", "backend", "sampler", "seed")} == {
        "study": "spec",
        "storage": "runs/spec-optuna-tpe.journal",
        "backend": "optuna",
        "sampler": "tpe",
        "seed": 0,
    }


def test_json_is_the_last_line_though_the_objective_prints(at: Workplace) -> None:
    ran = at("run", at.spec("printing"), "--json")
    assert (set(ran.summary), "from the objective" in ran.out) == (KEYS, True)


def test_json_holds_the_best_point(at: Workplace) -> None:
    summary = at("run", at.spec(), "--json").summary
    assert summary["best_value"] == summary["best_params"]["x"] ** 2


def test_json_has_null_for_an_infinite_best_value(at: Workplace) -> None:
    summary = at("run", at.spec("minus_infinity"), "--json").summary
    assert (summary["best_value"], list(summary["best_params"])) == (None, ["x"])


def test_json_has_null_where_no_trial_has_a_value(at: Workplace) -> None:
    ran = at("run", at.spec("nan"), "--json")
    assert (ran.status, ran.summary["best_value"], ran.summary["best_params"]) == (1, None, None)


def test_json_holds_choices_in_their_own_types(at: Workplace) -> None:
    rest = "space:\n  x: {type: choice, values: [1, true]}\nstart: [{x: true}]\n"
    assert at("run", at.spec(rest=rest), "-n", "1", "--json").summary["best_params"] == {"x": True}


def test_json_is_not_printed_for_a_bad_request(at: Workplace) -> None:
    assert at("run", at.spec(), "--backend", "optunna", "--json").out == ""


# Bad requests: exit status 2, one message, nothing written.

BAD_SPECS: list[tuple[str, str]] = [
    ("space: {}\n", "spec.yaml:4: space: the space is empty"),
    ("space: [\n", "spec.yaml:5: this is not YAML"),
    (SPACE + "trails: 3\n", "spec.yaml:6: trails: no key 'trails'"),
    ("space:\n  x: {type: float, low: 0, high: .inf}\n", "spec.yaml:5: space.x.high: a finite"),
    ("space:\n  x: {type: float, low: 0, high: 1, step: 0.3}\n", "spec.yaml:5: space.x.step: step"),
    (SPACE + "  y: {type: bool, when: {z: 1}}\n", "spec.yaml:6: space.y.when.z: no parameter 'z'"),
    (SPACE + "  y: {type: bool, when: {x: 1}}\n", "spec.yaml:6: space.y.when.x: 'x' is a float"),
    ("space:\n  a: {type: bool, when: {a: true}}\n", "space.a.when.a: the conditions run in a"),
    (SPACE + "backend: optunna\n", "spec.yaml:6: backend: no backend 'optunna'"),
    (SPACE + "sampler: tpee\n", "spec.yaml:6: sampler: no optuna sampler 'tpee'"),
    (SPACE + "sampler: {name: tpe, seeds: 1}\n", "spec.yaml:6: sampler: no option of optuna:tpe"),
    (SPACE + "pruner: hyperbandd\n", "spec.yaml:6: pruner: no pruner 'hyperbandd'"),
    (SPACE + "pruner: {name: median, n_startup_trials: -1}\n", "spec.yaml:6: pruner: the pruner"),
    (SPACE + "start: [{x: 3}]\n", "spec.yaml:6: start.0.x: 3 is not in the range"),
    (SPACE + "start: default\n", "spec.yaml:6: start: no start point 'default'"),
    (SPACE + "start: defaults\n", "spec.yaml:6: start: good() has no default value"),
]


@pytest.mark.parametrize(("rest", "words"), BAD_SPECS, ids=lambda x: x[-40:])
def test_a_bad_spec_is_one_message_with_file_and_line(at: Workplace, rest: str, words: str) -> None:
    ran = at("run", at.spec(rest=rest))
    assert (ran.status, words in ran.err, len(ran.err.splitlines()), at.journals) == (
        2,
        True,
        1,
        [],
    ), ran.err


BAD_OPTIONS: list[tuple[list[str], str]] = [
    (
        ["--backend", "optunna"],
        "no backend 'optunna'. Known: crosstune, hyperopt, keras_tuner, optuna. Did",
    ),
    (["--backend", "hyperopt", "--sampler", "tpee"], "no hyperopt sampler 'tpee'"),
    (["--backend", "hyperopt", "--sampler", "atpe"], "hyperopt cannot run 'atpe' here"),
    (["--sampler", "bayesan"], "Did you mean 'bayesian'?"),
    (["--pruner", "medan"], "Did you mean 'median'?"),
    (["--trials", "0"], "--trials has to be above 0, not 0"),
    (["--trials", "-3"], "--trials has to be above 0, not -3"),
    (["--trials", "x"], "'x' is not a valid integer"),
    (["--seconds", "nan"], "--seconds has to be above 0"),
    (["--seconds", "-1"], "--seconds has to be above 0, not -1.0"),
    (["--storage", "nodb://a/b"], "the storage nodb://a/b cannot be opened"),
    (["--storage", "/proc/none/a.journal"], "cannot be written"),
    (["--backend", ""], "it is empty"),
    (["--study", ""], "it is empty"),
    (["--trialss", "3"], "No such option '--trialss'"),
]


@pytest.mark.parametrize(("options", "words"), BAD_OPTIONS, ids=lambda x: "".join(x)[:40])
def test_a_bad_option_is_one_message(at: Workplace, options: list[str], words: str) -> None:
    ran = at("run", at.spec(), *options)
    assert (ran.status, words in ran.err, "Traceback" in ran.err, at.journals) == (
        2,
        True,
        False,
        [],
    ), ran.err


BAD_OBJECTIVES = [
    ("wrong", "wrong(a, b) has to take 'trial'"),
    ("not_a_function", "an objective is a function, not 3"),
    ("godo", "Did you mean 'good'?"),
]


@pytest.mark.parametrize(("name", "words"), BAD_OBJECTIVES)
def test_an_objective_that_cannot_be_called_is_a_bad_request(
    at: Workplace, name: str, words: str
) -> None:
    ran = at("run", at.spec(name))
    assert (ran.status, words in ran.err, at.journals) == (2, True, []), ran.err


def test_an_objective_that_does_not_import_is_placed_in_the_spec(at: Workplace) -> None:
    (at.folder / "bad.yaml").write_text(SPACE + "objective: nothing_here:f\n")
    ran = at("run", "bad.yaml")
    assert (ran.status, ran.err.startswith("crosstune: bad.yaml:3: objective: ")) == (2, True)


def test_a_spec_without_an_objective_asks_for_one(at: Workplace) -> None:
    (at.folder / "bad.yaml").write_text(SPACE)
    assert "the spec names no objective" in at("run", "bad.yaml").err


def test_a_missing_spec_is_named(at: Workplace) -> None:
    ran = at("run", "none.yaml")
    assert (ran.status, ran.err) == (2, "crosstune: there is no file none.yaml\n")


def test_a_fault_in_an_estimator_is_placed_in_the_spec(at: Workplace) -> None:
    (at.folder / "bad.yaml").write_text(
        "objective:\n  estimator: sklearn.svm:SVC\n  data: sklearn.datasets:load_iris\n"
        "  cv: 1\nmetric: {name: accuracy, direction: maximize}\n"
        "space: {C: {type: float, low: 1, high: 2}}\n"
    )
    ran = at("run", "bad.yaml")
    assert ran.err == (
        "crosstune: bad.yaml:4: objective.cv: a number of 2 or more is needed, not 1\n"
    )


@pytest.fixture
def without_hyperopt(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Python in which Hyperopt is not installed."""
    real = importlib.import_module

    def absent(name: str, package: str | None = None) -> Any:
        if name == "crosstune.adapters.hyperopt.adapter":
            raise ModuleNotFoundError("No module named 'hyperopt'", name="hyperopt")
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", absent)
    adapters.get.cache_clear()
    yield
    monkeypatch.undo()
    adapters.get.cache_clear()


@pytest.mark.usefixtures("without_hyperopt")
def test_a_missing_library_is_named_with_its_extra(at: Workplace) -> None:
    ran = at("run", at.spec(), "--backend", "hyperopt")
    assert (ran.status, 'pip install "crosstune[hyperopt]"' in ran.err, at.journals) == (
        2,
        True,
        [],
    ), ran.err


@pytest.mark.usefixtures("without_hyperopt")
def test_backends_says_which_library_is_missing(at: Workplace) -> None:
    ran = at("backends")
    assert (ran.status, 'pip install "crosstune[hyperopt]"' in ran.out) == (0, True)


# Failed runs: exit status 1, and what was finished is kept.

FAILING = [
    ("none", "the objective returned None"),
    ("text", "the objective returned 'abc'"),
    ("two", "the objective returned 2 values"),
    ("nan", "the first 3 trials all failed"),
    ("raises", "ValueError: boom [bold]x[/bold]"),
    ("leaves", "SystemExit: 3"),
]


@pytest.mark.parametrize(("name", "words"), FAILING)
def test_a_run_that_fails_says_why_in_one_line(at: Workplace, name: str, words: str) -> None:
    ran = at("run", at.spec(name))
    told = [line for line in ran.err.splitlines() if line.startswith("crosstune: ")]
    assert (ran.status, len(told), words in told[0], "Traceback" in ran.err) == (
        1,
        1,
        True,
        False,
    ), ran.err


def test_the_trials_before_a_failure_stay_on_disk(at: Workplace) -> None:
    ran = at("run", at.spec("none_at_three"))
    states = [trial.state for trial in at.study().trials]
    assert (ran.status, states) == (1, [TrialState.COMPLETE] * 3 + [TrialState.FAIL])


def test_the_table_is_shown_after_a_failure_too(at: Workplace) -> None:
    assert "The best of 3 complete trials" in at("run", at.spec("none_at_three")).err


@pytest.mark.parametrize(("name", "status"), [("none", 1), ("wrong", 2)])
def test_debug_shows_the_traceback(at: Workplace, name: str, status: int) -> None:
    ran = at("run", at.spec(name), "--debug")
    assert (ran.status, "Traceback (most recent call last)" in ran.err) == (status, True)


# Where a study is kept.


def test_a_second_run_makes_a_second_journal(at: Workplace) -> None:
    for _ in range(2):
        at("run", at.spec())
    assert at.journals == ["spec-optuna-tpe-2.journal", "spec-optuna-tpe.journal"]


def test_resume_goes_on_to_the_budget(at: Workplace) -> None:
    at("run", at.spec())
    ran = at("run", at.spec(), "--resume", "--trials", "8", "--json")
    assert (ran.summary["trials"], at.journals) == ({"complete": 8}, ["spec-optuna-tpe.journal"])


def test_a_resumed_study_does_not_repeat_its_trials(at: Workplace) -> None:
    at("run", at.spec(), "-s", "random")
    at("run", at.spec(), "-s", "random", "--resume", "--trials", "10")
    drawn = [trial.params["x"] for trial in at.study("spec-optuna-random.journal").trials]
    assert len(set(drawn)) == 10


def test_resume_with_nothing_left_to_do_says_so(at: Workplace) -> None:
    at("run", at.spec())
    ran = at("run", at.spec(), "--resume")
    assert (ran.status, "there is nothing left to do. A larger --trials" in ran.err) == (0, True)


def test_resume_with_another_space_shows_the_difference(at: Workplace) -> None:
    at("run", at.spec())
    ran = at("run", at.spec(rest=SPACE.replace("high: 1", "high: 2")), "--resume", "-n", "9")
    assert (ran.status, '"high": 1.0} -> {' in ran.err, len(at.study().trials)) == (2, True, 5)


def test_a_storage_that_has_the_study_is_not_overwritten(at: Workplace) -> None:
    at("run", at.spec(), "--storage", "a.journal")
    ran = at("run", at.spec(), "--storage", "a.journal")
    assert (ran.status, "has 5 finished trials. Resume" in ran.err) == (2, True), ran.err


def test_several_studies_may_share_a_storage(at: Workplace) -> None:
    for name in ("a", "b"):
        assert at("run", at.spec(), "--storage", "s.journal", "--study", name).status == 0
    summaries = optuna.get_all_study_summaries(open_storage("s.journal"))
    assert [summary.study_name for summary in summaries] == ["a", "b"]


def test_a_database_is_a_storage(at: Workplace) -> None:
    ran = at("run", at.spec(), "--storage", "sqlite:///a.db", "--json")
    assert (ran.status, ran.summary["storage"], at.journals) == (0, "sqlite:///a.db", [])


SECRET_URLS = [
    "nodb://me:hunter2@host/db",
    "nodb://me:a:b@hunter2@host/db",
    "nodb://host/db?user=me&password=hunter2",
    "mysql://me:hunter2@127.0.0.1:1/db",
    "redis://:hunter2@127.0.0.1:1/0",
]


@pytest.mark.parametrize("url", SECRET_URLS)
def test_a_password_is_never_printed(at: Workplace, url: str) -> None:
    ran = at("run", at.spec(), "--storage", url, "--json")
    assert (ran.status, "hunter2" in ran.out + ran.err) == (2, False), ran.err


def test_a_password_in_a_library_s_message_is_not_passed_on(
    at: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(url: str) -> None:
        raise ValueError(f"cannot connect to {url}")

    monkeypatch.setattr(storage, "get_storage", fail)
    ran = at("run", at.spec(), "--storage", "mysql://me:hunter2@host/db")
    assert ran.err.endswith("cannot connect to mysql://me:***@host/db\n")


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "..", "a/b", ".hidden", "a\\b", "x" * 500])
def test_no_name_leaves_the_folder_of_runs(at: Workplace, name: str) -> None:
    before = set(at.folder.parent.rglob("*"))
    ran = at("run", at.spec(rest=SPACE + f"name: {name!r}\n"))
    made = {path for path in set(at.folder.parent.rglob("*")) - before if path.is_file()}
    expected = {path for path in made if path.parent == at.folder / "runs"}
    cache = {path for path in made if "__pycache__" in path.parts}
    assert (ran.status, made - expected - cache - {at.folder / "spec.yaml"}) == (0, set()), ran.err
    assert not at.journals[0].startswith((".", "-"))


@pytest.mark.parametrize("name", ["[bold]n[/bold]", "[/]", "[link=http://a]n[/link]"])
def test_markup_in_the_name_of_a_study_is_shown_as_it_stands(at: Workplace, name: str) -> None:
    ran = at("run", at.spec(rest=SPACE + f"name: '{name}'\n"))
    assert (ran.status, ran.err.startswith(f"{name}: optuna:tpe")) == (0, True), ran.err


def test_runs_that_cannot_be_written_are_a_bad_request(at: Workplace) -> None:
    (at.folder / "runs").write_text("a file")
    ran = at("run", at.spec())
    assert (ran.status, "the folder runs cannot be made" in ran.err) == (2, True), ran.err


# Large and awkward spaces.


@pytest.mark.parametrize("backend", slow_but_first(["optuna", "hyperopt", "keras_tuner"]))
def test_ten_thousand_choices_are_searched(at: Workplace, backend: str) -> None:
    values = ", ".join(f"v{i}" for i in range(10_000))
    rest = f"space:\n  x: {{type: choice, values: [{values}]}}\n"
    ran = at("run", at.spec("index", rest), "--backend", backend, "-n", "2", "--json")
    assert (ran.status, ran.summary["trials"]) == (0, {"complete": 2}), ran.err


def test_inactive_parameters_are_empty_cells(at: Workplace) -> None:
    rest = (
        "space:\n  o: {type: choice, values: [sgd, adam]}\n"
        "  momentum: {type: float, low: 0, high: 1, when: {o: sgd}}\n"
        "start: [{o: adam}]\n"
    )
    ran = at("run", at.spec("branch", rest), "-n", "1", "--json")
    assert ran.summary["best_params"] == {"o": "adam"}


# The other commands.


def test_schema_prints_a_json_schema(at: Workplace) -> None:
    ran = at("schema")
    jsonschema.Draft202012Validator.check_schema(json.loads(ran.out))
    assert ran.status == 0


def test_backends_lists_every_engine_with_its_roles(at: Workplace) -> None:
    ran = at("backends")
    heads = [line.split()[0] for line in ran.out.splitlines() if not line.startswith(" ")]
    assert (ran.status, heads) == (0, ["optuna", "hyperopt", "keras_tuner", "crosstune"])


def test_backends_gives_the_reason_of_a_refusal(at: Workplace) -> None:
    assert "refused: " in next(
        line for line in at("backends").out.splitlines() if line.split()[0] == "atpe"
    )


def test_backends_speaks_json(at: Workplace) -> None:
    found = json.loads(at("backends", "--json").out)
    assert found["hyperopt"]["roles"]["bayesian"] == "tpe"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ([], ["run", "backends", "schema", "crosstune run examples/iris.yaml"]),
        (["run"], ["--backend", "--sampler", "--trials", "--resume", "SAMPLER is a role", "runs/"]),
        (["backends"], ["List the engines"]),
        (["schema"], ["JSON Schema"]),
    ],
)
def test_help_teaches(at: Workplace, command: list[str], words: list[str]) -> None:
    ran = at(*command, "--help")
    assert (ran.status, [word for word in words if word not in ran.out]) == (0, [])


def test_a_near_miss_of_a_command_is_refused(at: Workplace) -> None:
    ran = at("rnu", "a.yaml")
    assert (ran.status, "No such command 'rnu'" in ran.err) == (2, True)


def test_the_version_is_printed(at: Workplace) -> None:
    from crosstune import __version__

    assert at("--version").out == f"crosstune, version {__version__}\n"


# In a process of its own.


def start(at: Workplace, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "crosstune", *arguments],
        cwd=at.folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        **options,
    )


def test_an_interrupt_ends_cleanly_with_nothing_lost(at: Workplace) -> None:
    process = start(at, "run", at.spec("slow", head="trials: 100000\nseed: 0\n"), "--json")
    assert process.stderr is not None
    seen = 0
    while seen < 4:
        seen += process.stderr.readline() == "started\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    ran = Ran(process.returncode, out, err)
    states = [trial.state for trial in at.study().trials]
    assert (ran.status, "interrupted; finished trials are kept" in err) == (130, True), err
    assert states.count(TrialState.RUNNING) == 1  # for --resume to run it again
    assert states.count(TrialState.COMPLETE) == ran.summary["trials"]["complete"] >= 3


def test_an_interrupted_study_can_be_resumed(at: Workplace) -> None:
    process = start(at, "run", at.spec("slow", head="trials: 100000\nseed: 0\n"))
    assert process.stderr is not None
    while process.stderr.readline() != "started\n":
        pass
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    ran = at("run", "spec.yaml", "--resume", "--trials", "6", "--json")
    assert (ran.status, sum(ran.summary["trials"].values())) == (0, 6), ran.err


def test_help_imports_no_engine(at: Workplace) -> None:
    code = (
        "import sys; from crosstune.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'optuna', 'hyperopt', 'keras_tuner', 'keras', 'torch', 'numpy', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_an_interrupt_before_the_first_trial_is_told_too(
    at: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crosstune.tuning import front

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(front, "load", interrupt)
    ran = at("run", at.spec())
    assert (ran.status, ran.err.strip()) == (130, "interrupted")


def test_an_unexpected_error_is_one_line_without_debug(
    at: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crosstune.tuning import front

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(front, "load", fail)
    ran = at("run", at.spec())
    assert (ran.status, ran.err.splitlines()[0]) == (1, "crosstune: ZeroDivisionError: oh")


def test_the_recommendation_is_printed_where_there_is_noise(at: Workplace) -> None:
    ran = at("run", at.spec("uneven", head="trials: 16\nseed: 0\n"), "--repeats", "4", "--json")
    assert ran.status == 0
    recommended = ran.summary["recommended"]
    assert "recommended under noise: trial " in ran.err
    assert recommended["noise"] > 0
    assert recommended["deviation"] > 0
    assert set(recommended["params"]) == {"x"}
    plain = at("run", at.spec(), "--json")
    assert "recommended" not in plain.err
    recommended = plain.summary["recommended"]
    assert recommended["params"] == plain.summary["best_params"]
    assert (recommended["mean"], recommended["noise"]) == (plain.summary["best_value"], 0.0)


def test_bad_repeats_are_refused_with_their_place(at: Workplace) -> None:
    ran = at("run", at.spec(), "--repeats", "5")
    assert (ran.status, "fewer than the 5 trials, not 5" in ran.err) == (2, True)
    ran = at("run", at.spec(head="seconds: 1\nrepeats: 3\n"))
    assert (ran.status, "spec.yaml:3: repeats: the repeats are the last" in ran.err) == (2, True)
    ran = at("check", at.spec(head="seconds: 1\nrepeats: 3\n"))
    assert (ran.status, "spec.yaml:3: repeats: the repeats are the last" in ran.err) == (2, True)


def test_check_names_the_repeats(at: Workplace) -> None:
    ran = at("check", at.spec(head="trials: 9\nrepeats: 3\n"), "-b", "optuna")
    note = "optuna: the last 3 trials evaluate leading points again, so the study is not native"
    assert (ran.status, note in ran.out) == (0, True)
