"""A match in one small file."""

from __future__ import annotations

from pathlib import Path

from crosstune.benchmarks.research.packed import pack, unpack
from tests.unit.benchmarks.test_match_constraints import TWO, results, scores


def test_a_packed_match_keeps_what_is_feasible(tmp_path: Path) -> None:
    pack(results(TWO), tmp_path / "m.xz")
    assert scores(unpack(tmp_path / "m.xz")) == scores(results(TWO))
