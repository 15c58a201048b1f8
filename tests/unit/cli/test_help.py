from __future__ import annotations

import pytest
from click.testing import CliRunner

from crosstune.cli.main import crosstune


@pytest.mark.parametrize("command", [None, *sorted(crosstune.commands)])
def test_the_help_fits_a_terminal_of_80_columns_and_cuts_nothing_off(command: str | None) -> None:
    words = [*filter(None, [command]), "--help"]
    lines = CliRunner().invoke(crosstune, words, terminal_width=80).output.splitlines()
    assert lines
    assert [line for line in lines if len(line) > 80] == []
    if command is None:
        assert [line for line in lines[1:] if line.endswith("...")] == []
