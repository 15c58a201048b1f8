"""What is asked for: the spec, its files and schema, and spaces of other libraries."""
