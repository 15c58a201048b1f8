"""The published results: kept small, and the page is what they say."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

import crosstune
from crosstune.benchmarks import problems
from crosstune.benchmarks.match.contender import contenders
from crosstune.benchmarks.match.fairness import check_fairness
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.research import halves, published, surrogates
from crosstune.benchmarks.research.league import against, cut, section, wins
from crosstune.benchmarks.research.packed import pack, unpack
from crosstune.benchmarks.research.rivals.environments import Environment
from crosstune.benchmarks.statistics import summarize
from crosstune.space.space import Space
from tests.unit.benchmarks import match_objectives as objectives

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def results() -> Results:
    return crosstune.compare(
        [problems.get(f"tables/{name}") for name in ("car", "cifar10", "naval_propulsion")],
        contenders="optuna:tpe,hyperopt:tpe,optuna:random",
        seeds=3,
        trials=25,
    ).results


def test_what_is_kept_says_the_same(results: Results, tmp_path: Path) -> None:
    pack(results, tmp_path / "kept.json.xz")
    kept = unpack(tmp_path / "kept.json.xz")
    assert section("x", kept) == section("x", results)


def test_failures_and_scores_on_unseen_data_are_kept(tmp_path: Path) -> None:
    spec = {**objectives.SPEC, "pruner": {"name": "median", "n_startup_trials": 1}}
    given = {"contenders": "optuna:qmc,optuna:random", "seeds": 2, "trials": 12}
    for objective in (objectives.tested, objectives.curved, objectives.failing):
        found = crosstune.compare(spec, objective, **given).results
        pack(found, tmp_path / "kept.json.xz")
        kept = unpack(tmp_path / "kept.json.xz")
        for key, run in found.runs.items():
            for name in ("value", "state", "test", "epochs", "number"):
                assert [getattr(each, name) for each in kept.runs[key].evaluations] == [
                    getattr(each, name) for each in run.evaluations
                ]
            assert (kept.runs[key].end, kept.runs[key].error) == (run.end, run.error)


def test_a_cut_match_is_the_shorter_match(results: Results) -> None:
    short = crosstune.compare(
        [problems.get(about.name) for about in results.settings.problems],
        contenders="optuna:tpe,hyperopt:tpe,optuna:random",
        seeds=3,
        trials=10,
    ).results
    ours, theirs = (summarize(each, axes=()) for each in (cut(results, 10), short))
    assert ours.rankings == theirs.rankings
    assert [s.score for s in ours.standings] == [s.score for s in theirs.standings]


def test_everybody_is_seen_against_the_same_one(results: Results) -> None:
    ranking = summarize(results).rankings[0]
    lines = against(ranking).splitlines()[2:]
    assert len(lines) == 2
    for line in lines:
        name, ahead = (cell.strip() for cell in line.split("|")[1:3])
        pair = ranking.between(name.strip("`"), "optuna:tpe")
        assert pair is not None
        expected = pair.advantage if pair.b == "optuna:tpe" else -pair.advantage
        assert float(ahead.split()[0]) == pytest.approx(expected, abs=0.02 * abs(expected) + 0.01)


@pytest.mark.parametrize("name", published.MATCHES)
def test_a_published_match_is_fair(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name in ("fronts-surrogates", "fronts-keras") and surrogates.PLACE not in os.environ:
        pytest.skip("the limits of its problems are read from the surrogates")
    # A rival's process is begun at its first question, and none is asked here.
    monkeypatch.setattr(Environment, "check", lambda environment: None)
    wanted = published.MATCHES[name]
    # One problem of each kind of space is enough; all of them take half a minute.
    chosen = {repr(p.space): p for p in map(halves.get, wanted.names)}.values()
    check_fairness(tuple(chosen), contenders(wanted.contenders), RunLimits(trials=wanted.trials))


@pytest.mark.parametrize("name", sorted(published.MATCHES))
def test_what_is_kept_is_what_is_declared(name: str) -> None:
    wanted, kept = published.MATCHES[name], unpack(published.kept(name))
    settings = kept.settings
    assert tuple(about.name for about in settings.problems) == tuple(wanted.names)
    labels = (entry if isinstance(entry, str) else entry["label"] for entry in wanted.contenders)
    assert settings.contenders == tuple(labels)
    assert (settings.seeds, settings.trials) == (wanted.seeds, wanted.trials)
    for about in settings.problems:
        # What is kept was measured on the very problem that the suite has now.
        assert about.fingerprint == _space(about.name).fingerprint()
    assert all(run.end is not None for run in kept.runs.values())
    assert json.dumps(asdict(settings)).count(str(Path.home())) == 0


def _space(name: str) -> Space:
    """The space of a problem, also of one whose limit is read from the surrogates."""
    if name.startswith("surrogates/front-"):
        return Space(surrogates.SCENARIOS["rbv2_rpart"].space)
    return halves.get(name).space


def test_the_halves_have_nothing_in_common() -> None:
    development = {*halves.DEVELOPMENT_TABLES, *halves.DEVELOPMENT_FUNCTIONS}
    held_out = {*halves.TABLES, *halves.FUNCTIONS, *halves.TRAINING}
    assert not development & held_out
    assert len(held_out) >= 30
    assert {*problems.names("tables"), *problems.names("functions")} <= development | held_out
    for name in held_out:
        assert halves.get(name).name == name


def test_the_chance_of_a_win_is_counted_over_problems_and_seeds(results: Results) -> None:
    page = wins("Half", [results, results], "optuna:tpe")  # the second has no problem of its own
    rows = {line.split("|")[1].strip(" `"): line.split("|") for line in page.splitlines()[2:]}
    assert [cell.strip() for cell in rows["hyperopt:tpe"][2:4]] == ["3", "3"]
    pairs = summarize(cut(results, 25), axes=()).rankings[0]
    for rival in ("hyperopt:tpe", "optuna:random"):
        pair = pairs.between("optuna:tpe", rival)
        assert pair is not None
        wanted = pair.wins if pair.a == "optuna:tpe" else 1 - pair.wins
        assert float(rows[rival][5].split()[0]) == pytest.approx(wanted, abs=0.006)


@pytest.mark.slow
def test_the_page_is_what_is_kept() -> None:
    assert published.RESULTS.read_text(encoding="utf-8") == published.write()
