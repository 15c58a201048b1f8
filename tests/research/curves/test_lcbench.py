"""LCBench by surrogate: the folder, the freeze rule, and the curves where the data are there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crosstune.benchmarks.research import surrogates
from crosstune.benchmarks.research.curves import savings, sets
from crosstune.errors import RequestError
from crosstune.space.space import Space


class CountingSession:
    """Stands for a session of onnxruntime: accuracy 50 + epoch, and the code of the task."""

    def __init__(self) -> None:
        self.rows: list[int] = []

    def run(self, outputs: Any, inputs: dict[str, Any]) -> list[Any]:
        assert outputs is None
        assert inputs["x_cat"].dtype == np.int32
        assert inputs["x_cont"].dtype == np.float32
        self.rows.append(len(inputs["x_cont"]))
        answer = np.zeros((len(inputs["x_cont"]), 6), np.float32)
        answer[:, 1] = 50 + inputs["x_cont"][:, 0] / 2 + inputs["x_cont"][:, 7] - 0.5
        answer[:, 2] = inputs["x_cat"][:, 0] + inputs["x_cont"][:, 1] / 1000
        return [answer]


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CountingSession]:
    """A folder with the files of a tiny fake, and the session that its model becomes."""
    folder = tmp_path / "lcbench"
    folder.mkdir()
    (folder / "encoding.json").write_text(
        json.dumps({"OpenML_task_id": {"#na#": 0, "3945": 34, "126026": 2}})
    )
    (folder / "model.onnx").write_bytes(b"")
    monkeypatch.setenv(surrogates.PLACE, str(tmp_path))
    fake = CountingSession()
    monkeypatch.setattr(surrogates, "network", lambda scenario: fake)
    sets.curve_set.cache_clear()
    surrogates.encoding.cache_clear()
    yield fake
    sets.curve_set.cache_clear()
    surrogates.encoding.cache_clear()


POINT = {
    "batch_size": 32,
    "learning_rate": 0.01,
    "momentum": 0.5,
    "weight_decay": 0.01,
    "num_layers": 2,
    "max_units": 128,
    "max_dropout": 0.5,
}


def test_a_curve_is_one_call_of_52_rows(session: CountingSession) -> None:
    curve = sets.curve_set("lcbench/3945").curve(POINT)
    assert session.rows == [52]
    assert curve[0] == pytest.approx(0.495)
    assert curve[-1] == pytest.approx(0.24)
    entropy = sets.curve_set("lcbench/3945/val_cross_entropy").curve(POINT)
    assert entropy[0] == pytest.approx(34.032)


def test_the_space_is_that_of_the_data_without_task_and_epoch(session: CountingSession) -> None:
    space = sets.curve_set("lcbench/3945").space
    assert list(space) == list(POINT)
    assert space["batch_size"] == {"type": "int", "low": 16, "high": 512, "log": True}
    assert not space["weight_decay"].get("log")
    Space(space).check_point(POINT, complete=True)


def test_frozen_sets_are_refused_during_development(session: CountingSession) -> None:
    assert savings.chosen([], frozen=True) == ["lcbench/126026"]
    assert len(savings.chosen(["development"], frozen=False)) == 17
    for name in ("lcbench/126026", "lcbench/126026/val_cross_entropy"):
        with pytest.raises(RequestError, match=f"{name} is not for development"):
            savings.chosen([name], frozen=False)


def test_the_frozen_run_keeps_what_it_finds(
    session: CountingSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", "--frozen", "--seeds", "1", "--trials", "5", "--methods", "i-epoch epochs=2"]
    with pytest.raises(SystemExit):
        savings.main(words)
    assert "--frozen is meant to be run once" in capsys.readouterr().err
    savings.main([*words, "--out", str(tmp_path / "frozen.jsonl")])
    assert "These sets are for one run" in capsys.readouterr().err


def test_an_unknown_task_or_metric_is_named(session: CountingSession) -> None:
    with pytest.raises(RequestError, match="no LCBench task '3946'.*Did you mean '3945'"):
        sets.curve_set("lcbench/3946")
    with pytest.raises(RequestError, match="no LCBench metric 'accuracy'"):
        sets.curve_set("lcbench/3945/accuracy")
    with pytest.raises(RequestError, match="no curve set 'digit'.*Did you mean 'digits'"):
        sets.curve_set("digit")


def test_without_the_variable_the_command_ends_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(surrogates.PLACE, raising=False)
    sets.curve_set.cache_clear()
    surrogates.encoding.cache_clear()
    with pytest.raises(SystemExit) as ended:
        savings.main(["run", "--seeds", "1"])
    assert ended.value.code == 2
    assert "CROSSTUNE_YAHPO has to name a folder of YAHPO's data" in capsys.readouterr().err


@pytest.mark.skipif(not os.environ.get(surrogates.PLACE), reason=f"{surrogates.PLACE} is not set")
def test_the_real_curves_learn() -> None:
    pytest.importorskip("onnxruntime")
    assert len(sets.frozen()) == 17
    for name in sets.development()[:3]:
        curves = sets.curve_set(name)
        scale = sets.scale(curves)
        assert 0 < scale.best < scale.median < 1
        curve = curves.curve(POINT)
        assert len(curve) == 52
        assert curve[-1] < curve[0]
