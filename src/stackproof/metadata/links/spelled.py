"""Whether a name is written anywhere in a distribution's files: what makes names must have it.

What a module makes at run time cannot be read from its source. But a name that is written nowhere,
neither in the code of the distribution nor in what it requires, can hardly be made there.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from stackproof.metadata.links.library import Library

__all__ = ["may_bind", "may_make"]

#: More than this is not read: the name may be in it.
_MOST_BYTES = 1 << 25
#: Cython makes this text in each module. Where a module of Cython's lacks it, its texts are packed.
_CYTHON, _PLAIN = b"__pyx", b"__test__"


def may_make(library: Library, module: str, name: str) -> bool:
    """Tell whether code may make a name in a module: its distribution's, or what that requires."""
    owner = library.owner(module)
    if owner is None:
        return True
    return any(
        _is_in(library.folder, library.files.get(distribution, ()), name)
        for distribution in sorted(library.required_by(owner))
    )


def may_bind(library: Library, module: str, name: str) -> bool:
    """Tell whether a module without a source may have a name."""
    return any(_has(library.folder / path, name) for path in library.modules.get(module, ("",)))


@cache
def _is_in(folder: Path, files: tuple[str, ...], name: str) -> bool:
    """Tell whether a name is written in a distribution: many that require it are asked for one."""
    return any(_has(folder / path, name) for path in files)


def _has(file: Path, name: str) -> bool:
    code = _bytes(file)
    if code is None or name.encode() in code:
        return True
    return file.suffix != ".py" and _CYTHON in code and _PLAIN not in code


@lru_cache(maxsize=4096)
def _bytes(file: Path) -> bytes | None:
    """Return what a file holds, None where that is too much or cannot be read."""
    try:
        return file.read_bytes() if file.stat().st_size <= _MOST_BYTES else None
    except OSError:
        return None
