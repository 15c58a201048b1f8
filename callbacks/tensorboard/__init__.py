"""What stands behind `crosstune.callbacks.tensorboard.callback`: a study's event files."""
