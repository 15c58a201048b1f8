"""A script that starts processes as it is imported is told so before the first of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from crosstune.system.main_guard import is_guarded


@pytest.mark.parametrize("how", ["workers=2", "workers=2, lag=3", "workers=2, executor='local'"])
def test_a_run_with_workers_of_a_script_without_a_guard_is_refused(
    how: str, tmp_path: Path
) -> None:
    (tmp_path / "script.py").write_text(
        "import crosstune\n"
        "def score(params):\n    return params['x']\n"
        "space = {'x': {'type': 'float', 'low': 0.0, 'high': 1.0}}\n"
        f"crosstune.tune({{'space': space, 'trials': 2}}, score, {how})\n"
    )
    ran = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    said = ran.stderr.splitlines()
    assert "script.py:5: a run with several workers starts processes" in said[-1]
    assert 'if __name__ == "__main__":' in said[-1]
    assert len(said) < 30  # one traceback, and none of a process


@pytest.mark.parametrize(
    ("text", "line", "guarded"),
    [
        ("play()\n", 1, False),
        ("if __name__ == '__main__':\n    play()\n", 2, True),
        ('if "__main__" == __name__:\n    play()\n', 2, True),
        ("if True:\n    play()\n", 2, False),
        ("if __name__ == '__main__':\n    pass\nplay()\n", 3, False),
    ],
)
def test_a_guard_is_told_from_the_source(
    text: str, line: int, guarded: bool, tmp_path: Path
) -> None:
    file = tmp_path / "script.py"
    file.write_text(text)
    assert is_guarded(file, line) is guarded
