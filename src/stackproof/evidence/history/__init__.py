"""History: one line for each judged run of a row, and what it tells of two of them."""
