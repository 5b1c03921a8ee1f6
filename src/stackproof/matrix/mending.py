"""Make a stand-in for a matrix with structural errors, so that its references can be judged too.

A user sees all errors of a file at once only if a bad version in one place does not hide an
unknown pin in another. So values that are wrong in themselves are dropped, or replaced where a
value is required; nothing but the messages about the rest of the file comes of the result.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import ValidationError

from stackproof.matrix.model import Matrix

__all__ = ["mend"]

Place = tuple[str | int, ...]

#: What stands in for a required value, by key. References rest on none of these.
_NEUTRAL: dict[str, Any] = {
    "area": "-",
    "check": "smoke:-",
    "date": date(2000, 1, 1),
    "document": "-",
    "format": 1,
    "imports": ["_"],
    "python": "3.0",
    "reason": "-",
    "role": "-",
    "step": "-",
    "summary": "-",
    "text": "-",
    "title": "-",
    "upload-times": True,
    "url": "file:///",
    "version": "0",
}


def mend(data: dict[str, Any], wrong: Sequence[Place]) -> Matrix | None:
    """Return the matrix without its structural errors, or None where names hang on them.

    `wrong` holds the places (paths of keys and positions) of the structural errors.
    """
    mended = copy.deepcopy(data)
    for place in wrong:
        if not _drop(mended, place):
            return None
    try:
        return Matrix.model_validate(mended)
    except ValidationError:
        return None


def _drop(data: dict[str, Any], place: Place) -> bool:
    """Replace or remove the value at a place; return False if other parts refer to it."""
    table: Any = data
    for part in place[:-1]:
        table = table[part]
    key = place[-1]
    if not isinstance(table, dict) or isinstance(table.get(str(key)), (dict, list)):
        return False
    if key in _NEUTRAL:
        table[key] = _NEUTRAL[str(key)]
        return True
    return key not in ("base", "name", "pin", "pins") and table.pop(key, None) is not None
