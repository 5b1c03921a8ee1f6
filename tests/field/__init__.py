"""Stacks of public bug reports: what `diagnose` says of them, compared with what is right."""
