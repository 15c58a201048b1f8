"""An engine in one folder, known to crosstune by the row in `row.py` and by nothing else.

`library` stands for the library of another package; the other files are what its wing has, under
the names that the wings of the built-in engines use.
"""
