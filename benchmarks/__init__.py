"""Measurements behind every claim of speed: ours and what a user would do otherwise, in turn."""
