"""A check of hatchling's: an editable install needs the links in crosstune/."""

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LINKS = ("adapters", "benchmarks", "callbacks", "samplers")


class LinksHook(BuildHookInterface):
    """Refuses an editable install of a checkout without them."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Check them before anything is built; `version` is "editable" or "standard"."""
        package = Path(self.root, "crosstune")
        missing = [name for name in LINKS if not (package / name).is_dir()]
        if version == "editable" and missing:
            sys.exit(
                "crosstune cannot be installed in place: this checkout has no symbolic links "
                f"{', '.join(f'crosstune{os.sep}{name}' for name in missing)}. Install it as a "
                "copy (pip install .), or clone it with links: git clone -c core.symlinks=true "
                "(on Windows in developer mode)"
            )
