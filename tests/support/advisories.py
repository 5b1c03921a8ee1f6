"""Records of OSV, made up."""

from __future__ import annotations

__all__ = ["osv"]

from collections.abc import Sequence
from typing import Any


def osv(
    number: str,
    name: str,
    *,
    events: Sequence[tuple[str, str]] = (),
    versions: Sequence[str] = (),
    **more: object,
) -> dict[str, Any]:
    """Return a record on one distribution; `events` such as ("fixed", "1.2") make one range."""
    affected: dict[str, Any] = {"package": {"ecosystem": "PyPI", "name": name}}
    if events:
        pairs = [{kind: version} for kind, version in events]
        affected["ranges"] = [{"type": "ECOSYSTEM", "events": pairs}]
    if versions:
        affected["versions"] = list(versions)
    return {"id": number, "modified": "2025-03-01T00:00:00Z", "affected": [affected], **more}
