"""The monthly run: from the list of rows to one page, and an issue for each unexpected row."""
