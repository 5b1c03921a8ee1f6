"""The matrix: a stack's pins, stages, groups, claims and rows, read from one TOML file."""
