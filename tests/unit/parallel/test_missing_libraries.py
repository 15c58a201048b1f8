from __future__ import annotations

import sys
from pathlib import Path

import pytest

import crosstune
from crosstune.errors import MissingLibrary
from tests.unit.parallel import objectives


@pytest.mark.parametrize("library", ["distributed", "cryptography"])
def test_a_missing_library_of_dask_is_said_before_a_study_is_made(
    library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setitem(sys.modules, library, None)
    place = tmp_path / "study.journal"
    with pytest.raises(MissingLibrary, match=rf'{library}.*pip install "crosstune\[dask\]"'):
        crosstune.tune(
            {"space": objectives.SPACE},
            objectives.uneven,
            executor="local",
            workers=2,
            storage=place,
        )
    assert list(tmp_path.iterdir()) == []
