"""`crosstune exec`: the studies of a script without crosstune, on any engine.

`choice` is the requested engine, `script` runs the script as Python would, and there is one file
for each library whose studies are taken over.
"""
