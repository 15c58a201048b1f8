"""What an objective is made of, so that a match notices when it has changed.

`walk` goes from the objective through everything that it uses of the user's own files: functions,
classes, closures, globals, arguments of a `functools.partial`. `code` makes a digest of a
function that comments, formatting and docstrings do not change, `values` one of data, and `own`
tells the user's files from those of libraries, of which the version counts.
"""

from crosstune.benchmarks.match.identity.walk import identify

__all__ = ["identify"]
