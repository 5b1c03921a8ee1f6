"""Read the lines of a requirements file, or of such a list in a document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from stackproof.matrix.document.options import split_option
from stackproof.matrix.document.requirement import is_elsewhere, read_install
from stackproof.matrix.document.stack import Command, Install, Note

__all__ = ["RequirementLines"]


@dataclass
class RequirementLines:
    """What the lines say: requirements that hold on a Python, options, and what is wrong."""

    python: str
    installs: list[Install] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    index: str | None = None
    further: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def read(self, text: str, line: int = 1) -> None:
        """Read lines, the first of which has the number `line`."""
        for number, content in _logical_lines(text, line):
            if content.startswith("-"):
                self._option(number, content)
            elif is_elsewhere(content):
                self._pass_over(number, content, "it names no release of an index")
            else:
                self._requirement(number, content)

    def command(self, *, line: int, section: str, step: str) -> Command:
        """Return the lines as one call of an installer."""
        return Command(
            line=line,
            section=section,
            step=step,
            installs=tuple(self.installs),
            constraints=tuple(self.constraints),
            index=self.index,
            further=tuple(self.further),
            is_list=True,
        )

    def _option(self, number: int, content: str) -> None:
        name, value = split_option(*content.split(maxsplit=1))
        if name == "constraint" and value:
            self.constraints.append(value)
        elif name == "index" and value:
            self.index = value
        elif name == "further":
            self.further.append(content)
        else:
            self._pass_over(number, content, "it names no package")

    def _requirement(self, number: int, content: str) -> None:
        try:
            found = read_install(content, number, self.python)
        except ValueError as error:
            self.problems.append((number, str(error)))
            return
        if found is None:
            self._pass_over(number, content, f"its marker does not hold for Python {self.python}")
        else:
            self.installs.append(found)

    def _pass_over(self, number: int, content: str, why: str) -> None:
        self.notes.append(Note(line=number, message=f"{content!r} was passed over; {why}"))


def _logical_lines(text: str, line: int) -> Iterator[tuple[int, str]]:
    """Yield (line, content) without comments and hashes, lines that go on joined."""
    pending, begin = "", line
    for number, content in enumerate(re.split(r"\r\n|\r|\n", text), start=line):
        begin = begin if pending else number
        pending += re.sub(r"(^|\s)#.*$", "", content).rstrip()
        if pending.endswith("\\"):
            pending = pending[:-1] + " "
            continue
        yield from _whole(begin, pending)
        pending = ""
    yield from _whole(begin, pending)


def _whole(line: int, text: str) -> Iterator[tuple[int, str]]:
    if content := re.sub(r"\s--hash[= ]\S+", "", text).strip():
        yield line, content
