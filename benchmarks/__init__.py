"""What crosstune costs, measured against the same libraries called by hand."""
