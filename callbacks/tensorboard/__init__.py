"""TensorBoard logs of studies: the callback, and the event files that it writes."""
