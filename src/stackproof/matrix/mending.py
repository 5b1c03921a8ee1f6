"""Make a stand-in for a matrix with structural errors, so that its references can be judged too.

A user sees all errors of a file at once only if a bad version in one place does not hide an
unknown pin in another. So values that are wrong in themselves are dropped, or replaced where a
value is required; nothing but the messages about the rest of the file comes of the result.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any

from pydantic import ValidationError

from stackproof.matrix.model import Matrix

__all__ = ["Place", "mend"]

Place = tuple[str | int, ...]

#: What stands in for a required value, by key. References rest on none of these.
_NEUTRAL: dict[str, Any] = {
    "area": "-",
    "check": "smoke:-",
    "date": date(2000, 1, 1),
    "document": "-",
    "format": 1,
    "imports": ["_"],
    "pin": "x",
    "python": "3.0",
    "reason": "-",
    "requirements": ["x==0"],
    "role": "-",
    "step": "-",
    "summary": "-",
    "text": "-",
    "title": "-",
    "upload-times": True,
    "url": "file:///",
    "version": "0",
}
#: What stands in for a wrong item of a list, by the list's key; a distribution in all others.
_NEUTRAL_ITEM = {"checks": "smoke:-", "imports": "_", "requirements": "x==0", "servers": "redis"}
#: The length of a place such as constraints.NAME.url.
_INSIDE_A_TABLE = 3


def mend(
    data: dict[str, Any], wrong: Iterable[Place], *, unknown: AbstractSet[Place]
) -> Matrix | None:
    """Return the matrix without its structural errors, or None where names hang on them.

    `wrong` holds the places (paths of keys and positions) of the structural errors, `unknown`
    those of them that are unknown keys. What the references then say of a wrong place itself means
    nothing.
    """
    mended = copy.deepcopy(data)
    for place in wrong:
        if not _drop(mended, place, required=place not in unknown):
            return None
    try:
        return Matrix.model_validate(mended)
    except ValidationError:
        return None


def _drop(data: dict[str, Any], place: Place, *, required: bool) -> bool:
    """Replace or remove the value at a place; return False if other parts refer to it by name."""
    table: Any = data
    for part in place[:-1]:
        table = table[part]
    key = place[-1]
    if isinstance(table, list):
        table[int(key)] = _NEUTRAL_ITEM.get(str(place[-2]), "x")
        return True
    if required and key in _NEUTRAL:
        table[key] = _NEUTRAL[str(key)]
        return True
    return not _holds_names(place) and table.pop(key, None) is not None


def _holds_names(place: Place) -> bool:
    named_tables = place[0] in ("constraints", "indexes", "rows") and len(place) < _INSIDE_A_TABLE
    return named_tables or place[-1] in ("base", "name", "pins", "stages")
