"""What is said of the problems is so: the table in the docs, and the examples of the modules.

python -m tests.unit.benchmarks.test_problems_docs --write    # write the table anew
"""

from __future__ import annotations

import doctest
import importlib
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from crosstune.benchmarks import problems
from crosstune.benchmarks.problems.__main__ import main, rows, seconds

PAGE = Path(__file__).parents[3] / "docs" / "problems.md"
MODULES = (
    "",
    ".tables",
    ".functions",
    ".training",
    ".kinds",
    ".kinds.drawn",
    ".fronts",
    ".optunahub",
)


def with_table(text: str) -> str:
    table = "\n".join(rows())
    return re.sub(
        r"(<!-- problems: begin.*?-->\n).*?(<!-- problems: end -->)",
        lambda match: f"{match[1]}{table}\n{match[2]}",
        text,
        flags=re.DOTALL,
    )


def test_the_table_in_the_docs_is_that_of_the_problems() -> None:
    text = PAGE.read_text()
    assert all(f"`{name}`" in text for name in problems.names())
    assert text == with_table(text)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module_run(module: str) -> None:
    found = importlib.import_module(f"crosstune.benchmarks.problems{module}")
    done = doctest.testmod(found, optionflags=doctest.ELLIPSIS)
    assert done.attempted > 0
    assert done.failed == 0


def test_the_command_prints_the_table_with_times() -> None:
    done = CliRunner().invoke(main, ["functions", "--time"], catch_exceptions=False)
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert len(lines) == 2 + len(problems.names("functions"))
    assert all(0 < float(line.split("|")[-2]) < 1 for line in lines[2:])


def test_an_evaluation_of_a_table_takes_less_than_50_microseconds() -> None:
    assert seconds(problems.get("tables/slice_localization")) < 50e-6


if __name__ == "__main__" and "--write" in sys.argv:
    PAGE.write_text(with_table(PAGE.read_text()))
