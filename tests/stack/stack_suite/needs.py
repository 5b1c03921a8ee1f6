"""Tell from its source whether a module can be imported beside what is installed.

A distribution may hold modules that are not for whoever installs it plainly: one that serves an
extra, or a tool of its authors' that was packed by accident.
"""

from __future__ import annotations

import ast
import sys
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: What Python 3.10 had, and new environments, and others have not: who imports one of these broke.
ONCE_THERE = frozenset(
    [
        *("distutils", "pkg_resources", "setuptools"),
        *("binhex", "asynchat", "asyncore", "imp", "smtpd"),
        *("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap"),
        *("nis", "nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib"),
        *("uu", "xdrlib"),
    ]
)


class Needs:
    """What modules of one distribution import at their top, and which of that is not there.

    `files` maps its files, as parts of a path, to where they lie; `places` are searched as Python
    does. Beside another module, which is asked in any case, whatever nobody brings may be lacked;
    else only what extras would bring. What is required without an extra has to be there.
    """

    def __init__(
        self,
        distribution: metadata.Distribution,
        files: Mapping[tuple[str, ...], str],
        places: Sequence[str],
        *,
        beside_another: bool,
    ) -> None:
        self._files = files
        self._places = list(places)
        self._beside_another = beside_another
        self._required: set[str] = set()
        self._optional: set[str] = set()
        for text in distribution.requires or ():
            try:
                item = Requirement(text)
            except InvalidRequirement:
                continue
            extra = item.marker is not None and "extra" in str(item.marker)
            (self._optional if extra else self._required).add(canonicalize_name(item.name))

    def lacks(self, module: str) -> bool:
        """Tell whether a module needs what is not there, and need not be."""
        asked = self._beside_another or bool(self._optional)
        return asked and any(map(self._may_be_lacked, self._imported_by(module)))

    def _may_be_lacked(self, name: str) -> bool:
        owner = canonicalize_name(name)
        if owner in self._required or name in ONCE_THERE or name in sys.stdlib_module_names:
            return False
        if not self._beside_another and owner not in self._optional:
            return False
        return PathFinder.find_spec(name, self._places) is None

    def _imported_by(self, module: str) -> set[str]:
        """Return the top modules that a module imports, and what is in it that it imports.

        Other modules of the distribution are not followed: each is looked at for itself, and one
        may import half of a large library.
        """
        found: set[str] = set()
        seen: set[str] = set()
        pending = [module]
        while pending:
            name = pending.pop()
            path, package = self._file(name)
            if path is None or name in seen:
                continue
            seen.add(name)
            for other in _imported(_body(path), package):
                found.add(other.partition(".")[0])
                if other.startswith(f"{module}."):
                    pending.append(other)
        return found

    def _file(self, module: str) -> tuple[str | None, str]:
        """Return the file of a module of the distribution, and the package that it is in."""
        parts = tuple(module.split("."))
        package = self._files.get((*parts, "__init__.py"))
        if package is not None:
            return package, module
        return self._files.get((*parts[:-1], f"{parts[-1]}.py")), ".".join(parts[:-1])


def _body(path: str) -> list[ast.stmt]:
    try:
        return ast.parse(Path(path).read_bytes()).body
    except (OSError, ValueError, SyntaxError):
        return []


def _imported(body: Iterable[ast.stmt], package: str) -> Iterator[str]:
    """Yield the modules that statements import, or may, but where they go on without them."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: 1 - node.level or None] if node.level else []
            source = ".".join([*above, *filter(None, [node.module])])
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Try):
            inside = (line for handler in node.handlers for line in ast.walk(handler))
            if any(isinstance(line, ast.Raise) for line in inside):
                yield from _imported(node.body, package)
