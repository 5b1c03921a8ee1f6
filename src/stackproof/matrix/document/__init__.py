"""Documents: what a table and its install commands say, and a first matrix made of it."""
