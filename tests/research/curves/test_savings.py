"""The replay benchmark of shares and losses, on sets of a few lines and on our own curves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crosstune.benchmarks.research.curves import figure, losses, methods, savings, sets
from crosstune.benchmarks.research.curves import stored_savings as stored
from crosstune.benchmarks.research.curves.methods import SavingsResult
from crosstune.benchmarks.research.curves.sets import CurveSet, RandomEnds
from crosstune.errors import RequestError
from crosstune.samplers.scheduled.settings import Scheduler

EPOCHS = 8


def toy_curve(params: Mapping[str, Any]) -> Sequence[float]:
    """A curve that falls towards x; the good ones start high."""
    x = params["x"]
    return [x + (1 - x) * 0.5**epoch for epoch in range(EPOCHS)]


TOY = CurveSet("toy", EPOCHS, {"x": {"type": "float", "low": 0.0, "high": 1.0}}, toy_curve)


def toy(method: str, seed: int = 1, engine: str = "optuna:tpe") -> SavingsResult:
    return methods.study(TOY, engine, method, seed, 12)


@pytest.mark.parametrize("method", ["none", "i-epoch epochs=2", "median", "knows-the-end", "curve"])
def test_the_parts_of_a_loss_add_up(method: str) -> None:
    result, whole = toy(method), toy("none")
    loss, selection, proposals = losses.split(result, whole, 0.5)
    assert loss == pytest.approx((result.returned - whole.returned) / 0.5)
    assert loss == pytest.approx(selection + proposals)
    assert selection >= 0


def test_only_training_to_the_end_spends_everything_and_loses_nothing() -> None:
    whole = toy("none")
    assert (whole.share, whole.restarted, whole.complete) == (1, 1, 12)
    assert whole.returned == whole.proposed
    assert losses.split(whole, whole, 1.0) == (0, 0, 0)


def test_i_epoch_spends_its_epochs_and_those_of_its_finalists() -> None:
    result = toy("i-epoch epochs=2 finalists=4")
    assert result.complete == 4
    assert result.share == pytest.approx((12 * 2 + 4 * 6) / (12 * EPOCHS))
    assert result.restarted == pytest.approx((12 * 2 + 4 * EPOCHS) / (12 * EPOCHS))


def test_i_epoch_returns_the_best_of_those_that_led_early() -> None:
    """The curves cross: what leads at epoch 1 is the worst at the end."""
    crossing = CurveSet("crossing", 2, TOY.space, lambda params: [params["x"], 1 - params["x"]])
    result = methods.study(crossing, "optuna:tpe", "i-epoch epochs=1 finalists=1", 1, 12)
    assert result.returned > 0.5
    assert result.proposed < result.returned


def test_an_oracle_that_tells_the_ends_gets_the_proposals_of_whole_training() -> None:
    oracle, whole = toy("i-epoch epochs=2 told=ends"), toy("none")
    assert oracle.proposed == whole.proposed
    assert oracle.share < whole.share
    assert losses.split(oracle, whole, 1.0)[2] == 0


def test_knowing_the_end_loses_nothing_by_selection() -> None:
    for seed in range(4):
        oracle = toy("knows-the-end", seed)
        assert oracle.returned == oracle.proposed
        assert methods.FREE <= oracle.complete < 12
        spent = EPOCHS * oracle.complete + 2 * (12 - oracle.complete)
        assert oracle.share == pytest.approx(spent / (12 * EPOCHS))


def test_a_scheduler_continues_trials_and_is_counted_as_configurations() -> None:
    simple, scheduled = toy("i-epoch epochs=2"), toy("scheduler:i-epoch first=2")
    assert (scheduled.share, scheduled.restarted) == (simple.share, simple.restarted)
    assert scheduled.complete == simple.complete == 3
    thawed = toy("scheduler:freeze-thaw share=0.5")
    assert thawed.share <= 0.5 < thawed.restarted
    assert thawed.returned >= thawed.proposed


@pytest.mark.parametrize("name", methods.ABLATIONS)
def test_the_methods_of_an_ablation_are_schedulers_or_i_epoch(name: str) -> None:
    for method in methods.ABLATIONS[name]:
        parsed, options = methods.parse(method)
        if parsed.startswith(methods.SCHEDULER):
            Scheduler.of(parsed.removeprefix(methods.SCHEDULER), options | {"max_epochs": 52})
        else:
            assert parsed == "i-epoch"


def test_what_is_told_changes_the_proposals() -> None:
    """The curves cross, so an engine that is told the first values looks at the wrong side."""
    crossing = CurveSet("crossing", 2, TOY.space, lambda params: [1 - params["x"], params["x"]])
    told = {
        told: methods.study(crossing, "optuna:tpe", f"i-epoch epochs=1 told={told}", 3, 40)
        for told in ("ends", "last")
    }
    assert told["ends"].proposed < told["last"].proposed
    assert toy("i-epoch epochs=1 told=pruned").complete == 3


@pytest.mark.parametrize("engine", [engine for engine in methods.ENGINES if "keras" not in engine])
def test_every_engine_replays_a_study(engine: str) -> None:
    assert 0 < toy("i-epoch epochs=2", engine=engine).returned < 0.5


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("i-epock", "no method 'i-epock'.*Did you mean 'i-epoch'"),
        ("i-epoch epoch=3", "no option of i-epoch 'epoch'.*Did you mean 'epochs'"),
        ("i-epoch 10", "'10' in 'i-epoch 10' is not an option: write name=value"),
        ("i-epoch told=end", "no value of told 'end'"),
        ("median warmup=3", "no option of the pruner median 'warmup'"),
    ],
)
def test_a_method_that_is_none_is_refused(method: str, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        methods.parse(method)


def test_more_epochs_than_the_curves_have_are_refused() -> None:
    with pytest.raises(RequestError, match="epochs is 9; toy has 1 to 8"):
        toy("i-epoch epochs=9")


def result(returned: float, proposed: float, share: float = 0.5) -> SavingsResult:
    return SavingsResult(share, share, returned, proposed, 1, 0.0)


def invented() -> stored.Savings:
    """Two sets of two seeds: `median` loses 0.1 by selection and 0.2 by proposals on each."""
    studies = stored.Savings("versions", 60)
    for name, unit in (("a", 1.0), ("b", 10.0)):
        studies.scales[name] = RandomEnds(0.0, unit)
        for seed in (1, 2):
            for engine, ahead in (("optuna:tpe", 0.0), ("hyperopt:tpe", 0.5)):
                whole = seed - ahead
                studies.runs[name, engine, "none", seed] = result(whole * unit, whole * unit, 1.0)
                studies.runs[name, engine, "median", seed] = result(
                    (whole + 0.3) * unit, (whole + 0.2) * unit
                )
    return studies


def test_losses_are_in_units_of_each_set_and_paired_by_seed() -> None:
    studies = invented()
    of = losses.losses(studies.runs, studies.scales, "hyperopt:tpe", ["median"], against="none")
    row = of.estimates["median"]
    wanted = {"loss": 0.3, "selection": 0.1, "proposals": 0.2, "share": 0.5, "tpe": -0.2}
    for quantity, value in wanted.items():
        assert row[quantity].mean == pytest.approx(value)
        assert row[quantity].interval.low == pytest.approx(value)
        assert row[quantity].interval.high == pytest.approx(value)
    assert of.against["median"].mean == pytest.approx(0.3)
    assert of.seeds == (1, 2)


def test_only_seeds_that_every_method_has_are_compared() -> None:
    studies = invented()
    for name in ("a", "b"):
        del studies.runs[name, "optuna:tpe", "median", 2]
    of = losses.losses(studies.runs, studies.scales, "optuna:tpe", ["median"])
    assert of.seeds == (1,)
    with pytest.raises(RequestError, match="no set and seed has all of these"):
        losses.losses(studies.runs, studies.scales, "optuna:tpe", ["curve"])


def test_the_table_has_the_largest_loss_first() -> None:
    studies = invented()
    lines = list(
        losses.table(losses.losses(studies.runs, studies.scales, "optuna:tpe", ["median"]))
    )
    assert lines[0].startswith("| optuna:tpe | share | without checkpoints | loss |")
    assert lines[2] == (
        "| median | 0.50 | 0.50 | +0.300 [+0.300, +0.300] | +0.100 [+0.100, +0.100] "
        "| +0.200 [+0.200, +0.200] |"
    )


def run_own(out: Path, *words: str) -> None:
    savings.main(
        ["run", "--sets", "trees", "--seeds", "2", "--trials", "6", "--out", str(out), *words]
    )


def test_a_run_goes_on_from_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "savings.jsonl"
    run_own(out, "--methods", "i-epoch epochs=2")
    whole, table = out.read_text().splitlines(), capsys.readouterr().out
    assert "| i-epoch epochs=2 |" in table
    # A kill leaves the first studies and half a line.
    out.write_text("\n".join(whole[:3]) + "\n" + whole[3][:40])
    run_own(out, "--methods", "i-epoch epochs=2")
    again = capsys.readouterr()
    assert again.out == table
    assert "3 of 3 studies" in again.err
    assert "4 of 4" not in again.err
    plans = [line["plan"] for line in stored_records(out) if "plan" in line]
    assert sorted(map(json.dumps, plans)) == sorted(
        json.dumps(json.loads(line)["plan"]) for line in whole if "plan" in line
    )


def stored_records(path: Path) -> list[dict[str, Any]]:
    records = []
    for line in path.read_text().splitlines():
        try:
            records.append(json.loads(line))
        except ValueError:
            continue
    return records


def test_a_file_of_other_trials_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "savings.jsonl"
    stored.begin(out, "optuna 5", 60)
    assert stored.begin(out, "optuna 5", 60).runs == {}
    with pytest.raises(RequestError, match="other trials: 60, now 30"):
        stored.begin(out, "optuna 5", 30)
    with pytest.raises(RequestError, match="other versions: optuna 5, now optuna 6"):
        stored.begin(out, "optuna 6", 60)
    (tmp_path / "other").write_text("hello\n")
    with pytest.raises(RequestError, match="is not a file of the savings benchmark"):
        stored.read(tmp_path / "other")


def test_packed_studies_read_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    studies, path = invented(), tmp_path / "savings.json.xz"
    stored.pack(studies, path)
    assert stored.read(path) == studies
    savings.main(["table", str(path), "--engines", "optuna:tpe", "--against", "none"])
    assert "2 sets, 2 seeds, 60 configurations" in capsys.readouterr().out


def test_the_figure_has_a_point_per_method(tmp_path: Path) -> None:
    studies, path = invented(), tmp_path / "savings.json.xz"
    stored.pack(studies, path)
    target = tmp_path / "savings.svg"
    savings.main(["figure", str(path), str(target), "--engines", "optuna:tpe", "hyperopt:tpe"])
    assert target.read_text().lstrip().startswith("<?xml")
    of = losses.losses(studies.runs, studies.scales, "optuna:tpe", ["median"])
    with pytest.raises(RequestError, match="a figure is .svg or .png, not 'savings.gif'"):
        figure.draw([of], tmp_path / "savings.gif")


def test_an_unknown_engine_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        savings.main(["run", "--sets", "trees", "--engines", "optuna:tpee"])
    assert ended.value.code == 2
    assert "Did you mean 'optuna:tpe'" in capsys.readouterr().err


def test_the_scale_of_a_set_is_always_the_same() -> None:
    first = sets.scale(TOY)
    assert first == sets.scale(TOY)
    flat = CurveSet("flat", 1, TOY.space, lambda params: [0.5])
    with pytest.raises(RequestError, match="there is nothing to win on flat"):
        sets.scale(flat)
    ends = [toy_curve({"x": x})[-1] for x in np.linspace(0, 1, 5)]
    assert ends[0] < first.best < ends[1] < first.median < ends[3]


def test_the_documentation_has_the_table_of_the_stored_studies() -> None:
    root = Path(__file__).parents[3]
    studies = stored.read(root / "benchmarks/research/results/savings-development.json.xz")
    page = (root / "docs/pruning.md").read_text(encoding="utf-8")
    listed = list(dict.fromkeys(key[2] for key in studies.runs if key[1] == losses.TPE))
    of = losses.losses(studies.runs, studies.scales, losses.TPE, listed)
    assert "\n".join(losses.table(of)) in page
