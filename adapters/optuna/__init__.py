"""Optuna's own samplers behind crosstune, on spaces that its distributions do not have too."""
