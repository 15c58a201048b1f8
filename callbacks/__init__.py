"""Pruning callbacks for training loops, and TensorBoard; each imports the one library it serves."""
