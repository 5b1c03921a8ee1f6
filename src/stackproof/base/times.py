"""Times as UTC: read, and written as text."""

from __future__ import annotations

from datetime import datetime, timezone

__all__ = ["timestamp"]


def timestamp(value: datetime) -> str:
    """Return an aware datetime as a full UTC timestamp, such as 2025-04-01T00:00:00Z."""
    return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
