"""The report of one study: a page, Markdown, figures and tables, from any storage and engine."""
