"""Compare the stacks of a document that has several with the rows of a matrix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.specifiers import SpecifierSet

from stackproof.base.text import near
from stackproof.base.versions import agree, is_version
from stackproof.matrix.document.stack import Install, Stack, Variant
from stackproof.matrix.model import Matrix
from stackproof.matrix.row_pins import pins_of, pins_there
from stackproof.metadata.audit.document_steps import Difference
from stackproof.reasons.reason import Reason, reason

__all__ = ["row_differences"]


def row_differences(matrix: Matrix, stack: Stack) -> Iterator[Difference]:
    """Yield in what the rows of the names of a document's stacks depart from these."""
    for variant in stack.variants:
        if variant.name in matrix.rows:
            yield from _differences(matrix, variant)
        else:
            why = reason("no-row", name=variant.name).then(_hint(variant.name, matrix.rows))
            yield Difference("error", variant.line, why)


def _differences(matrix: Matrix, variant: Variant) -> Iterator[Difference]:
    row, python = variant.name, matrix.python_of(variant.name)
    if variant.python not in (None, python):
        why = reason("stack-python", document=variant.python or "", row=row, python=python)
        yield Difference("error", variant.line, why)
    there = pins_there(matrix, row, python)
    pins = pins_of(matrix, row, {})
    asked: dict[str, list[Install]] = {}
    for item in variant.installs:
        asked.setdefault(item.name, []).append(item)
    for name, items in asked.items():
        if name not in there and any(item.holds(python) for item in items):
            why = reason("stack-unpinned", requirement=items[0].written, row=row)
            yield Difference("error", items[0].line, why, name)
        elif name in there and not _is_asked(pins[name].asked, items, python):
            said = tuple(item.written for item in items)
            why = reason("stack-asks-other", requirements=said, row=row, pin=str(pins[name]))
            yield Difference("error", items[0].line, why, name)
    for name in sorted(there - asked.keys()):
        why = reason("row-has-more", row=row, pin=str(pins[name]))
        yield Difference("error", variant.line, why, name)


def _hint(name: str, rows: Iterable[str]) -> Reason:
    """Name the rows that may be meant; see `nearest`."""
    if close := near(name, rows):
        return reason("did-you-mean", names=tuple(map(repr, close)))
    return reason("there-are", names=tuple(sorted(rows)))


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
