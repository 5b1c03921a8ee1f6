"""Measure what we claim of speed: this checkout and another one, in turn."""
