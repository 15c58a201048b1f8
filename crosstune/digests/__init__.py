"""Digests of data and code, by which a study knows its objective again."""
