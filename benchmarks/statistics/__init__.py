"""The statistics of a match."""
