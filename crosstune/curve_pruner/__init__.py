"""A pruner that predicts where a learning curve ends."""

from crosstune.curve_pruner.pruner import CurvePruner

__all__ = ["CurvePruner"]
