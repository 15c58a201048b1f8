"""A study as a file of the library: a line of JSON for each trial."""

from __future__ import annotations

import json
from pathlib import Path

from crosstune.exchange.study_data import Contents
from crosstune.system.atomic_write import placed


def write_file(contents: Contents, path: Path, *, force: bool) -> list[str]:
    """Write the completed trials."""
    lines = [json.dumps([trial.value, trial.params]) for trial in contents.finished if trial.values]
    with placed(path, force=force) as part:
        part.write_text("\n".join(lines))
    left_out = len(contents.trials) - len(lines)
    return [f"{left_out} trials without a value are left out"] if left_out else []
