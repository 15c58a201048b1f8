"""Studies, matches and projects that version 0.1.0 wrote are read and continued."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import re
import runpy
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend

import crosstune
from crosstune import adapters
from crosstune.benchmarks.match.agreement import versions
from crosstune.cli.main import main
from crosstune.engines.base import Adapter
from crosstune.spec.foreign_space import NativeSpace
from crosstune.study.earlier_names import as_kept
from crosstune.testing import FailureContract
from tests.fixtures.write import ENGINES
from tests.support.slow import slow_but, slow_but_first

FIRST = Path(__file__).parents[1] / "fixtures" / "first"
OLD_TRIALS, TRIALS = 8, 12
WRITTEN_WITH = {"optuna": "5.0.0", "hyperopt": "0.3.0", "keras-tuner": "1.4.8"}
"""The versions with which the engines' proposals are the same, bit for bit."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of all of them, from which the objective is found."""
    copy = tmp_path / "first"
    shutil.copytree(FIRST, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(copy)
    monkeypatch.syspath_prepend(str(copy))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield copy
    for module in ("fixture_objective", "repeated_space"):
        sys.modules.pop(module, None)


def command(*arguments: str) -> Any:
    """The JSON object of a command that succeeds.

    Another processor may compute other last digits, so that the study continues afresh there.
    """
    out, said = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(said),
        pytest.raises(SystemExit) as ended,
    ):
        main([*arguments, "--json"])
    differs = re.search(r"has \w+ = (\S+), and its engine proposes (\S+) now", said.getvalue())
    if ended.value.code and differs and "--fresh" not in arguments:
        assert float(differs[1]) == pytest.approx(float(differs[2]), rel=1e-12)
        return command(*arguments, "--fresh")
    assert not ended.value.code, said.getvalue()
    return json.loads(out.getvalue())


def rows(storage: Any) -> list[Any]:
    study = optuna.load_study(study_name="first", storage=storage)
    return [
        (trial.state, trial.params, trial.value, trial.intermediate_values, trial.system_attrs)
        for trial in study.trials
    ]


def journal(path: Path) -> optuna.storages.JournalStorage:
    return optuna.storages.JournalStorage(JournalFileBackend(str(path)))


LIBRARY = {
    "optuna": "optuna",
    "crosstune": "optuna",
    "hyperopt": "hyperopt",
    "keras_tuner": "keras-tuner",
}


def resume(library: str) -> tuple[str, ...]:
    """Continue exactly, or with a fresh engine where the library has another version."""
    same = version(library) == WRITTEN_WITH[library]
    return ("--resume",) if same else ("--resume", "--fresh")


@pytest.mark.parametrize("engine", slow_but(ENGINES, [ENGINES[0], "crosstune:gp"]))
def test_a_journal_is_resumed(folder: Path, engine: str) -> None:
    backend, _, sampler = engine.partition(":")
    path = folder / f"{backend}-{sampler}.journal"
    before = rows(journal(path))
    arguments = ("-b", backend, "-s", sampler, "--storage", str(path))
    result = command("run", "spec.yaml", *arguments, *resume(LIBRARY[backend]))
    after = rows(journal(path))
    assert (len(before), len(after), after[:OLD_TRIALS]) == (OLD_TRIALS, TRIALS, before)
    assert (sum(result["trials"].values()), result["backend"]) == (TRIALS, backend)


def test_a_database_is_resumed(folder: Path) -> None:
    url = f"sqlite:///{folder / 'hyperopt-tpe.db'}"
    before = rows(url)
    command("run", "spec.yaml", "-b", "hyperopt", "--storage", url, *resume("hyperopt"))
    after = rows(url)
    assert (len(before), len(after), after[:OLD_TRIALS]) == (OLD_TRIALS, TRIALS, before)


def test_a_study_with_positions_for_options_that_repeat_is_continued(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = rows(journal(folder / "repeated.journal"))
    arguments = ("--storage", "repeated.journal", *resume("hyperopt"))
    result = command("run", "repeated.yaml", *arguments)
    after = rows(journal(folder / "repeated.journal"))
    assert (len(before), len(after), after[:OLD_TRIALS]) == (OLD_TRIALS, TRIALS, before)
    assert {params["units"] for _, params, *_ in after} == {0, 1, 2}
    assert caplog.text.count("continued with the positions of 'units'") == 1
    assert result["best_params"]["units"] in (0, 1)


@pytest.mark.parametrize("backend", slow_but_first(["hyperopt", "optuna", "crosstune"]))
def test_such_a_study_is_continued_by_tune_on_every_engine(folder: Path, backend: str) -> None:
    study = crosstune.tune(
        "repeated.yaml", backend=backend, sampler="random", storage="repeated.journal", resume=True
    )
    assert len(study.trials) == TRIALS
    for trial in study.trials:
        values = crosstune.trial_values(trial, "repeated.yaml")
        assert values["units"] == [16, 16, 32][trial.params["units"]]
        assert trial.value == values["x"] * values["units"]


def test_such_a_study_is_imported_with_the_values_of_its_options(folder: Path) -> None:
    old = rows(journal(folder / "repeated.journal"))
    study = crosstune.import_study("repeated.journal", format="optuna", spec="repeated.yaml")
    units = [trial.params["units"] for trial in study.trials]
    assert units == [[16, 16, 32][params["units"]] for _, params, *_ in old]


def test_a_match_with_positions_for_options_that_repeat_is_continued(folder: Path) -> None:
    spec = crosstune.Spec.load("repeated.yaml")
    assert isinstance(spec.space, NativeSpace)
    assert spec.space.earlier is not None
    as_it_was = spec.model_copy(update={"space": spec.space.earlier})
    contenders = "optuna:random,hyperopt:random"
    crosstune.compare(as_it_was, contenders=contenders, seeds=1, trials=3, out="repeated")
    more = crosstune.compare(spec, contenders=contenders, seeds=2, trials=3, out="repeated")
    assert more.results.settings.seeds == 2


def test_start_points_and_priors_are_continued_under_the_positions(folder: Path) -> None:
    spec = crosstune.Spec.load("repeated.yaml")
    begun = {"start": ({"units": 32},), "prior": {"units": {"at": 32}}}
    assert isinstance(spec.space, NativeSpace)
    found = as_kept(spec.model_copy(update=begun), "first", lambda space: True)
    assert (found.points, found.prior) == ([{"units": 2}], {"units": {"at": 2}})


@pytest.mark.usefixtures("undrawn")
def test_a_match_is_reported_and_continued(folder: Path) -> None:
    contenders = ("--contenders", "optuna:random,hyperopt:tpe", "--trials", "8", "--out", "match")
    files = {path: path.read_bytes() for path in (folder / "match").rglob("*.jsonl")}
    first = command("compare", "spec.yaml", *contenders, "--seeds", "2", "--report-only")
    assert (folder / "match" / "report.html").is_file()
    assert {path: path.read_bytes() for path in (folder / "match").rglob("*.jsonl")} == files
    path = folder / "match" / "match.json"
    record = json.loads(path.read_text())
    record["versions"] = versions(["optuna", "hyperopt"])  # a match refuses to mix versions
    path.write_text(json.dumps(record))
    more = command("compare", "spec.yaml", *contenders, "--seeds", "3")
    assert len(list((folder / "match").rglob("*.jsonl"))) == 6
    assert {path: path.read_bytes() for path in files} == files
    assert set(first) == set(more)


@pytest.mark.parametrize(
    ("source", "options", "trials"),
    [
        ("fmin.pkl", ("--from", "hyperopt"), 6),
        ("exported.pkl", ("--from", "hyperopt"), OLD_TRIALS),
        ("exported", ("--from", "keras_tuner"), OLD_TRIALS),
        ("native", ("--from", "keras_tuner"), 4),
        ("project", ("--from", "keras_tuner", "--metric", "loss"), 4),
        ("crosstune-gp.journal", ("--from", "optuna"), OLD_TRIALS),
    ],
)
def test_a_finished_search_is_imported(
    folder: Path, source: str, options: tuple[str, ...], trials: int
) -> None:
    storage = folder / "imported.journal"
    command("import", source, *options, "--name", "first", "--storage", str(storage))
    assert len(rows(journal(storage))) == trials


def test_a_keras_tuner_project_is_reloaded_and_continued(folder: Path) -> None:
    from tests.fixtures.projects import Scored, keras_tuner

    tuner = crosstune.KerasTuner(
        Scored(),
        backend="hyperopt",
        objective=keras_tuner.Objective("loss", "min"),
        max_trials=6,
        seed=1,
        directory=folder,
        project_name="project",
        overwrite=False,
    )
    before = {i: trial.hyperparameters.values for i, trial in tuner.oracle.trials.items()}
    tuner.search(verbose=0)
    after = {i: trial.hyperparameters.values for i, trial in tuner.oracle.trials.items()}
    assert (len(before), len(after)) == (4, 6)
    assert before.items() <= after.items()


def test_the_plug_in_of_the_docs_runs_unedited(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it was shown when others may have copied it."""
    monkeypatch.syspath_prepend(str(FIRST))
    runpy.run_path(str(FIRST / "crosstune_hill.py"), run_name="__main__")
    assert re.search(r"'x': -?0\.", capsys.readouterr().out)


def test_the_plug_in_of_the_docs_is_a_backend(folder: Path) -> None:
    adapters.register("hill", "crosstune_hill:HillAdapter")
    result = command("run", "spec.yaml", "-b", "hill", "--storage", str(folder / "hill.journal"))
    assert (result["backend"], sum(result["trials"].values())) == ("hill", TRIALS)


class TestPlugInFailures(FailureContract):
    """The plug-in still passes the contract that it was written for."""

    @pytest.fixture
    def adapter(self, monkeypatch: pytest.MonkeyPatch) -> Adapter:
        monkeypatch.syspath_prepend(str(FIRST))
        adapter: Adapter = importlib.import_module("crosstune_hill").HillAdapter()
        return adapter
