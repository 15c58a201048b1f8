"""The processes of rivals end with a match, with all that they started."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crosstune.benchmarks.research import rivals
from crosstune.benchmarks.research.rivals.process import RivalProcess
from crosstune.errors import RunError
from crosstune.system import child_processes as children
from crosstune.system import process_groups as groups
from tests.unit.benchmarks import family_objectives as objectives
from tests.unit.parallel import families

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no process groups")


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    marks = tmp_path / "marks"
    marks.mkdir()
    monkeypatch.setenv(objectives.FOLDER, str(marks))
    monkeypatch.setattr(groups, "GRACE", 1.0)
    monkeypatch.setattr(children, "ENDING", 1.0)
    return marks


RIVAL = """
import os, sys
from tests.unit.parallel import families
sys.stdin.readline()
families.{}(sys.argv[1])
"""


def rival(marks: Path, what: str) -> RivalProcess:
    root = str(Path(__file__).parents[2])
    code = f"import sys; sys.path.insert(0, {root!r})" + RIVAL.format(what)
    return RivalProcess("fake", [sys.executable, "-c", code, str(marks)])


def test_a_rival_that_is_killed_is_said_and_takes_its_family_with_it(marks: Path) -> None:
    """Also where what it forked holds its output open."""
    process = rival(marks, "die_with_family")
    with pytest.raises(RunError, match="fake ended at 'ask' with exit status -9"):
        process.call(do="ask", key=0)
    process.close()
    assert families.all_gone(marks)


def test_a_rival_that_hangs_ends_with_its_family(
    marks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crosstune.benchmarks.research.rivals.process.ENDS", 0.1)
    process = rival(marks, "hang_with_family")
    assert process._process.stdin is not None
    process._process.stdin.write("{}\n")
    process._process.stdin.flush()
    while len(families.alive(marks)) < 4:
        time.sleep(0.02)
    process.close()
    assert families.all_gone(marks)


def test_a_rival_ends_with_a_match_that_is_killed(tmp_path: Path, marks: Path) -> None:
    """In the middle of a proposal, so that it does not see that its input has ended."""
    (tmp_path / "hanging.py").write_text(
        "import os\nfrom tests.unit.parallel import families\n"
        "class Rival:\n"
        "    def __init__(self): families.hang_with_family(os.environ['CROSSTUNE_TEST_FOLDER'])\n"
    )
    serve = Path(rivals.__file__).parent / "inside" / "serve.py"
    driver = (
        "import subprocess, sys, time\n"
        f"p = subprocess.Popen([sys.executable, {str(serve)!r}, 'hanging'], "
        "stdin=subprocess.PIPE, text=True, start_new_session=True)\n"
        'p.stdin.write(\'{"do": "begin"}\\n\'); p.stdin.flush(); time.sleep(600)\n'
    )
    paths = os.pathsep.join([str(Path(__file__).parents[2]), str(tmp_path)])
    environment = {**os.environ, "PYTHONPATH": paths}
    with subprocess.Popen([sys.executable, "-c", driver], env=environment) as process:
        while len(families.alive(marks)) < 4:
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
    assert families.all_gone(marks)
