"""Search spaces: parameters, conditions, grids and the probabilities of values."""

from crosstune.space.space import Params, Space

__all__ = ["Params", "Space"]
