"""The rivals by name, as `crosstune.engines.registry.register` is told them."""

from __future__ import annotations

from crosstune.engines import registry as adapters

_HERE = "crosstune.benchmarks.research.rivals"

RIVALS = {
    "smac": f"{_HERE}.adapter:SmacAdapter",
    "hebo": f"{_HERE}.adapter:HeboAdapter",
    "ax": f"{_HERE}.adapter:AxAdapter",
    "nevergrad": f"{_HERE}.adapter:NevergradAdapter",
    "autosampler": f"{_HERE}.autosampler:AutoSamplerAdapter",
}


def register() -> None:
    """Make them known to this process."""
    for name, target in RIVALS.items():
        adapters.register(name, target)
