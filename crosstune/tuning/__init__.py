"""The front door to a study: from a request to the loop over its trials."""
