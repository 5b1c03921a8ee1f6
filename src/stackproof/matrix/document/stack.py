"""A stack as a document tells it: what its table lists, and what its install commands install."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Aside", "Command", "Install", "Listed", "Note", "Stack"]

#: A heading that is one of a series: "Step 2", "2단계: MLflow", "3. PyTorch".
_NUMBERED = re.compile(r"\b(?:step|stage|phase)\b|단계|^\W*\d+[.):]", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A package in the table, by the document's own word for it; `remarks` are its other cells."""

    line: int
    label: str
    name: str
    version: str
    area: str
    remarks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Install:
    """One requirement of an install command, and how it is `written`, without its marker.

    `version` is None where none is pinned: for a range, a bare name, an address.
    """

    line: int
    name: str
    extras: tuple[str, ...]
    version: str | None
    written: str


@dataclass(frozen=True, kw_only=True)
class Command:
    """One call of an installer; `section` and `step` are the headings that it stands under.

    `further` are the options, as written, that bring other versions than the call without them.
    With `is_list` it is no call but the text of a requirements file; `reads_list` tells of a call
    that takes such a file.
    """

    line: int
    section: str
    step: str
    installs: tuple[Install, ...]
    constraints: tuple[str, ...] = ()
    index: str | None = None
    further: tuple[str, ...] = ()
    is_list: bool = False
    reads_list: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The normal names of what it installs."""
        return frozenset(item.name for item in self.installs)


@dataclass(frozen=True, kw_only=True)
class Aside:
    """Words beside the steps that may name a version: a comment, or code within a sentence.

    `about` are the packages that may be meant, None for whichever it names.
    """

    line: int
    text: str
    about: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Note:
    """Something that was passed over; `line` is None where a file has none to point at."""

    line: int | None
    message: str

    def __str__(self) -> str:
        """Return the note as one line."""
        return self.message if self.line is None else f"line {self.line}: {self.message}"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """What a document says. `python` is a minor version, None where it names none.

    `has_table` is false for files that have no place for one. `notes` are what was passed over.
    """

    name: str
    file: str
    title: str
    python: str | None
    python_line: int
    has_table: bool
    listed: tuple[Listed, ...]
    commands: tuple[Command, ...]
    notes: tuple[Note, ...]
    asides: tuple[Aside, ...] = ()

    @property
    def steps(self) -> tuple[Command, ...]:
        """The commands of the install steps: those of the section that installs the most.

        Where that is one of several numbered sections, those of them all. Documents also show
        commands in passing, where they explain a conflict or a repair, and lists that no step
        reads, such as what an environment held.
        """
        calls = [command for command in self.commands if not command.is_list and command.installs]
        chosen = self._sections(calls or self.commands)
        read = {command.section for command in self.commands if command.reads_list}
        lists = read & chosen if calls else chosen
        return tuple(
            command
            for command in self.commands
            if command.installs and command.section in (lists if command.is_list else chosen)
        )

    def _sections(self, commands: Sequence[Command]) -> set[str]:
        sections: dict[str, set[str]] = defaultdict(set)
        for command in commands:
            sections[command.section] |= command.names
        listed = {item.name for item in self.listed}
        main = max(sections, key=lambda name: _worth(name, sections[name], listed), default="")
        if not _NUMBERED.search(main):
            return {main}
        return {name for name in sections if _NUMBERED.search(name)}


def _worth(heading: str, names: set[str], listed: set[str]) -> tuple[int, bool, int]:
    about_installing = any(word in heading.lower() for word in ("install", "설치"))
    return len(names & listed if listed else names), about_installing, len(names)
