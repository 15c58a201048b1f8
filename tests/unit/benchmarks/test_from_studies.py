"""Studies that exist, judged as a match: what is compared, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState, create_trial

from crosstune.benchmarks.compare import compare_studies
from crosstune.benchmarks.match.from_studies import from_studies
from crosstune.errors import RequestError

Make = Callable[..., str]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a journal with a study, and returns its path."""
    numbers = iter(range(99))

    def made(
        sampler: str | None,
        seed: int = 0,
        *,
        better: float = 0.0,
        trials: int = 8,
        high: float = 1.0,
        direction: str = "minimize",
        names: list[str] | None = None,
        **attrs: Any,
    ) -> str:
        path = tmp_path / f"{next(numbers)}.journal"
        storage = JournalStorage(JournalFileBackend(str(path)))
        study = optuna.create_study(storage=storage, study_name="same", direction=direction)
        if sampler is not None:
            record = {"backend": "optuna", "sampler": sampler, "seed": seed, "metric": "loss"}
            study.set_user_attr("crosstune:runs", [record])
        for name, value in attrs.items():
            study.set_user_attr(f"crosstune:{name}", value)
        rng = np.random.default_rng([seed, int(better)])
        for i in range(trials):
            x = float(rng.uniform(0, min(high, 1.0)))
            failed = i == 1
            study.add_trial(
                create_trial(
                    state=TrialState.FAIL if failed else TrialState.COMPLETE,
                    value=None if failed else 1 + x - better,
                    params={"x": x},
                    distributions={"x": FloatDistribution(0, high)},
                )
            )
        return str(path)

    return made


def refused(*places: str, **options: Any) -> str:
    with pytest.raises(RequestError) as caught:
        from_studies(places, **options)
    return str(caught.value)


def test_a_clear_difference_is_a_verdict_and_none_is_none(make: Make) -> None:
    ahead = [make("tpe", seed, better=5) for seed in range(8)]
    behind = [make("random", seed) for seed in range(8)]
    comparison = compare_studies([*behind, *ahead])
    assert comparison.summary.verdict.leader == "optuna:tpe"
    assert comparison.summary.verdict.pairs[0].verdict == "better"
    same = compare_studies([f"a={behind[i]}" if i % 2 else f"b={behind[i]}" for i in range(8)])
    assert {pair.verdict for pair in same.summary.verdict.pairs} <= {
        "not enough seeds",
        "equivalent",
    }


def test_seeds_are_studies_in_the_order_of_their_recorded_seeds(make: Make) -> None:
    places = [make("tpe", 5), make("random", 1), make("tpe", 1), make("random", 5)]
    results, notes = from_studies(places)
    assert results.settings.seeds == 2
    for seed in (0, 1):
        tpe, random = (results.runs["same", f"optuna:{n}", seed] for n in ("tpe", "random"))
        assert [e.params for e in tpe.evaluations] == [e.params for e in random.evaluations]
    assert not any("same seeds" in note for note in notes)


def test_budgets_and_seeds_are_cut_to_what_all_have_and_it_is_said(make: Make) -> None:
    places = [make("tpe", 0, trials=9), make("random", 0, trials=6), make("random", 1, trials=7)]
    results, notes = from_studies(places)
    assert (results.settings.seeds, results.settings.trials) == (1, 6)
    assert {len(run.evaluations) for run in results.runs.values()} == {6}
    text = " ".join(notes)
    assert "cut to the first 6 finished trials; the longest has 9" in text
    assert "optuna:random has 2 studies, of which the first 1" in text
    assert "not made as a match" in text


def test_what_is_not_known_is_not_a_number(make: Make) -> None:
    results, _ = from_studies([make("tpe"), make(None)])
    assert results.settings.contenders == ("optuna:tpe", "same")
    for run in results.runs.values():
        assert all(math.isnan(evaluation.sampler_seconds) for evaluation in run.evaluations)
        assert [e.state for e in run.evaluations].count("failed") == 1


def test_studies_without_records_are_paired_by_order_and_it_is_said(make: Make) -> None:
    places = [f"a={make(None)}", f"b={make(None, 1)}", f"a={make(None, 2)}", f"b={make(None, 3)}"]
    _, notes = from_studies(places)
    assert any("did not have the same seeds" in note for note in notes)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"direction": "maximize"}, "the direction, minimize and maximize"),
        ({"high": 2.0}, "the space: x is"),
        ({"evaluated": {"data": ["1", "a"]}}, None),
    ],
)
def test_a_mixture_is_refused_with_its_reason(
    make: Make, keys: dict[str, Any], words: str | None
) -> None:
    one, other = make("tpe"), make("random", **keys)
    if words is None:  # one record alone says nothing
        from_studies([one, other])
        return
    assert words in refused(one, other)
    assert "cannot be compared" in refused(one, other)


def test_studies_on_other_data_are_refused_unless_they_measure_the_same(make: Make) -> None:
    one = make("tpe", evaluated={"data": ["1", "a"], "splits": ["2", "b"]})
    other = make("random", evaluated={"data": ["9", "a"], "splits": ["2", "b"]})
    said = refused(one, other)
    assert "evaluated on: data." in said
    assert "--same-objective" in said
    from_studies([one, other], same_objective=True)


def test_metrics_of_other_names_are_refused(make: Make) -> None:
    one, other = make("tpe"), make(None)
    study = optuna.load_study(study_name="same", storage=JournalStorage(JournalFileBackend(other)))
    study.set_metric_names(["accuracy"])
    assert "the metric, loss and accuracy" in refused(one, other)


def test_one_contender_is_no_match(make: Make) -> None:
    assert "NAME=STUDY" in refused(make("tpe"), make("tpe", 1))


def test_several_studies_of_one_storage_take_part(tmp_path: Path, make: Make) -> None:
    storage = f"sqlite:///{tmp_path}/all.db"
    for index, sampler in enumerate(("tpe", "random")):
        optuna.copy_study(
            from_study_name="same",
            from_storage=JournalStorage(JournalFileBackend(make(sampler))),
            to_storage=storage,
            to_study_name=f"s{index}",
        )
    results, _ = from_studies([storage])
    assert results.settings.contenders == ("optuna:tpe", "optuna:random")


def test_a_report_is_written_and_has_the_notes(make: Make, tmp_path: Path) -> None:
    places = [make(name, seed) for name in ("tpe", "random") for seed in range(3)]
    comparison = compare_studies(places)
    comparison.write_report(tmp_path / "report")
    text = (tmp_path / "report" / "report.md").read_text()
    assert "not made as a match" in text
    assert "nan" not in text
    assert (tmp_path / "report" / "tables" / "standings.tex").is_file()
