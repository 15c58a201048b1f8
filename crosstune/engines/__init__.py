"""The contract of adapters and engines, their registry, and the record of runs."""
