"""Grids: which versions of one distribution go with which versions of another, and why not."""
