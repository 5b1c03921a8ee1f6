"""The one record that every reader fills: what a file lists, and what its calls install.

Nothing is judged for a Python here: each requirement keeps its marker, and `Stack.on` tells those
that hold from those that do not.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from packaging.specifiers import SpecifierSet

from stackproof.base.versions import is_version
from stackproof.matrix.document.words import asked_by
from stackproof.matrix.markers import applies
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["Aside", "Command", "Install", "Listed", "Note", "Stack", "Variant", "passed_over"]

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

    @property
    def asked(self) -> str:
        """The version that its word asks for, or the range that it leaves open."""
        return asked_by(self.version)


@dataclass(frozen=True, kw_only=True)
class Install:
    """One requirement, whatever form it was read from, by the normal name of its distribution.

    `specifier` (PEP 440) is empty where any version will do; `marker` (PEP 508) says where it is
    asked for at all. `file` names the file that it stands in, where that is not the document.
    """

    line: int
    name: str
    extras: tuple[str, ...] = ()
    specifier: str = ""
    marker: str | None = None
    file: str | None = None

    @property
    def version(self) -> str | None:
        """The one version that is asked for; None for a range, or a bare name.

        Of a version and a build of it (`2.1.0+cpu`) the build is both.
        """
        asked = (it for it in SpecifierSet(self.specifier) if it.operator in ("==", "==="))
        exact = [item.version for item in asked if is_version(item.version)]
        return max(exact, key=lambda version: "+" in version, default=None)

    @property
    def written(self) -> str:
        """The requirement without its marker."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras}{self.specifier}"

    def holds(self, python: str) -> bool:
        """Tell whether it is asked for on this machine's platform with a minor version."""
        return applies(self.marker, python)


@dataclass(frozen=True, kw_only=True)
class Command:
    """One call of an installer; `section` and `step` are the headings that it stands under.

    `held_to` are the lines of its constraint files about what it does not name itself. `further`
    are the options, as written, that bring other versions than the call without them.
    With `is_list` it is no call but the text of a requirements file; `reads_list` tells of a call
    that takes such a file.
    """

    line: int
    section: str
    step: str
    installs: tuple[Install, ...]
    constraints: tuple[str, ...] = ()
    held_to: tuple[str, ...] = ()
    index: str | None = None
    further: tuple[str, ...] = ()
    is_list: bool = False
    reads_list: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The normal names of what it installs."""
        return frozenset(item.name for item in self.installs)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One stack of several that a file describes: its `name`, its Python, and all that it asks."""

    name: str
    summary: str
    line: int
    python: str | None
    installs: tuple[Install, ...]


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
    why: Reason
    file: str | None = None

    @property
    def message(self) -> str:
        """What was passed over, in English."""
        return in_words(self.why)

    def __str__(self) -> str:
        """Return the note as one line."""
        place = [self.file, None if self.line is None else f"line {self.line}"]
        return ": ".join([*([", ".join(filter(None, place))] if any(place) else []), self.message])


def passed_over(
    what: str | Reason, why: str | Reason, line: int | None = None, file: str | None = None
) -> Note:
    """Return the note that a file's words have no place in a matrix, and why."""
    return Note(line=line, why=reason("passed-over", what=what, why=why), file=file)


@dataclass(frozen=True, kw_only=True)
class Stack:
    """What a file says. `python` is a minor version, None where it names none.

    `has_table` is false for files that have no place for one. `notes` are what was passed over.
    Where the file describes several stacks, `variants` are they, and the commands install whatever
    any of them asks for.
    """

    name: str
    file: str
    title: str
    python: str | None
    python_line: int = 1
    has_table: bool = False
    listed: tuple[Listed, ...] = ()
    commands: tuple[Command, ...]
    notes: tuple[Note, ...] = ()
    asides: tuple[Aside, ...] = ()
    variants: tuple[Variant, ...] = ()

    def on(self, python: str) -> Stack:
        """Return the stack as it is on a Python: without what a marker leaves out, as notes say."""
        notes = [
            passed_over(
                f"{item.written} ; {item.marker}",
                reason("marker-does-not-hold", python=python),
                item.line,
                item.file,
            )
            for command in self.commands
            for item in command.installs
            if not item.holds(python)
        ]
        commands = tuple(
            replace(command, installs=tuple(i for i in command.installs if i.holds(python)))
            for command in self.commands
        )
        return replace(self, commands=commands, notes=(*self.notes, *notes))

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
