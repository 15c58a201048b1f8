"""What a match says of itself while it runs: which contender leads, and with what value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crosstune.benchmarks.match.best_so_far import BestSoFar
from crosstune.benchmarks.match.folder import MatchFolder
from crosstune.benchmarks.match.results import Results
from tests.unit.benchmarks.matches import results, run

A, B = "optuna:tpe", "hyperopt:tpe"


def on_file(folder: Path, match: Results) -> BestSoFar:
    """Write a match, without the runs that are not there."""
    place = MatchFolder(folder)
    place.write_settings(match.settings)
    for key, each in match.runs.items():
        file = place.run_file(key)
        if each.evaluations:
            with file.open():
                for evaluation in each.evaluations:
                    file.add(evaluation)
                if each.end is not None:
                    file.close(each)
    return BestSoFar(place)


def one(**options: Any) -> Results:
    return results(
        {"p": {A: [run([0.5, 0.8]), run([0.7])], B: [run([0.6, None]), run([0.9], end=None)]}},
        **options,
    )


def test_the_leader_is_that_of_the_seeds_which_all_have_ended(tmp_path: Path) -> None:
    best = on_file(tmp_path, one(maximize=True))
    assert best.words() == "optuna:tpe leads, mean accuracy 0.8, 6 evaluations"


def test_it_leads_with_the_least_value_where_less_is_better(tmp_path: Path) -> None:
    best = on_file(tmp_path, one(maximize=False))
    assert best.words() == "optuna:tpe leads, mean accuracy 0.5, 6 evaluations"


def test_the_words_follow_the_files(tmp_path: Path) -> None:
    match = one(maximize=True)
    best = on_file(tmp_path, match)
    best.words()
    file = MatchFolder(tmp_path).run_file(("p", B, 1))
    with file.open():
        file.close(run([]))
    assert best.words() == "best accuracy 0.9, no leader yet, 6 evaluations"


def test_before_any_seed_has_ended_there_is_a_best_value_and_no_leader(tmp_path: Path) -> None:
    match = results({"p": {A: [run([0.5, 0.8])], B: [None]}}, maximize=True)
    assert on_file(tmp_path, match).words() == ("best accuracy 0.8, no leader yet, 2 evaluations")


def test_several_problems_are_counted(tmp_path: Path) -> None:
    better = {A: [run([0.9])], B: [run([0.8])]}
    worse = {A: [run([0.1])], B: [run([0.2])]}
    match = results({"p": better, "q": better, "r": worse}, maximize=True)
    assert on_file(tmp_path / "a", match).words() == (
        "optuna:tpe leads on 2 of 3 problems, 6 evaluations"
    )
    level = results({"p": better, "r": worse}, maximize=True)
    assert on_file(tmp_path / "b", level).words() == "no leader yet, 4 evaluations"


@pytest.mark.parametrize("text", [None, "{}"])
def test_a_folder_without_a_match_has_no_words(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "match.json").write_text(text)
    assert BestSoFar(MatchFolder(tmp_path)).words() == ""
