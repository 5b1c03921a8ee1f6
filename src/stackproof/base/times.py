"""Times as text, in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

__all__ = ["age", "from_timestamp", "full_hour", "full_hour_after", "timestamp"]


_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def age(text: str) -> timedelta:
    """Return a span of hours, days or weeks, such as 36h, 7d or 2w; raise ValueError for others."""
    number, unit = text[:-1], text[-1:]
    if not (number.isascii() and number.isdigit() and unit in _UNITS):
        raise ValueError(f"{text!r} is no number of hours, days or weeks such as 7d")
    return timedelta(**{_UNITS[unit]: int(number)})


def timestamp(value: datetime) -> str:
    """Return an aware datetime as a UTC timestamp to the second, such as 2025-04-01T00:00:00Z."""
    return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def full_hour(value: datetime) -> datetime:
    """Return the last full hour in UTC: what is asked again within it need not be built again."""
    return value.astimezone(timezone.utc).replace(minute=0, second=0, microsecond=0)


def full_hour_after(value: datetime) -> datetime:
    """Return the next full hour in UTC."""
    return full_hour(value) + timedelta(hours=1)


def from_timestamp(text: str) -> datetime:
    """Return the datetime of a UTC timestamp; raise ValueError where it is none."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
