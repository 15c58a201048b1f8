"""The problems of a match: suites, and any spec."""
