"""Fail if modules of the package import each other in a circle.

Imports inside functions and those for type checkers count: python .ci/circles.py
"""

from __future__ import annotations

import sys
from graphlib import CycleError, TopologicalSorter

import grimp


def main() -> int:
    """The exit status: 1 where there is a circle, which is printed."""
    graph = grimp.build_graph("crosstune", cache_dir=None)
    imports = {
        module: graph.find_modules_directly_imported_by(module) for module in sorted(graph.modules)
    }
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        print("a circle of imports:", *error.args[1], sep="\n  ")
        return 1
    print(f"no circle among {len(imports)} modules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
