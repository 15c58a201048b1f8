"""The documented path of `read_with_verdicts`, which stands in the Hyperopt wing."""

from crosstune.adapters.hyperopt.literal import law_of, literal, read, read_with_verdicts

__all__ = ["law_of", "literal", "read", "read_with_verdicts"]
