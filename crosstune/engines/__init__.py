"""What an engine is: the contract of adapters, their registry, and the record of what ran."""
