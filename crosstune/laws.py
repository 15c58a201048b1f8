"""The documented path of the laws of parameters; see `crosstune.space.probability`."""

from crosstune.space.prior import coordinate_law, law
from crosstune.space.probability import ContinuousLaw as Continuous
from crosstune.space.probability import Discrete, Lattice, Law, Numbers, rounded, total_variation

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
