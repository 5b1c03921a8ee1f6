"""Compare a document with the matrix that was written from it, and with itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from stackproof.audit.findings import Finding, Level
from stackproof.document import Listed, Stack, read_stack
from stackproof.matrix import Matrix

__all__ = ["compare"]


def compare(matrix: Matrix, path: Path, *, name: str, root: Path) -> Iterator[Finding]:
    """Yield each difference between a document and the matrix `name`, at the document's line.

    Raises StackproofError if the document cannot be read.
    """
    where = path.resolve()
    shown = where.relative_to(root).as_posix() if where.is_relative_to(root) else path.name
    yield from _Comparison(matrix=matrix, stack=read_stack(path), name=name, file=shown).findings()


@dataclass(frozen=True, kw_only=True)
class _Comparison:
    matrix: Matrix
    stack: Stack
    name: str
    file: str

    def findings(self) -> Iterator[Finding]:
        yield from self._python()
        yield from self._table()
        yield from self._steps()
        yield from self._within()

    def _finding(self, level: Level, line: int, message: str, pin: str | None = None) -> Finding:
        return Finding(
            rule="document",
            level=level,
            matrix=self.name,
            row=None,
            pin=pin,
            file=self.file,
            line=line,
            message=message,
        )

    def _python(self) -> Iterator[Finding]:
        if self.stack.python not in (None, self.matrix.python):
            message = (
                f"the document is for Python {self.stack.python}, the matrix {self.matrix.python}"
            )
            yield self._finding("error", self.stack.python_line, message)

    def _table(self) -> Iterator[Finding]:
        """Compare the table with the pins."""
        pins = {pin.name: pin.version for pin in self.matrix.pins}
        for item in self.stack.listed:
            if item.name not in pins:
                message = (
                    f"the table lists {_called(item)} {item.version}; the matrix has no such pin"
                )
                yield self._finding("error", item.line, message, item.name)
            elif Version(pins[item.name]) != Version(item.version):
                message = (
                    f"the table lists {_called(item)} {item.version}, the matrix pins "
                    f"{pins[item.name]}"
                )
                yield self._finding("error", item.line, message, item.name)
        listed = {item.name for item in self.stack.listed}
        for name in pins.keys() - listed if self.stack.has_table else ():
            message = f"the matrix pins {name} {pins[name]}, which the table does not list"
            yield self._finding("error", 1, message, name)

    def _steps(self) -> Iterator[Finding]:
        """Compare the install commands, in their order, with the stages."""
        stages = {frozenset(stage.pins): stage.name for stage in self.matrix.stages}
        order = [frozenset(item.name for item in command.installs) for command in self.stack.steps]
        for command, names in zip(self.stack.steps, order, strict=True):
            if names not in stages:
                message = (
                    f"no stage of the matrix installs just what this command does: "
                    f"{', '.join(sorted(names))}"
                )
                yield self._finding("error", command.line, message)
        for names, stage in stages.items():
            if names not in order:
                message = f"no command of the document does what stage {stage} of the matrix does"
                yield self._finding("error", 1, message)
        ours = [names for names in stages if names in order]
        theirs = [names for names in dict.fromkeys(order) if names in stages]
        for mine, other in zip(ours, theirs, strict=True):
            if mine != other:
                command = self.stack.steps[order.index(other)]
                message = (
                    f"the document installs {', '.join(sorted(other))} where the matrix has stage "
                    f"{stages[mine]}: the order differs"
                )
                yield self._finding("error", command.line, message)
                return

    def _within(self) -> Iterator[Finding]:
        """Compare the document's table with its own commands."""
        installed = {item.name for command in self.stack.steps for item in command.installs}
        listed = {item.name for item in self.stack.listed}
        for item in self.stack.listed:
            if item.name not in installed:
                message = f"the table lists {_called(item)} {item.version}, but no step installs it"
                yield self._finding("warning", item.line, message, item.name)
        for command in self.stack.steps if self.stack.has_table else ():
            for install in command.installs:
                if install.name not in listed:
                    message = (
                        f"the step installs {install.name} {install.version}, which the table does "
                        "not list"
                    )
                    yield self._finding("warning", command.line, message, install.name)
        for command, install, other in self.stack.contradictions():
            message = f"this command pins {install.name} to {install.version}, but {other}"
            yield self._finding("error", command.line, message, install.name)


def _called(item: Listed) -> str:
    return item.name if item.label.lower() == item.name else f"{item.label} ({item.name})"
