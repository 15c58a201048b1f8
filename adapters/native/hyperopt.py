"""The documented path of `read_with_verdicts`, which stands in the Hyperopt wing."""

from crosstune.adapters.hyperopt.laws import law_of
from crosstune.adapters.hyperopt.literal import literal
from crosstune.adapters.hyperopt.read import read, read_with_verdicts

__all__ = ["law_of", "literal", "read", "read_with_verdicts"]
