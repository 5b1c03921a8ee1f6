"""A stack as a document tells it: what its table lists, and what its install commands install."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.version import Version

__all__ = ["Command", "Install", "Listed", "Stack"]


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
    """One requirement of an install command with an exact version."""

    name: str
    extras: tuple[str, ...]
    version: str


@dataclass(frozen=True, kw_only=True)
class Command:
    """One call of an installer; `section` and `step` are the headings that it stands under."""

    line: int
    section: str
    step: str
    installs: tuple[Install, ...]
    constraints: str | None
    index: str | None


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
    notes: tuple[str, ...]

    @property
    def steps(self) -> tuple[Command, ...]:
        """The commands of the install steps: those of the section that installs the most.

        Documents also show commands in passing, where they explain a conflict or a repair.
        """
        sections: dict[str, set[str]] = defaultdict(set)
        for command in self.commands:
            sections[command.section].update(item.name for item in command.installs)
        if not sections:
            return ()
        main = max(sections, key=lambda name: (len(sections[name]), _is_about_installing(name)))
        return tuple(command for command in self.commands if command.section == main)

    def contradictions(self) -> Iterator[tuple[Command, Install, str]]:
        """Yield (command, what it installs, the other version) where the document disagrees.

        The table comes first; without a word in it, the first command that installs the package.
        """
        said = {item.name: (item.version, "the table") for item in self.listed}
        for command in self.commands:
            for item in command.installs:
                version, where = said.setdefault(item.name, (item.version, f"line {command.line}"))
                if Version(version) != Version(item.version):
                    yield command, item, f"{where} says {version}"


def _is_about_installing(heading: str) -> bool:
    return any(word in heading.lower() for word in ("install", "설치"))
