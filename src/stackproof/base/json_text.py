"""JSON as text, stable enough to diff, and to be known by its digest."""

from __future__ import annotations

import hashlib
import json

__all__ = ["fingerprint", "to_json"]


def to_json(data: object) -> str:
    """Return JSON text with sorted keys, one value a line, so that two files can be diffed."""
    return json.dumps(data, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def fingerprint(data: object) -> str:
    """Return the sha256 of the JSON text of `data`, as 64 hexadecimal digits."""
    return hashlib.sha256(to_json(data).encode()).hexdigest()
