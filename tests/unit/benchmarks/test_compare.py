"""`crosstune compare`, as a person calls it, and `crosstune.compare`."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import crosstune
from crosstune.benchmarks import problems
from crosstune.benchmarks.compare import read
from crosstune.benchmarks.match.folder import MatchFolder
from crosstune.benchmarks.match.results import TIME_FIELDS
from crosstune.benchmarks.statistics.verdicts import EQUIVALENT, UNDECIDED
from crosstune.cli.main import main
from crosstune.errors import MissingLibrary, RequestError
from tests.unit.benchmarks import match_objectives as objectives
from tests.unit.benchmarks.matches import lines_on_file

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "crosstune", "compare"]
# The objectives are a module of the tests, which no package of crosstune holds.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def call(*arguments: object, cwd: Path, status: int = 0) -> tuple[str, str]:
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr


def write_spec(folder: Path, objective: str = "smooth", **keys: Any) -> Path:
    spec = {
        "objective": f"tests.unit.benchmarks.match_objectives:{objective}",
        **objectives.SPEC,
        **keys,
    }
    path = folder / "spec.json"
    path.write_text(json.dumps(spec))
    return path


def untimed(folder: Path) -> dict[Any, Any]:
    zero = dict.fromkeys(TIME_FIELDS, 0.0)
    return {
        key: replace(run, evaluations=tuple(replace(each, **zero) for each in run.evaluations))
        for key, run in MatchFolder(folder).read().runs.items()
    }


def test_one_command_brings_a_verdict_and_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = write_spec(tmp_path)
    who = "optuna:tpe,optuna:random"
    out, err = call(spec, "-c", who, "--seeds", 3, "-n", 5, "--json", cwd=tmp_path)
    own = Path("runs", "compare-spec")  # where results go by default
    found = json.loads(out.splitlines()[-1])
    assert found["verdict"] in re.sub(r"\s+", " ", err)
    assert found["pairs"][0]["verdict"] == UNDECIDED
    page = (tmp_path / own / "report.html").read_text()
    assert found["leader"] in page
    assert "6 of 6 runs" in err
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["compare", str(spec), "-c", who, "--out", str(own), "--report-only", "--json"])
    assert ended.value.code == 0
    again, err = capsys.readouterr()
    assert json.loads(again.splitlines()[-1]) == found
    assert "runs" not in err.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give one of SPEC, --suite and --problem"),
        (["spec.json", "--suite", "tables"], "give one of SPEC, --suite and --problem"),
        (["nothing.yaml"], "nothing.yaml"),
        (["--suite", "table"], "Did you mean 'tables'"),
        (["--problem", "tables/vehicl"], "Did you mean 'tables/vehicle'"),
        (["spec.json", "-c", "optuna:tpe,hyperot:tpe"], "Did you mean 'hyperopt'"),
        (["spec.json", "--seeds", "0"], "Invalid value for '--seeds'"),
        (["spec.json", "-n", "0"], "1 to .* trials, not 0"),
        (["spec.json", "--margin", "-1"], "margin=-1.0: what counts as no difference"),
        (
            ["--problem", "tables/car", "--problem", "tables/vehicle", "--within", "1"],
            "within=1.0: the 2 problems have units of their own",
        ),
        (["spec.json", "--until-decided", "--max-seeds", "3"], "takes 5 seeds or more, not 3"),
        (["spec.json", "--workers", "2"], "a simulated clock needs recorded times"),
        (["spec.json", "--report-only", "--out", "empty"], "there is no match in empty"),
    ],
)
def test_a_bad_request_is_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_spec(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["compare", *arguments])
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert re.search(message, err)
    assert "Traceback" not in err
    assert not (tmp_path / "runs").exists()


def test_a_missing_library_is_named_before_the_first_trial(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from crosstune.benchmarks import compare as module

    monkeypatch.setattr(module, "LIBRARIES", ("scipy", "no_such_library"))
    with pytest.raises(MissingLibrary, match=r"no_such_library.*crosstune\[compare\]"):
        crosstune.compare(objectives.SPEC, objectives.broken, seeds=1, trials=1)


def test_one_seed_claims_nothing() -> None:
    found = crosstune.compare(
        objectives.SPEC,
        objectives.smooth,
        contenders="optuna:tpe,optuna:random",
        seeds=1,
        trials=4,
    )
    (pair,) = found.summary.verdict.pairs
    assert (pair.verdict, pair.interval, pair.p_difference) == (UNDECIDED, None, None)
    assert found.sentence in str(found)
    with pytest.raises(RequestError, match="the match was in memory"):
        found.write_report()


def test_an_objective_that_never_varies_is_no_reason_to_prefer_one() -> None:
    found = crosstune.compare(
        objectives.SPEC,
        objectives.constant,
        contenders="optuna:tpe,optuna:random",
        seeds=4,
        trials=4,
    )
    assert found.summary.verdict.pairs[0].verdict == EQUIVALENT
    assert any("never varied" in note for note in found.summary.notes)


def test_a_contender_that_fails_in_some_seeds_is_named(tmp_path: Path) -> None:
    out = tmp_path / "out"
    given = {"contenders": ["optuna:tpe", "optuna:random"], "trials": 6, "seeds": 3, "out": out}
    crosstune.compare(objectives.SPEC, objectives.smooth, **given)
    file = MatchFolder(out).run_file(("match", "optuna:tpe", 1)).path
    file.write_text('{"end": "failed", "error": "out of <b>memory</b>", "budget": null}\n')
    found = read(out)
    assert any("optuna:tpe" in note and "failed" in note for note in found.summary.notes)
    standing = next(s for s in found.summary.standings if s.contender == "optuna:tpe")
    assert (standing.runs, standing.failed) == (3, 1)
    page = found.write_report().read_text()
    assert "out of &lt;b&gt;memory" in page
    assert "<b>memory" not in page


@pytest.mark.slow
def test_until_decided_stops_when_the_leader_is_decided(tmp_path: Path) -> None:
    found = crosstune.compare(
        problems.get("tables/naval_propulsion"),
        contenders="optuna:tpe,optuna:random",
        trials=40,
        until_decided=True,
        max_seeds=40,
        out=tmp_path,
    )
    assert found.summary.verdict.pairs[0].verdict != UNDECIDED
    assert 5 <= found.results.settings.seeds < 40
    again = read(tmp_path)
    assert again.sentence == found.sentence
    assert again.summary.verdict.pairs[0].decided_at == found.results.settings.seeds
    assert found.summary.verdict.pairs[0].verdict in found.sentence


def test_looks_without_a_rule_are_kept(tmp_path: Path) -> None:
    given = {"contenders": ["optuna:tpe", "optuna:random"], "trials": 3, "out": tmp_path}
    for seeds in (2, 2, 4):
        crosstune.compare(objectives.SPEC, objectives.smooth, seeds=seeds, **given)
    found = read(tmp_path)
    assert found.results.settings.looks == (2, 4)
    assert any("look" in note for note in found.summary.notes)


def test_a_simulated_clock_runs_several_workers(tmp_path: Path) -> None:
    table = problems.get("tables/vehicle")
    alone, four = (
        crosstune.compare(
            table, contenders="optuna:tpe,optuna:random", seeds=2, trials=20, workers=workers
        )
        for workers in (1, 4)
    )
    for key, run in four.results.runs.items():
        ended = [each.ended for each in run.evaluations]
        assert max(ended) < max(each.ended for each in alone.results.runs[key].evaluations)
        total = sum(each.seconds for each in run.evaluations)
        assert max(ended) >= total / 4
        assert len(ended) == 20
    # Random search draws the same points, however many workers there are.
    for seed in (0, 1):
        key = (table.name, "optuna:random", seed)
        one, other = (
            {repr(dict(each.params)) for each in found.results.runs[key].evaluations}
            for found in (alone, four)
        )
        assert len(one & other) >= 17  # the last ones under way differ


def test_a_match_is_logged_for_tensorboard(tmp_path: Path) -> None:
    crosstune.compare(
        objectives.SPEC,
        objectives.curved,
        contenders="optuna:tpe,hyperopt:rand",
        seeds=2,
        trials=3,
        tensorboard=tmp_path,
    )
    names = {path.name for path in tmp_path.iterdir() if (path / "crosstune.json").exists()}
    assert names == {
        f"match-{who}-{seed:04d}" for who in ("optuna-tpe", "hyperopt-rand") for seed in (0, 1)
    }


@pytest.mark.slow
def test_a_match_killed_at_any_instant_goes_on_to_the_same(tmp_path: Path) -> None:
    who = "optuna:tpe,hyperopt:tpe,keras_tuner:random,optuna:tpe+hyperband"
    arguments = ["-c", who, "--seeds", 3, "-n", 12, "--jobs", 2]
    spec = write_spec(tmp_path, "curved")
    call(spec, *arguments, "--out", "whole", cwd=tmp_path)
    rng = random.Random(0)
    kills = 0
    for _ in range(6):
        process = subprocess.Popen(
            [*COMMAND, str(spec), *map(str, arguments), "--out", "killed"],
            cwd=tmp_path,
            env=ENVIRONMENT,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        folder = tmp_path / "killed"
        before, deadline = lines_on_file(folder), time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            if lines_on_file(folder) > before + rng.randrange(1, 20):
                break
            time.sleep(0.01)
        if process.poll() is None:
            if kills % 2:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()  # and its own processes have to end with it
                process.wait()
                time.sleep(1)
                there = lines_on_file(folder)
                time.sleep(1)
                assert lines_on_file(folder) == there
            kills += 1
        process.communicate()
    assert kills >= 3
    call(spec, *arguments, "--out", "killed", cwd=tmp_path)
    assert untimed(tmp_path / "killed") == untimed(tmp_path / "whole")
