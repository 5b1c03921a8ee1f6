"""How the documentation is built: `nox -s docs`."""

from importlib.metadata import version as installed

project = "stackproof"
author = "The stackproof maintainers"
release = installed("stackproof")
copyright = f"2026, {author}"  # noqa: A001 - Sphinx's name

extensions = ["myst_parser"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "stackproof"

myst_heading_anchors = 3
