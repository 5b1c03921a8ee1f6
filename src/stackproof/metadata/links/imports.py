"""What a file imports, where, and whether it is ready for the module not to be there.

Lines are scanned, not parsed: a stack has a quarter of a gigabyte of code, and what cannot be
parsed, such as Python 2, still imports.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

__all__ = ["MOST_BYTES", "Import", "imports"]

#: Code that people write is smaller; what is generated is not read.
MOST_BYTES = 2_000_000

_LINE = re.compile(
    rb"^([ \t]*)(?:"
    rb"(async[ \t]+def|def|class|if|elif|else|try|except|finally|with|for|while)\b([^\n]*)"
    rb"|from[ \t]+(\.*[ \t]*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#;]+(?:\\\n[^\n#;]+)*)"
    rb"|import[ \t]+([^\n#;]+))",
    re.MULTILINE,
)
_NAME = re.compile(r"\*|[\w.]+")
_TRAPS = re.compile(r"except\s*(:|.*(ImportError|ModuleNotFound|AttributeError|Exception))")
_COMMENT = re.compile(r"#[^\n]*")
_NOT_RUN = re.compile(r"TYPE_CHECKING")


class Import(NamedTuple):
    """One module that is imported: `always` if it is whenever the file is, and is not `guarded`."""

    module: str
    always: bool
    guarded: bool


@dataclass
class _Block:
    """An open block of a file: how far it is indented, and its first line."""

    indent: int
    word: str
    text: str
    traps: bool = False
    inside: list[int] = field(default_factory=list)


def imports(file: Path, package: str) -> list[Import]:
    """Return what a file imports that is a module of `package`, the name that dots stand for.

    `from a import b` may import the module a.b; that there is one is for the caller to find out.
    """
    if file.stat().st_size > MOST_BYTES:
        return []
    found: list[tuple[str, bool]] = []
    guarded: set[int] = set()
    blocks: list[_Block] = []
    closed: dict[int, _Block] = {}
    for match in _LINE.finditer(file.read_bytes()):
        indent = len(match[1].expandtabs(8))
        while blocks and blocks[-1].indent >= indent:
            block = blocks.pop()
            closed[block.indent] = block
        if match[2]:
            word = match[2].split()[-1].decode()
            text = match[3].decode(errors="replace")
            tried = closed.get(indent)
            if word == "except" and tried is not None and tried.word in ("try", "except"):
                if _TRAPS.match(f"except{text}"):
                    guarded.update(tried.inside)
                    tried.traps = True
                block = _Block(indent, word, text, tried.traps, tried.inside)
            else:
                block = _Block(indent, word, text)
            blocks.append(block)
            continue
        function = any(block.word == "def" for block in blocks)
        modules = list(_modules(match, package))
        numbers = range(len(found), len(found) + len(modules))
        found += [(module, not function) for module in modules]
        for block in blocks:
            if block.word == "try":
                block.inside.extend(numbers)
            if _NOT_RUN.search(block.text) or (block.word == "except" and block.traps):
                guarded.update(numbers)
    return [
        Import(module, top and number not in guarded, number in guarded)
        for number, (module, top) in enumerate(found)
    ]


def _modules(match: re.Match[bytes], package: str) -> Iterator[str]:
    if match[6] is not None:
        for part in match[6].decode(errors="replace").split(","):
            if found := _NAME.search(part):
                yield found[0]
        return
    origin = match[4].decode(errors="replace").replace(" ", "").replace("\t", "")
    name = origin.lstrip(".")
    dots = len(origin) - len(name)
    if dots:
        parts = package.split(".")
        above = ".".join(parts[: len(parts) - dots + 1])
        name = f"{above}.{name}".strip(".")
    yield name
    listed = _COMMENT.sub("", match[5].decode(errors="replace"))
    for part in listed.strip("()").split(","):
        if (item := _NAME.search(part)) and item[0] != "*":
            yield f"{name}.{item[0]}"
