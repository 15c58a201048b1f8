"""The documented path of the laws of parameters; see `crosstune.space.probability`."""

from crosstune.space.law_distance import total_variation
from crosstune.space.prior import coordinate_law, law
from crosstune.space.probability import ContinuousLaw as Continuous
from crosstune.space.probability import Discrete, Lattice, Law, Numbers, rounded

__all__ = [
    "Continuous",
    "Discrete",
    "Lattice",
    "Law",
    "Numbers",
    "coordinate_law",
    "law",
    "rounded",
    "total_variation",
]
