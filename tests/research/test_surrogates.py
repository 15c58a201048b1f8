"""Surrogates: what is told to the network, and which instances are for one run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from crosstune.benchmarks.research import halves, surrogates
from crosstune.errors import RequestError, UnknownName
from crosstune.space.parameters import Scalar

LAST = 27
"""An instance of the fake scenario."""


class FakeNetwork:
    """A session whose outputs are sums of what it was told, so that each input shows."""

    def run(self, _: None, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float64]]:
        assert inputs["x_cat"].dtype == np.int32
        assert inputs["x_cont"].dtype == np.float32
        numbers, codes = inputs["x_cont"].astype(float), inputs["x_cat"]
        weights = 10.0 ** -np.arange(numbers.shape[1])
        return [np.stack([numbers @ weights, codes.sum(axis=1)], axis=1)]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    codes = {
        "lcbench": {"OpenML_task_id": {"#na#": 0, "3945": 1, "126026": 2, "167083": 3}},
        "rbv2_rpart": {
            "num.impute.selected.cpo": {"#na#": 0, "impute.hist": 1, "impute.mean": 2},
            "task_id": {"#na#": 0, "10": 1, "3": 2, "9": 3, "27": LAST},
        },
    }
    for scenario, encoding in codes.items():
        folder = tmp_path / scenario
        folder.mkdir()
        (folder / "encoding.json").write_text(json.dumps(encoding))
        (folder / "model.onnx").write_bytes(b"")
    monkeypatch.setenv(surrogates.PLACE, str(tmp_path))
    monkeypatch.setattr(surrogates, "network", lambda scenario: FakeNetwork())
    surrogates.encoding.cache_clear()
    yield
    surrogates.encoding.cache_clear()


def test_the_inputs_stand_in_the_order_of_the_network() -> None:
    objective = halves.get("surrogates/rbv2_rpart-27").objective
    point: dict[str, Scalar] = {
        "maxdepth": 20,
        "cp": 1.0,
        "minsplit": 4,
        "minbucket": 3,
        "num.impute.selected.cpo": "impute.mean",
    }
    assert isinstance(objective, surrogates.Surrogate)
    (numbers, codes) = objective.outputs([point])[0]
    assert numbers == pytest.approx(1.0 + 2.0 + 0.03 + 0.004 + 0.0001 + 0.0001)
    assert codes == LAST + 2
    assert objective(point) == {"acc": numbers}


def test_a_point_may_name_another_epoch() -> None:
    objective = surrogates.Surrogate("lcbench", "3945")
    point: dict[str, Scalar] = dict.fromkeys(surrogates.SCENARIOS["lcbench"].space, 0)
    early, late = objective.outputs([{**point, "epoch": 3}, point])[:, 0]
    assert (early, late) == (3, 52)


def test_the_halves_are_apart_and_whole() -> None:
    assert surrogates.development("rbv2_rpart") == ["3", "10"]
    assert surrogates.frozen("rbv2_rpart") == ["9", "27"]
    assert surrogates.frozen("lcbench") == ["126026"]  # 167083 has no surrogate


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownName, match="lcbench"):
        surrogates.problem("lcbenhc-3945")
    monkeypatch.setenv(surrogates.PLACE, "nowhere")
    with pytest.raises(RequestError, match="'nowhere' is none"):
        surrogates.folder()
    monkeypatch.delenv(surrogates.PLACE)
    with pytest.raises(RequestError, match="CROSSTUNE_YAHPO has to name"):
        surrogates.folder()
