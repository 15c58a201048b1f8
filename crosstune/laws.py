"""The documented path of the laws of parameters; see `crosstune.space.probability`."""

from crosstune.space.probability import *  # noqa: F403
