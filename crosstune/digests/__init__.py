"""Digests of data and code, by which a resumed study recognises its objective."""
