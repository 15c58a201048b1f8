"""What stands behind `crosstune.callbacks.tensorboard`: a study's event files."""
