"""The documented path of what a plug-in implements; it stands in `crosstune.engines.base`."""

from crosstune.engines.base import *  # noqa: F403
