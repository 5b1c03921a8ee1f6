"""The monthly run: from the list of rows to one page, one issue a row, and silence without news."""
