"""Whether the statistics of a match keep their promises."""
