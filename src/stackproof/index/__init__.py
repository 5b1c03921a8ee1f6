"""The package index: what it has, what it says of releases, and what can be resolved from it."""
