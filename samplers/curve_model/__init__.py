"""A model of learning curves: where does the training of each configuration end?"""

from __future__ import annotations

from crosstune.samplers.curve_model.model import CurveModel

__all__ = ["CurveModel"]
