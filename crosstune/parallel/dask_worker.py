"""What a worker of a local Dask cluster loads first: it ends with its driver, and its group too."""

from __future__ import annotations

from crosstune.children import end_with_parent
from crosstune.groups import lead_group


def dask_setup(worker: object) -> None:
    """Called by Dask in the process of the worker."""
    lead_group()
    end_with_parent()
