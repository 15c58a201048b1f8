"""What a reader sees of a match."""
