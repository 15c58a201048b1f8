"""The spec of a study, its files and schema, and spaces of other libraries."""
