"""Constraint files: where they are published, what they say, and how one is rebuilt."""
