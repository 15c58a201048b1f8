"""The promises, checked: `crosstune check` and `crosstune verify`."""
