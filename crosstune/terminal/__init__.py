"""Output for people: safe text, tables that fit, robust streams, URLs without passwords."""
