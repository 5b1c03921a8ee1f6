"""Constraint files: where they are published, and what they say."""
