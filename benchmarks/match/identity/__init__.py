"""What an objective is made of, so that a match notices when it has changed.

`walk` goes from the objective through everything that it uses of the user's own files: functions,
classes, closures, globals, arguments of a `functools.partial`. `modules` tells the user's modules
from those of libraries, of which the version counts.
The digests are those of `crosstune.digests`.
"""

from crosstune.benchmarks.match.identity.walk import identify

__all__ = ["identify"]
