"""Learning curves of real training, recorded once, and pruners that are replayed on them."""
