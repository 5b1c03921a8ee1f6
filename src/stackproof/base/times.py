"""Times as text, in UTC."""

from __future__ import annotations

from datetime import datetime, timezone

__all__ = ["timestamp"]


def timestamp(value: datetime) -> str:
    """Return an aware datetime as a UTC timestamp to the second, such as 2025-04-01T00:00:00Z."""
    return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
