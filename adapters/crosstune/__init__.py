"""The samplers of crosstune itself as a backend."""
