"""The test bed: made-up distributions, a package index on loopback, and hermetic installers."""
