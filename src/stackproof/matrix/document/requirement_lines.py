"""Read the lines of a requirements file, as pip documents its format, or of such a list elsewhere.

Files that it names by `-r` and `-c` are read too, where it lies in a folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from stackproof.base.public_index import is_public_index
from stackproof.errors import Problem, StackproofError
from stackproof.matrix.document.limits import limited
from stackproof.matrix.document.options import split_option
from stackproof.matrix.document.problems import DocumentError, problem, without_releases
from stackproof.matrix.document.requirement import is_elsewhere, read_install
from stackproof.matrix.document.stack import Command, Install, Note, Stack, passed_over
from stackproof.matrix.document.text import read_text, shown
from stackproof.reasons.reason import Reason, reason

__all__ = ["RequirementLines", "read_requirements"]


def read_requirements(path: Path, *, name: str) -> Stack:
    """Return the stack of a requirements file, or of what `pip freeze` printed.

    Raises DocumentError with every line that is no requirement, and for a file without any.
    """
    file = shown(path)
    lines = RequirementLines(file, folder=path.parent)
    lines.read(read_text(path))
    if lines.problems:
        raise DocumentError(lines.problems)
    if not lines.installs:
        message = "asks for no release; write lines such as 'numpy==1.24.4'"
        raise without_releases(file, message, lines.notes)
    command = lines.command(line=1, section="", step=file)
    notes = tuple(lines.notes)
    return Stack(name=name, file=file, title=name, python=None, commands=(command,), notes=notes)


@dataclass
class RequirementLines:
    """What the lines of `file` say: requirements, limits of these, options, and what is wrong.

    Without a `folder`, no other file is read but constraint files that `find_limits` knows.
    """

    file: str
    folder: Path | None = None
    find_limits: Callable[[str], Path | None] | None = None
    installs: list[Install] = field(default_factory=list)
    limits: list[Install] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    index: str | None = None
    further: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    #: The file whose lines are read, where that is one which the file names, and those before it.
    _other: str | None = None
    _seen: set[tuple[Path, bool]] = field(default_factory=set)

    def read(self, text: str, line: int = 1) -> None:
        """Read lines, the first of which has the number `line`."""
        self._read(text, line, self.installs)

    def include(self, name: str, line: int) -> None:
        """Read the requirements file that a line, or a call, names."""
        self._include(name, line, self.installs)

    def constrain(self, name: str, line: int) -> None:
        """Read the constraint file that a line, or a call, names."""
        self._include(name, line, self.limits)

    def command(self, *, line: int, section: str, step: str) -> Command:
        """Return the lines as one call of an installer."""
        installs, held_to = limited(self.installs, self.limits)
        return Command(
            line=line,
            section=section,
            step=step,
            installs=installs,
            constraints=tuple(self.constraints),
            held_to=held_to,
            index=self.index,
            further=tuple(self.further),
            is_list=True,
        )

    def _read(self, text: str, line: int, into: list[Install]) -> None:
        hashed: list[int] = []
        for number, content in _logical_lines(text, line):
            if content.startswith("-"):
                for option in re.split(r"\s+(?=-)", content):
                    self._option(number, option, into)
                continue
            wanted, *options = re.split(r"\s+(?=--)", content)
            hashed += [number for option in options if option.startswith("--hash")]
            for option in options:
                if not option.startswith("--hash"):
                    self._pass_over(number, option, reason("no-pin-option"))
            if is_elsewhere(wanted):
                self._pass_over(number, wanted, reason("names-no-release"))
            else:
                self._requirement(number, wanted, into)
        if hashed:
            what = reason("hashes", number=len(hashed))
            self._pass_over(hashed[0], what, reason("no-hashes"))

    def _option(self, number: int, content: str, into: list[Install]) -> None:
        name, value = split_option(*content.split(maxsplit=1))
        if name == "constraint" and "://" in value:
            self.constraints.append(value)
        elif name == "constraint" and value:
            self.constrain(value, number)
        elif name == "list" and value:
            self._include(value, number, into)
        elif name == "index" and value:
            self.index = None if is_public_index(value) else value
        elif name == "further":
            self.further.append(content)
            self._pass_over(number, content, reason("no-stage-option"))
        elif name == "elsewhere":
            self._pass_over(number, content, reason("names-no-release"))
        else:
            self._pass_over(number, content, reason("no-stage-option"))

    def _include(self, name: str, line: int, into: list[Install]) -> None:
        option = "-c" if into is self.limits else "-r"
        path, why = None, reason("files-unread")
        if self.folder is not None and "://" not in name:
            path = self.folder / name
        elif into is self.limits and self.find_limits is not None:
            path, why = self.find_limits(name), reason("file-absent")
        if path is None:
            self._pass_over(line, f"{option} {name}", why)
            return
        # A file may limit what is installed, and ask for it too.
        seen = path.resolve(), into is self.limits
        if seen in self._seen:
            return
        self._seen.add(seen)
        try:
            text = read_text(path)
        except StackproofError as error:
            self.problems.append(problem(self._other or self.file, line, str(error)))
            return
        outer = self.folder, self._other
        self.folder, self._other = path.parent, path.name
        self._read(text, 1, into)
        self.folder, self._other = outer

    def _requirement(self, number: int, content: str, into: list[Install]) -> None:
        try:
            into.append(read_install(content, number, self._other))
        except ValueError as error:
            self.problems.append(problem(self._other or self.file, number, str(error)))

    def _pass_over(self, number: int, content: str | Reason, why: Reason) -> None:
        self.notes.append(passed_over(content, why, number, self._other))


def _logical_lines(text: str, line: int) -> Iterator[tuple[int, str]]:
    """Yield (line, content) without comments, lines that go on joined."""
    pending, begin = "", line
    for number, content in enumerate(re.split(r"\r\n|\r|\n", text), start=line):
        begin = begin if pending else number
        pending += re.sub(r"(^|\s)#.*$", "", content).rstrip()
        if pending.endswith("\\"):
            pending = pending[:-1] + " "
            continue
        if pending.strip():
            yield begin, pending.strip()
        pending = ""
    if pending.strip():
        yield begin, pending.strip()
