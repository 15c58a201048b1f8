"""The picture of what a library's construct draws is that of its law."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_picture_shows_what_hyperopt_draws() -> None:
    place = ROOT / "docs" / "generate" / "pictures.py"
    spec = importlib.util.spec_from_file_location("pictures", place)
    assert spec is not None
    assert spec.loader is not None
    pictures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pictures)
    assert pictures.PICTURE.read_text(encoding="utf-8") == pictures.svg()
