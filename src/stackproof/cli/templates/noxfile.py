# /// script
# requires-python = ">=3.10"
# dependencies = ["nox>=2026.8.10", "REQUIREMENT"]
# ///
"""The sessions that prove this repository's stacks; `nox -l` lists them."""

import stackproof

stackproof.register()
