"""Lines by which a workflow of GitHub Actions is told to annotate what it shows.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

__all__ = ["annotation"]


def annotation(level: str, message: str, **properties: str) -> str:
    """Return the line for a message of a level, such as `warning`, with properties of its place."""
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{level} {listed}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
