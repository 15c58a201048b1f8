"""Optuna's own samplers behind crosstune, also on spaces that its distributions cannot express."""
