"""Tables, figures and page parts that the reports share."""
