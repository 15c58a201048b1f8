"""`.ci/names.py` reports a fault of each rule, and nothing else."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

TOOL = Path(__file__).parents[3] / ".ci" / "names.py"
pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="needs a checkout")

CLEAN = '''"""A module."""

import click


class Number:
    """A number."""

    each: int = 0

    def add(self, left, right):
        """Two parameters."""
        return left.held + right

    def scale(self, factor, shift, floor):
        """Three parameters.

        Args:
            factor: Multiplies the number.
            shift: Is added.
            floor: The least result.
        """

    def _scale(self, factor, shift, floor):
        """A private one."""


class Whole(Number):
    """A number whose `scale` the base class documents."""

    def scale(self, factor, shift, floor):
        """Round the result."""


class Real:
    """A class that documents its constructor.

    Args:
        low: The least value.
        high: The greatest value.
        log: True for a log scale.
    """

    def __init__(self, low, high, log):
        self.given = low, high, log


@click.command()
def run(spec, backend, sampler):
    """Run a spec."""
'''


class Result(NamedTuple):
    """What the tool returned and printed."""

    status: int
    output: str


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("names", TOOL)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def check(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Result]:
    """Run the tool on `tmp_path` with the options that the test passes."""
    return lambda *options: Result(
        tool.main(["--root", str(tmp_path), *options]), capsys.readouterr().out
    )


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def faults(result: Result) -> list[str]:
    assert result.status == 1, result
    return [line.partition(": ")[0] for line in result.output.splitlines() if ".py:" in line]


def test_a_clean_tree_has_no_faults(tmp_path: Path, check: Callable[..., Result]) -> None:
    write(tmp_path, "crosstune/numbers.py", CLEAN)
    result = check()
    assert result == (0, "no faults in classes, locals, args\n")


def test_a_class_defined_twice_is_reported_in_both_files(
    tmp_path: Path, check: Callable[..., Result]
) -> None:
    write(tmp_path, "crosstune/numbers.py", CLEAN)
    write(tmp_path, "benchmarks/research/long.py", "def work():\n    class Whole: ...\n")
    write(tmp_path, "samplers/one.py", "class _Walk: ...\n")
    write(tmp_path, "adapters/two.py", "class _Walk: ...\n")
    result = check("--only", "classes")
    assert faults(result) == [
        "adapters/two.py:1",
        "benchmarks/research/long.py:2",
        "crosstune/numbers.py:28",
        "samplers/one.py:1",
    ]
    assert "class Whole is also defined in crosstune/numbers.py:28" in result.output


def test_a_link_to_a_folder_is_not_read_twice(tmp_path: Path, check: Callable[..., Result]) -> None:
    write(tmp_path, "crosstune/__init__.py", "")
    write(tmp_path, "adapters/base.py", "class Engine: ...\n")
    (tmp_path / "crosstune" / "adapters").symlink_to(tmp_path / "adapters")
    assert check().status == 0


@pytest.mark.parametrize(
    "statement",
    [
        "held = 1",
        "each: int = 1",
        "for index, found in []: pass",
        "[given for given in []]",
        "def load(known): pass",
        "def load(*, own=None): pass",
        "def load(*past, **kept): pass",
        "with open('x') as asked: pass",
        "try: pass\nexcept Exception as aside: pass",
        "print(held := 1)",
        "lambda each: 1",
        "match 1:\n    case found: pass",
        "match []:\n    case [*given]: pass",
        "match {}:\n    case {**known}: pass",
        "a, (b, *own) = 1, [2, 3]",
    ],
)
def test_a_vague_name_is_reported_wherever_it_is_bound(
    tmp_path: Path, check: Callable[..., Result], statement: str
) -> None:
    write(tmp_path, "callbacks/one.py", statement)
    places = faults(check("--only", "locals"))
    assert places
    assert {place.partition(":")[0] for place in places} == {"callbacks/one.py"}


def test_undocumented_parameters_are_reported(tmp_path: Path, check: Callable[..., Result]) -> None:
    text = '''
def one(a, b, c):
    """Takes three. Args: are not a section here."""

async def two(a, *, b, **c):
    """Takes three."""

class Three:
    """Not documented."""

    def __init__(self, a, b, c): ...

    @staticmethod
    def four(a, b, c): ...

    @classmethod
    def five(cls, a, b): ...

if True:
    def six(a, /, b, *c): ...
'''
    write(tmp_path, "crosstune/one.py", text)
    result = check("--only", "args")
    expected = [f"crosstune/one.py:{line}" for line in (2, 5, 11, 14, 20)]
    assert faults(result) == expected, result.output
    assert "Three.__init__ has 3 parameters and no `Args:`" in result.output


def test_our_own_studies_document_their_parameters_too(
    tmp_path: Path, check: Callable[..., Result]
) -> None:
    write(tmp_path, "benchmarks/research/long.py", "def grow(a, b, c): ...\n")
    assert faults(check("--only", "args")) == ["benchmarks/research/long.py:1"]


def test_what_the_base_class_of_a_library_documents_is_not_asked_for(
    tmp_path: Path, check: Callable[..., Result]
) -> None:
    text = """
class ForwardingStorage: ...

class Store(ForwardingStorage):
    def set_trial_user_attr(self, trial_id, key, value): ...

    def other(self, trial_id, key, value): ...
"""
    write(tmp_path, "crosstune/one.py", text)
    assert faults(check("--only", "args")) == ["crosstune/one.py:7"]


def test_only_the_chosen_rules_run_and_are_counted(
    tmp_path: Path, check: Callable[..., Result]
) -> None:
    write(tmp_path, "crosstune/one.py", "def load(held, found, given): pass\n")
    assert check("--only", "classes").status == 0
    result = check("--only", "locals", "--only", "args")
    assert len(faults(result)) == 4
    assert result.output.splitlines()[-2:] == [
        "crosstune        3        1",
        "in all           3        1",
    ]
