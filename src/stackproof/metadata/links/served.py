"""See imports of names that a module does not serve, though it serves some when it is asked.

Checkers take a module with a `__getattr__` (PEP 562) to have every name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from stackproof.metadata.links.checker import Seen
from stackproof.metadata.links.library import Library
from stackproof.metadata.links.sources import binds, parsed

__all__ = ["Served"]

_FROM = re.compile(
    rb"^[ \t]*from[ \t]+([\w.]+)[ \t]+import\b"
    rb"(?:(?:[ \t]|\\\r?\n)*\(((?:[^)#]|#[^\n]*)*)|((?:[^\n\\]|\\\r?\n|\\.)*))",
    re.MULTILINE | re.DOTALL,
)
#: What stands among the names and is none that is looked for.
_ASIDE = re.compile(rb"#[^\n]*|\bas\s+\w+")
_WORD = re.compile(rb"\w+")
_SERVING = re.compile(rb"^def __getattr__\(", re.MULTILINE)


@dataclass(frozen=True)
class Served:
    """The modules of a library that serve names when they are asked."""

    library: Library
    _serving: dict[str, bool] = field(default_factory=dict)
    _gone: dict[tuple[str, str], bool] = field(default_factory=dict)

    def unserved(self, files: Iterable[str]) -> Iterator[Seen]:
        """Yield each import, in some files, of a name that such a module certainly has not.

        A file is parsed only where its words say that it may hold one.
        """
        for path in files:
            code = (self.library.folder / path).read_bytes()
            if any(self._may_miss(found) for found in _FROM.finditer(code)):
                yield from self._in_file(path)

    def _may_miss(self, found: re.Match[bytes]) -> bool:
        """Tell whether the words after an import have one that the module has not."""
        module = found[1].decode()
        if not self._serves(module):
            return False
        words = _WORD.findall(_ASIDE.sub(b"", found[2] or found[3] or b""))
        return any(self._is_gone(module, word.decode()) for word in words)

    def _serves(self, module: str) -> bool:
        if module not in self._serving:
            source = self.library.source(module)
            self._serving[module] = source is not None and (
                _SERVING.search((self.library.folder / source).read_bytes()) is not None
            )
        return self._serving[module]

    def _is_gone(self, module: str, name: str) -> bool:
        if (module, name) not in self._gone:
            self._gone[module, name] = binds(self.library, module, name) == "gone"
        return self._gone[module, name]

    def _in_file(self, path: str) -> Iterator[Seen]:
        tree = parsed(self.library.folder / path)
        parts = ast.walk(tree) if tree else ()
        for node in (part for part in parts if isinstance(part, ast.ImportFrom)):
            module = node.module
            if module is None or node.level or not self._serves(module):
                continue
            for item in node.names:
                if item.name != "*" and self._is_gone(module, item.name):
                    yield Seen(
                        file=path,
                        line=item.lineno,
                        column=item.col_offset + 1,
                        kind="name",
                        target=module,
                        name=item.name,
                    )
