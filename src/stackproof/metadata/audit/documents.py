"""Compare a document with the matrix that was written from it, and with itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stackproof.base.text import without_credentials
from stackproof.base.versions import agree, is_version
from stackproof.matrix.document.reading import read_stack
from stackproof.matrix.document.stack import Install, Listed, Stack
from stackproof.matrix.model import Matrix
from stackproof.metadata.audit.document_remarks import stale_asides, stale_remarks
from stackproof.metadata.audit.document_rows import row_differences
from stackproof.metadata.audit.document_steps import Difference, step_differences
from stackproof.metadata.audit.record import Finding

__all__ = ["compare"]


def compare(matrix: Matrix, path: Path, *, name: str, root: Path) -> Iterator[Finding]:
    """Yield each difference between a document and the matrix `name`, at the document's line.

    Raises StackproofError if the document cannot be read.
    """
    where = path.resolve()
    shown = where.relative_to(root).as_posix() if where.is_relative_to(root) else path.name
    stack = read_stack(path, python=matrix.python).on(matrix.python)
    found = list(row_differences(matrix, stack) if stack.variants else _differences(matrix, stack))
    found += [Difference("note", note.line or 1, note.message) for note in stack.notes]
    for item in found:
        yield Finding(
            rule="document",
            level=item.level,
            matrix=name,
            row=None,
            pin=item.pin,
            file=shown,
            line=item.line,
            message=without_credentials(item.message),
        )


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
            message = (
                f"the document is for Python {self.stack.python}, the matrix {self.matrix.python}"
            )
            yield Difference("error", self.stack.python_line, message)

    def table(self) -> Iterator[Difference]:
        """Compare the tables with the pins, and with one another."""
        pins, first = self.pins, dict[str, Listed]()
        for item in self.stack.listed:
            before = first.setdefault(item.name, item)
            if not agree(before.version, item.version):
                message = (
                    f"{_called(item)} {item.version} is listed here, and as {before.version} on "
                    f"line {before.line}"
                )
                yield Difference("error", item.line, message, item.name)
            if item.name not in pins:
                message = (
                    f"the table lists {_called(item)} {item.version}; the matrix has no such pin"
                )
                yield Difference("error", item.line, message, item.name)
            elif not agree(pins[item.name], item.version):
                message = (
                    f"the table lists {_called(item)} {item.version}, the matrix pins "
                    f"{pins[item.name]}"
                )
                yield Difference("error", item.line, message, item.name)
        # Of a step that leaves the version open, the table need not say one either.
        steps = [item for command in self.stack.steps for item in command.installs]
        opened = {item.name for item in steps if item.version is None}
        missing = [name for name in pins if name not in first and name not in opened]
        for name in missing if self.stack.has_table else ():
            message = f"the matrix pins {name} {pins[name]}, which the table does not list"
            yield Difference("error", 1, message, name)

    def coverage(self) -> Iterator[Difference]:
        """Compare what the tables list with what the steps install."""
        installed = {item.name for command in self.stack.steps for item in command.installs}
        listed = {item.name for item in self.stack.listed}
        for item in self.stack.listed:
            if item.name not in installed:
                message = f"the table lists {_called(item)} {item.version}, but no step installs it"
                yield Difference("warning", item.line, message, item.name)
        for command in self.stack.steps if self.stack.has_table else ():
            for install in command.installs:
                if install.name not in listed:
                    what = f"{install.name} {install.version}"
                    message = (
                        f"the step installs {what if install.version else install.written}, which "
                        "the table does not list"
                    )
                    yield Difference("warning", install.line, message, install.name)

    def versions(self) -> Iterator[Difference]:
        """Compare the versions of every command with the tables, the pins and other commands."""
        said = {item.name: (item.version, "the table") for item in reversed(self.stack.listed)}
        steps = self.stack.steps
        for command in self.stack.commands:
            for install in command.installs:
                others = self._others(install, said)
                if install.version is not None:
                    others = [item for item in others if not agree(item[1], install.version)]
                    yield from _other_versions(install, others)
                    said.setdefault(install.name, (install.version, f"line {install.line}"))
                else:
                    yield from _open_version(install, others, is_step=command in steps)

    def _others(self, install: Install, said: dict[str, tuple[str, str]]) -> list[tuple[str, str]]:
        """Return (who, version) of each other word on the version of what a command installs."""
        found = []
        if install.name in said:
            version, where = said[install.name]
            found.append((f"{where} says", version))
        if install.name in self.pins:
            found.append(("the matrix pins", self.pins[install.name]))
        return found


def _other_versions(install: Install, others: list[tuple[str, str]]) -> Iterator[Difference]:
    if others:
        words = " and ".join(f"{who} {version}" for who, version in others)
        message = f"this command pins {install.name} to {install.version}, but {words}"
        yield Difference("error", install.line, message, install.name)


def _open_version(
    install: Install, others: list[tuple[str, str]], *, is_step: bool
) -> Iterator[Difference]:
    """Yield an error if a range shuts out the documented version, a warning if a step is open."""
    for who, version in others:
        if not agree(version, install.specifier):
            message = f"this command asks for {install.written}, but {who} {version}"
            yield Difference("error", install.line, message, install.name)
            return
    said = [item for item in others if is_version(item[1])]
    if is_step and said:
        who, version = said[0]
        message = (
            f"the step asks for {install.written}, which leaves the version open; {who} {version}"
        )
        yield Difference("warning", install.line, message, install.name)


def _called(item: Listed) -> str:
    return item.name if item.label.lower() == item.name else f"{item.label} ({item.name})"
