"""Take secrets out of what a suite wrote, and out of nothing but what it said.

Ids, outcomes and keys of a report log must survive whatever a password happens to be: "postgres" is
the commonest of all, and a package's name.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

__all__ = ["mask_report_log"]

_SAID = ("longrepr", "sections")


def mask_report_log(text: str, mask: Callable[[str], str]) -> str:
    """Return a pytest report log (JSON lines) with `mask` applied to all that tests said."""
    return "".join(_line(line, mask) for line in text.splitlines(keepends=True))


def _line(line: str, mask: Callable[[str], str]) -> str:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return ""  # a torn last line holds no result, and might hold half a password
    said = {key: _masked(entry[key], mask) for key in _SAID if key in entry}
    return json.dumps({**entry, **said}) + "\n"


def _masked(value: Any, mask: Callable[[str], str]) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [_masked(item, mask) for item in value]
    if isinstance(value, dict):
        return {key: _masked(item, mask) for key, item in value.items()}
    return value
