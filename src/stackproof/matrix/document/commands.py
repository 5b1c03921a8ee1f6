"""Read the installer calls in a block of shell commands."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stackproof.base.public_index import is_public_index
from stackproof.errors import Problem
from stackproof.matrix.document.calls import INSTALLER_CALL, arguments, brings_packages, called
from stackproof.matrix.document.limits import limited
from stackproof.matrix.document.options import (
    is_known,
    meaning_of,
    option_of_variable,
    options_in,
    takes_value,
)
from stackproof.matrix.document.problems import problem
from stackproof.matrix.document.requirement import is_elsewhere, read_install
from stackproof.matrix.document.requirement_lines import RequirementLines
from stackproof.matrix.document.shell import (
    Word,
    apart_from_here_documents,
    logical_lines,
    simple_commands,
)
from stackproof.matrix.document.stack import Command, Install, Note, passed_over
from stackproof.matrix.document.variables import filled_in
from stackproof.reasons.reason import Reason, reason

__all__ = ["CommandReader"]

#: Where a `cd` without a folder goes.
_HOME = Word("~", 1)
#: What `uv pip install -r` takes too: files of projects and scripts, and locks.
_NO_LISTS = (".cfg", ".py", ".toml")
_PLACEHOLDER = re.compile(r"<[\w -]+>")
#: What brings up the installers themselves is no part of a stack.
_INSTALLERS = frozenset(["pip", "setuptools", "uv", "wheel"])


@dataclass
class CommandReader:
    """Collects the installer calls of a document; variables last from one block to the next.

    `find` returns where a requirements file that a call names lies, None for one that is not there,
    or why that cannot be told; without it none is read. It is given a name as seen from `folder`,
    where a block begins. `find_limits` does so for constraint files, as `find` if it is None.
    """

    file: str
    find: Callable[[str], Path | Reason | None] | None = None
    find_limits: Callable[[str], Path | None] | None = None
    folder: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    #: The folders to come back to where the subshells end that a command is in.
    _outer: list[str] = field(default_factory=list)

    def read(self, block: str, *, line: int, section: str, step: str) -> None:
        """Read one block, whose first line has the number `line`."""
        self._outer.clear()
        commands, texts = apart_from_here_documents(block)
        self.pass_over(texts, line=line, what=reason("here-document"))
        for number, text in logical_lines(commands, line):
            if _PLACEHOLDER.search(text):
                continue
            try:
                for words in simple_commands(text, number):
                    self._command(words, section, step)
            except ValueError as error:
                # What else a block shows, such as output, need not be shell at all.
                if INSTALLER_CALL.search(text):
                    message = f"the command cannot be read ({error}); close the quotation"
                    self.problems.append(problem(self.file, number, message))

    def pass_over(self, block: str, *, line: int, what: Reason) -> None:
        """Note the installer calls of a block that is not read as shell."""
        for number, text in enumerate(block.split("\n"), start=line):
            if INSTALLER_CALL.search(text):
                why = reason("not-shell", what=what)
                self.notes.append(passed_over(text.strip(), why, number))

    def assign(self, name: str, value: str, line: int) -> None:
        """Set a variable, and note one by which an installer would take an option."""
        self.variables[name] = value
        self._setting(name, value, line)

    def where(self, name: str, *, is_limit: bool) -> Path | Reason | None:
        """Return where a file lies that a call names; None or a reason if it cannot be read."""
        if is_limit and self.find_limits is not None:
            return self.find_limits(name)
        if self.find is None:
            return reason("files-unread")
        return self.find(posixpath.join(self.folder, name))

    def _command(self, words: list[Word], section: str, step: str) -> None:
        rest, assignments = called(words)
        assigned = {name: self._expand(value) for name, value in assignments}
        if not rest:
            for name, value in assigned.items():
                self.assign(name, value, words[0].line)
        elif rest[0].raw in ("(", ")", "cd"):
            self._move(rest)
        elif (given := arguments(rest)) is not None:
            for name, value in assigned.items():
                self._setting(name, value, words[0].line)
            call = _Call(reader=self, line=words[0].line)
            call.read(list(self._expanded(given)))
            if call.brings_something:
                self.commands.append(call.command(section, step))
        elif brings_packages(rest):
            shown = " ".join(word.raw for word in words)
            self.notes.append(passed_over(shown, reason("pip-alone"), rest[0].line))

    def _move(self, words: Sequence[Word]) -> None:
        """Go to the folder of a `cd`; one in parentheses lasts until they end."""
        if words[0].raw == "(":
            self._outer.append(self.folder)
        elif words[0].raw == "cd":
            self.folder = posixpath.join(self.folder, *map(self._expand, words[1:] or [_HOME]))
        elif self._outer:
            self.folder = self._outer.pop()

    def _setting(self, name: str, value: str, line: int) -> None:
        meaning = meaning_of(option_of_variable(name))
        if value and meaning != "none" and not (meaning == "index" and is_public_index(value)):
            shown = passed_over(f"{name}={value}", reason("option-by-variable"), line)
            self.notes.append(shown)

    def _expand(self, word: Word) -> str:
        return word.text if word.is_literal else filled_in(word.text, self.variables)

    def _expanded(self, words: Sequence[Word]) -> Iterator[tuple[str, Word]]:
        """Yield (text, word) with variables filled in; without quotes one may hold many words."""
        for word in words:
            text = self._expand(word)
            for part in [text] if word.is_quoted else text.split():
                yield part, word


@dataclass
class _Call:
    """One installer call, as its arguments are read."""

    reader: CommandReader
    line: int
    installs: list[Install] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    limits: list[Install] = field(default_factory=list)
    index: str | None = None
    further: list[str] = field(default_factory=list)
    reads_list: bool = False
    is_rehearsal: bool = False

    @property
    def brings_something(self) -> bool:
        """Whether an environment has more after it than before."""
        return not self.is_rehearsal and (self.reads_list or bool(self.installs))

    def read(self, arguments: Sequence[tuple[str, Word]]) -> None:
        """Take options and requirements in whatever order they stand."""
        rest = iter(arguments)
        for text, word in rest:
            if text == "--":
                continue
            if text.startswith("-"):
                self._options(text, word, rest)
            elif "$" in text or "`" in text:
                self._pass_over(text, word, reason("shell-alone"))
            elif is_elsewhere(text):
                self._pass_over(text, word, reason("names-no-release"))
            else:
                self._requirement(text, word)

    def command(self, section: str, step: str) -> Command:
        """Return what was read."""
        installs, held_to = limited(self.installs, self.limits)
        return Command(
            line=self.line,
            section=section,
            step=step,
            installs=installs,
            constraints=tuple(self.constraints),
            held_to=held_to,
            index=self.index,
            further=tuple(self.further),
            reads_list=self.reads_list,
        )

    def _options(self, text: str, word: Word, rest: Iterator[tuple[str, Word]]) -> None:
        """Take the options of a word, and the word behind it where that is the value of one."""
        held = options_in(text)
        for name, own in held:
            value = own or ""
            whole = text if len(held) == 1 else f"{name} {value}".strip()
            if own is None and takes_value(name):
                value, _ = next(rest, ("", word))
                whole = f"{whole} {value}".strip()
            self._option(name, value, whole, word)

    def _option(self, name: str, value: str, whole: str, word: Word) -> None:
        meaning = meaning_of(name)
        if not is_known(name):
            self._pass_over(whole, word, reason("option-unknown"))
        elif meaning == "constraint" and "://" in value:
            self.constraints.append(value)
        elif meaning == "constraint":
            self._file(value, whole, word, RequirementLines.constrain)
        elif meaning == "index":
            self.index = None if is_public_index(value) else value
        elif meaning == "further":
            self.further.append(whole)
        elif meaning == "rehearsal":
            self.is_rehearsal = True
        elif meaning == "list":
            self.reads_list = True
            self._file(value, whole, word, RequirementLines.include)
        elif meaning == "elsewhere":
            self._pass_over(whole, word, reason("names-no-release"))
        elif meaning == "project":
            self._pass_over(whole, word, reason("of-a-project"))

    def _file(
        self,
        name: str,
        whole: str,
        word: Word,
        read: Callable[[RequirementLines, str, int], None],
    ) -> None:
        """Take what a requirements or constraint file says, if it is there."""
        path = self.reader.where(name, is_limit=read is RequirementLines.constrain)
        if not isinstance(path, Path):
            self._pass_over(whole, word, path or reason("file-absent"))
            return
        if path.suffix in _NO_LISTS:
            self._pass_over(whole, word, reason("not-of-pip"))
            return
        lines = RequirementLines(self.reader.file, path.parent)
        read(lines, path.name, word.line)
        self.installs += lines.installs
        self.limits += lines.limits
        self.constraints += lines.constraints
        self.index = self.index or lines.index
        self.further += lines.further
        self.reader.notes += lines.notes
        self.reader.problems += lines.problems

    def _requirement(self, text: str, word: Word) -> None:
        try:
            found = read_install(text, word.line)
        except ValueError as error:
            self.reader.problems.append(problem(self.reader.file, word.line, str(error)))
            return
        if not word.is_quoted and ("<" in text or ">" in text):
            why = reason("unquoted", text=text)
            self.reader.notes.append(Note(line=word.line, why=why))
        if found.version is not None or found.name not in _INSTALLERS:
            self.installs.append(found)

    def _pass_over(self, text: str, word: Word, why: Reason) -> None:
        self.reader.notes.append(passed_over(text, why, word.line))
