"""Compare the stacks of a document that has several with the rows of a matrix."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.specifiers import SpecifierSet

from stackproof.base.text import nearest
from stackproof.base.versions import agree, is_version
from stackproof.matrix.document.stack import Install, Stack, Variant
from stackproof.matrix.model import Matrix
from stackproof.matrix.row_pins import pins_of, pins_there
from stackproof.metadata.audit.document_steps import Difference

__all__ = ["row_differences"]


def row_differences(matrix: Matrix, stack: Stack) -> Iterator[Difference]:
    """Yield in what the rows of the names of a document's stacks depart from these."""
    for variant in stack.variants:
        if variant.name in matrix.rows:
            yield from _differences(matrix, variant)
        else:
            hint = nearest(variant.name, matrix.rows)
            message = f"the matrix has no row {variant.name!r} for this stack; {hint}"
            yield Difference("error", variant.line, message)


def _differences(matrix: Matrix, variant: Variant) -> Iterator[Difference]:
    row, python = variant.name, matrix.python_of(variant.name)
    if variant.python not in (None, python):
        message = f"this stack is for Python {variant.python}, row {row} for {python}"
        yield Difference("error", variant.line, message)
    there = pins_there(matrix, row, python)
    pins = pins_of(matrix, row, {})
    asked: dict[str, list[Install]] = {}
    for item in variant.installs:
        asked.setdefault(item.name, []).append(item)
    for name, items in asked.items():
        if name not in there and any(item.holds(python) for item in items):
            message = f"this stack has {items[0].written}, row {row} no such pin"
            yield Difference("error", items[0].line, message, name)
        elif name in there and not _is_asked(pins[name].asked, items, python):
            said = " and ".join(item.written for item in items)
            message = f"this stack has {said}, row {row} {pins[name]}"
            yield Difference("error", items[0].line, message, name)
    for name in sorted(there - asked.keys()):
        message = f"row {row} has {pins[name]}, which this stack does not"
        yield Difference("error", variant.line, message, name)


def _is_asked(asked: str, items: list[Install], python: str) -> bool:
    """Tell whether a pin asks for what all lines that hold do together."""
    wanted = SpecifierSet()
    for item in items:
        if item.holds(python):
            version = item.version
            if version is not None:
                return is_version(asked) and agree(asked, version)
            wanted &= SpecifierSet(item.specifier)
    return not is_version(asked) and SpecifierSet(asked) == wanted
