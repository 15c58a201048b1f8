"""The documented path of what a trial says about itself; see `crosstune.study.trials`."""

from crosstune.study.trials import budget, epochs_trained, trial_seed, trial_values

__all__ = ["budget", "epochs_trained", "trial_seed", "trial_values"]
