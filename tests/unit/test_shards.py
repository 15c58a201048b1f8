"""CI's shards of the slow tests: each test is in one, in every process, and they are alike."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import pytest_configure
from tests.support.shards import TOGETHER, parse_shard, shard_of

ROOT = Path(__file__).parents[2]
IDS = [f"tests/test_{name}.py::test_it[{case}]" for name in "abcdefgh" for case in range(100)]


@pytest.mark.parametrize("count", [1, 2, 7, 10])
def test_shards_are_of_a_size(count: int) -> None:
    sizes = Counter(shard_of(name, count) for name in IDS)
    assert sorted(sizes) == list(range(1, count + 1))
    assert max(sizes.values()) < 1.5 * len(IDS) / count


def test_the_shard_of_a_test_is_the_same_in_every_process() -> None:
    program = "import sys; from tests.support.shards import shard_of\n"
    program += "print([shard_of(name, 10) for name in sys.argv[1:]])"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program, *IDS[::50]],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {f"{[shard_of(name, 10) for name in IDS[::50]]}\n"}


def test_a_moved_file_keeps_its_shards() -> None:
    assert [shard_of(name, 10) for name in IDS] == [
        shard_of(name.replace("tests/", "tests/engines/"), 10) for name in IDS
    ]


@pytest.mark.parametrize("name", TOGETHER)
def test_a_file_with_an_expensive_fixture_is_not_split(name: str) -> None:
    assert list((ROOT / "tests").rglob(name))
    assert len({shard_of(f"tests/{name}::test_it[{case}]", 10) for case in range(50)}) == 1


@pytest.mark.parametrize("text", ["", "3", "0/10", "11/10", "3/0", "-1/10", "a/b", "3/10 "])
def test_what_is_no_shard_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="from 1, and how many there are, such as 3/10"):
        parse_shard(text)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A small suite under this one's conftest."""
    folder = tmp_path
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  slow: x\n")
    (folder / "tests/support").mkdir(parents=True)
    for package in ("tests", "tests/support"):
        (folder / package / "__init__.py").touch()
    for name in ("conftest.py", "support/shards.py"):
        (folder / "tests" / name).write_text((ROOT / "tests" / name).read_text())
    (folder / "tests/test_small.py").write_text(
        "import pytest\n"
        "def test_quick(): pass\n"
        "@pytest.mark.slow\n"
        "@pytest.mark.parametrize('case', range(12))\n"
        "def test_slow(case): pass\n"
    )
    return folder


@pytest.mark.slow
def test_the_shards_together_are_the_slow_tests(suite: Path) -> None:
    ran: list[str] = []
    for number, workers in ((1, 0), (2, 2)):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-v", "-n", str(workers)],
            cwd=suite,
            env={**os.environ, "CROSSTUNE_SLOW_SHARD": f"{number}/2", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        passed = set(re.findall(r"test_small.py::(\S+)", done.stdout))
        assert "test_quick" in passed  # tests that are not slow run in every shard
        assert f"slow tests: shard {number} of 2, {len(passed)} tests selected" in done.stdout
        assert f"{len(passed)} passed" in done.stdout.splitlines()[-1]
        ran += passed - {"test_quick"}
    assert sorted(ran) == sorted(f"test_slow[{case}]" for case in range(12))


def test_pytest_refuses_what_is_no_shard(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSTUNE_SLOW_SHARD", "4/3")
    with pytest.raises(pytest.UsageError, match="CROSSTUNE_SLOW_SHARD is '4/3'"):
        pytest_configure(pytestconfig)
