"""What the words of a failure tell by themselves, before anything is searched."""

from __future__ import annotations

import re

__all__ = ["missing_here", "missing_module"]

#: A loader's words on Linux (glibc and musl) for a shared library that it does not find.
_LIBRARY = re.compile(
    r"(?:^|[\s:'\"])(?:Error loading shared library )?(?P<name>lib[\w.+-]+\.so[\w.]*): "
    r"(?:cannot open shared object file: No such file|No such file or directory)"
)
#: What bindings say that load a library by its name, without the loader's words.
_BY_NAME = re.compile(
    r"cannot load library '(?P<cffi>[\w.+-]+)'"
    r"|locate a library called '(?P<ctypes>[\w.+-]+)'"
    r"|(?:[Ff]ailed|[Uu]nable) to find (?:the )?(?P<found>[\w.+-]{2,})(?: shared)? library"
    r"|(?:[Ff]ailed|[Uu]nable) to find (?P<lib>lib\w+)"
    r"|(?P<missing>[\w.+-]{2,}) (?:shared )?library (?:was )?not found"
)
#: Libraries that distributions bring for each other: with the right releases they are there. A
#: name with a digest in it is one that a wheel brings for itself.
_OF_THE_STACK = re.compile(
    r"lib(?:torch|c10|cu[a-z]+|nv[a-z]+|nccl|arrow|parquet|tensorflow|python3|mkl|iomp|tbb)"
    r"|lib[\w.+-]*-[0-9a-f]{8}"
)
_MODULE = re.compile(r"No module named ['\"](?P<name>\w+)")


def missing_here(message: str) -> str | None:
    """Return the shared library that this machine lacks by a failure's words, or None."""
    for match in _LIBRARY.finditer(message):
        if not _OF_THE_STACK.match(match["name"]):
            return match["name"]
    for match in _BY_NAME.finditer(message):
        found = str(next(filter(None, match.groups())))
        if not _OF_THE_STACK.match(found):
            return found
    return None


def missing_module(message: str) -> str | None:
    """Return the top-level module that a failure looks for in vain, or None."""
    match = _MODULE.search(message)
    return match["name"] if match else None
