"""Spaces in the form that each library's own documentation would give them, one file an engine.

Each has the same names:

- `literal(space)` writes a space so;
- `law_of(construct)` is the law of what one native construct really draws;
- `read(native)` and `read_with_verdicts(native)` make a space of ours from a native one, the
  latter with a `Verdict` for each parameter: what a native construct draws that our types hold
  only nearly is read as the nearest parameter, with its distance.
"""
