"""Our own studies of crosstune, run from a checkout; no part of the package."""
