"""What reaches a person: safe text, tables that fit, streams and URLs without passwords."""
