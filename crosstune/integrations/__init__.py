"""Other libraries' own forms of a search, on any engine."""
