"""The match: every contender on every problem under every seed."""
