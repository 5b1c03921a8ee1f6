"""Which minor version of Python a file is for, by the range of versions that it admits."""

from __future__ import annotations

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from stackproof.base.versions import OLDEST_MINOR

__all__ = ["oldest_python"]

#: The minor versions of Python 3 that a file may be for, the oldest that rows can have first.
_MINORS = (*range(OLDEST_MINOR, 30), *range(OLDEST_MINOR - 1, 5, -1))


def oldest_python(admitted: str | None) -> str | None:
    """Return the oldest minor version that a range admits, from 3.10 on if there is one.

    None where the range sets no limit, or admits no Python 3. The range is a specifier (PEP 440),
    or several with "or" between. Raises ValueError for what is none.
    """
    if not admitted or not admitted.strip():
        return None
    try:
        ranges = [SpecifierSet(part) for part in re.split(r"\s+or\s+|\|\|", admitted)]
    except InvalidSpecifier:
        raise ValueError(f"requires-python is {admitted!r}") from None
    fitting = (n for n in _MINORS if any(r.contains(f"3.{n}.99") for r in ranges))
    return next((f"3.{minor}" for minor in fitting), None)
