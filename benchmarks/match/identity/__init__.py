"""Digests of an objective, by which a match detects that it has changed.

`walk` visits everything in the user's own files that the objective uses: functions, classes,
closures, globals, arguments of a `functools.partial`. `modules` distinguishes the user's modules
from those of libraries, for which the version counts.
The digests are those of `crosstune.digests`.
"""

from crosstune.benchmarks.match.identity.walk import identify

__all__ = ["identify"]
