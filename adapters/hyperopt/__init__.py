"""Hyperopt behind crosstune, and crosstune's samplers inside `fmin`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crosstune.system.lazy_names import on_first_use

if TYPE_CHECKING:
    from crosstune.adapters.hyperopt.adapter import HyperoptAdapter
    from crosstune.adapters.hyperopt.inside import suggest
    from crosstune.adapters.hyperopt.search import HyperoptEngine

_HOMES = {
    "HyperoptAdapter": "crosstune.adapters.hyperopt.adapter",
    "HyperoptEngine": "crosstune.adapters.hyperopt.search",
    "suggest": "crosstune.adapters.hyperopt.inside",
}

__all__ = ["HyperoptAdapter", "HyperoptEngine", "suggest"]


if not TYPE_CHECKING:  # a checker reads the imports above, and reports a typo
    __getattr__, __dir__ = on_first_use(__name__, _HOMES)
