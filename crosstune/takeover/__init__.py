"""`crosstune exec`: the studies of a script that does not know crosstune, on any engine.

`choice` is what was asked for, `script` runs the script as Python would, and there is one file
for each library whose studies are taken over.
"""
