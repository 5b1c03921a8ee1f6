"""Compare a document with the matrix that was written from it, and with itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from stackproof.base.text import without_credentials
from stackproof.base.versions import agree, is_version
from stackproof.matrix.document.reading import read_stack
from stackproof.matrix.document.stack import Install, Listed, Stack
from stackproof.matrix.model import Matrix
from stackproof.metadata.audit.document_notes import passed_over
from stackproof.metadata.audit.document_remarks import stale_asides, stale_remarks
from stackproof.metadata.audit.document_rows import row_differences
from stackproof.metadata.audit.document_steps import Difference, step_differences
from stackproof.metadata.audit.record import Finding
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["compare"]

#: A version, and who says so.
_Said: TypeAlias = tuple[str, Reason]


def compare(matrix: Matrix, path: Path, *, name: str, root: Path) -> Iterator[Finding]:
    """Yield each difference between a document and the matrix `name`, at the document's line.

    Raises StackproofError if the document cannot be read.
    """
    where = path.resolve()
    shown = where.relative_to(root).as_posix() if where.is_relative_to(root) else path.name
    stack = read_stack(path, python=matrix.python).on(matrix.python)
    found = list(row_differences(matrix, stack) if stack.variants else _differences(matrix, stack))
    for item in found:
        why = item.why.with_texts(without_credentials)
        yield Finding(
            rule="document",
            level=item.level,
            matrix=name,
            row=None,
            pin=item.pin,
            file=shown,
            line=item.line,
            message=in_words(why),
            why=why,
        )
    for note in stack.notes:
        yield passed_over(note, file=shown, matrix=name)


def _differences(matrix: Matrix, stack: Stack) -> Iterator[Difference]:
    """Yield in what a document of one stack departs from the matrix, and from itself."""
    comparison = _Comparison(matrix, stack)
    yield from comparison.python()
    yield from comparison.table()
    yield from step_differences(matrix, stack.steps)
    yield from comparison.coverage()
    yield from comparison.versions()
    yield from stale_remarks(stack)
    yield from stale_asides(stack)


@dataclass(frozen=True)
class _Comparison:
    matrix: Matrix
    stack: Stack

    @property
    def pins(self) -> dict[str, str]:
        return {pin.name: pin.asked for pin in self.matrix.pins}

    def python(self) -> Iterator[Difference]:
        if self.stack.python not in (None, self.matrix.python):
            why = reason(
                "document-python", document=self.stack.python or "", matrix=self.matrix.python
            )
            yield Difference("error", self.stack.python_line, why)

    def table(self) -> Iterator[Difference]:
        """Compare the tables with the pins, and with one another."""
        pins, first = self.pins, dict[str, Listed]()
        for item in self.stack.listed:
            before = first.setdefault(item.name, item)
            if not agree(before.asked, item.asked):
                why = reason(
                    "listed-twice",
                    name=_called(item),
                    version=item.version,
                    before=before.version,
                    line=before.line,
                )
                yield Difference("error", item.line, why, item.name)
            if item.name not in pins:
                why = reason("listed-unpinned", name=_called(item), version=item.version)
                yield Difference("error", item.line, why, item.name)
            elif not agree(pins[item.name], item.asked):
                asked = pins[item.name]
                why = reason("listed-other", name=_called(item), version=item.version, asked=asked)
                yield Difference("error", item.line, why, item.name)
        # Of a step that leaves the version open, the table need not say one either.
        steps = [item for command in self.stack.steps for item in command.installs]
        opened = {item.name for item in steps if item.version is None}
        missing = [name for name in pins if name not in first and name not in opened]
        for name in missing if self.stack.has_table else ():
            why = reason("pinned-unlisted", name=name, asked=pins[name])
            yield Difference("error", 1, why, name)

    def coverage(self) -> Iterator[Difference]:
        """Compare what the tables list with what the steps install."""
        installed = {item.name for command in self.stack.steps for item in command.installs}
        listed = {item.name for item in self.stack.listed}
        for item in self.stack.listed:
            if item.name not in installed:
                why = reason("listed-uninstalled", name=_called(item), version=item.version)
                yield Difference("warning", item.line, why, item.name)
        for command in self.stack.steps if self.stack.has_table else ():
            for install in command.installs:
                if install.name not in listed:
                    pinned = f"{install.name} {install.version}"
                    what = pinned if install.version else install.written
                    why = reason("installed-unlisted", what=what)
                    yield Difference("warning", install.line, why, install.name)

    def versions(self) -> Iterator[Difference]:
        """Compare the versions of every command with the tables, the pins and other commands."""
        said: dict[str, _Said] = {
            item.name: (item.asked, reason("table-says", version=item.version))
            for item in reversed(self.stack.listed)
        }
        steps = self.stack.steps
        for command in self.stack.commands:
            for install in command.installs:
                others = self._others(install, said)
                if install.version is not None:
                    others = [item for item in others if not agree(item[0], install.version)]
                    yield from _other_versions(install, others)
                    line = reason("line-says", line=install.line, version=install.version)
                    said.setdefault(install.name, (install.version, line))
                else:
                    yield from _open_version(install, others, is_step=command in steps)

    def _others(self, install: Install, said: dict[str, _Said]) -> list[_Said]:
        """Return each other word on the version of what a command installs."""
        found = []
        if install.name in said:
            found.append(said[install.name])
        if install.name in self.pins:
            asked = self.pins[install.name]
            found.append((asked, reason("matrix-pins", version=asked)))
        return found


def _other_versions(install: Install, others: list[_Said]) -> Iterator[Difference]:
    if others:
        why = reason(
            "command-pins",
            name=install.name,
            version=install.version or "",
            others=tuple(said for _, said in others),
        )
        yield Difference("error", install.line, why, install.name)


def _open_version(install: Install, others: list[_Said], *, is_step: bool) -> Iterator[Difference]:
    """Yield an error if a range shuts out the documented version, a warning if a step is open."""
    for version, said in others:
        if not agree(version, install.specifier):
            why = reason("command-asks", requirement=install.written, other=said)
            yield Difference("error", install.line, why, install.name)
            return
    # A series, such as a table's 2.17, is said to be one version too.
    exact = [said for asked, said in others if is_version(re.sub(r"^==|\.\*$", "", asked))]
    if is_step and exact:
        why = reason("step-open", requirement=install.written, other=exact[0])
        yield Difference("warning", install.line, why, install.name)


def _called(item: Listed) -> str:
    return item.name if item.label.lower() == item.name else f"{item.label} ({item.name})"
