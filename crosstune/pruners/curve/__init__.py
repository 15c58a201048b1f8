"""A pruner that predicts where a learning curve ends."""

from crosstune.pruners.curve.pruner import CurvePruner

__all__ = ["CurvePruner"]
