"""The one door to a study: from a request to the loop over its trials."""
