"""See imports of names that a module does not serve, though it serves some when it is asked.

Checkers take a module with a `__getattr__` (PEP 562) to have every name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from stackproof.metadata.links.checker import Seen
from stackproof.metadata.links.library import Library
from stackproof.metadata.links.sources import binds, parsed

__all__ = ["unserved"]

_FROM = re.compile(rb"^[ \t]*from[ \t]+([\w.]+)[ \t]+import\b", re.MULTILINE)
_SERVING = re.compile(rb"^def __getattr__\(", re.MULTILINE)


def unserved(library: Library, files: Sequence[str]) -> Iterator[Seen]:
    """Yield each import, in some files, of a name that such a module certainly has not."""
    serving: dict[str, bool] = {}
    for path in files:
        code = (library.folder / path).read_bytes()
        modules = {found.decode() for found in _FROM.findall(code)}
        for module in modules - serving.keys():
            source = library.source(module)
            serving[module] = source is not None and (
                _SERVING.search((library.folder / source).read_bytes()) is not None
            )
        if any(serving[module] for module in modules):
            yield from _in_file(library, path, serving)


def _in_file(library: Library, path: str, serving: dict[str, bool]) -> Iterator[Seen]:
    tree = parsed(library.folder / path)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.ImportFrom) and not node.level and serving.get(node.module or ""):
            for item in node.names:
                if item.name != "*" and binds(library, node.module or "", item.name) == "gone":
                    yield Seen(
                        file=path,
                        line=item.lineno,
                        column=item.col_offset + 1,
                        kind="name",
                        target=node.module or "",
                        name=item.name,
                    )
