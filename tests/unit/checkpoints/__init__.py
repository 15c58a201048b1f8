"""Checkpoints: kept in one step, found by the trial that continues, and by no other."""
