"""Read the installer calls in a block of shell commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stackproof.base.public_index import is_public_index
from stackproof.errors import Problem
from stackproof.matrix.document.limits import limited
from stackproof.matrix.document.options import split_option, takes_value
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
from stackproof.reasons.reason import Reason, reason

__all__ = ["CommandReader"]

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
#: A line that is clearly a command, not what one printed.
_INSTALLER_CALL = re.compile(
    r"(?:^|&&|;|>)\s*[!%]?\s*(?:sudo\s+|uv\s+|\S+\s+-m\s+)*\S*pip[\d.]*\s+(?:-\S+\s+)*install\s"
)
_PIP = re.compile(r"(?:.*[/\\])?pip[\d.]*(?:\.exe)?")
#: What may stand before a command without changing what it installs.
_BEFORE = ("sudo", "!", "%", "RUN", "export", "env", "time", "then", "do", "else")
#: Programs whose `run` starts a command in an environment of theirs.
_RUNNERS = ("conda", "hatch", "mamba", "micromamba", "pdm", "pipenv", "pixi", "poetry", "uv")
#: The options of all these whose value is a word of its own.
_VALUED_BEFORE = frozenset(
    [
        *("-C", "-D", "-e", "-g", "-h", "-n", "-p", "-u"),
        *("--cwd", "--directory", "--env-file", "--environment", "--extra", "--group", "--name"),
        *("--prefix", "--project", "--python", "--user", "--with", "--with-requirements"),
    ]
)
#: What only prints its arguments.
_PRINTS = ("echo", "printf", "Write-Host", "Write-Output")
#: Calls that bring packages too, and are not read.
_OTHERS = {
    "conda": ("install",),
    "mamba": ("install",),
    "pdm": ("add",),
    "pipenv": ("install",),
    "poetry": ("add",),
    "pipx": ("install",),
    "uv": ("add", "sync", "tool"),
}
_PLACEHOLDER = re.compile(r"<[\w -]+>")
#: What brings up the installers themselves is no part of a stack.
_INSTALLERS = frozenset(["pip", "setuptools", "uv", "wheel"])


@dataclass
class CommandReader:
    """Collects the installer calls of a document; variables last from one block to the next.

    `find` returns where a requirements file that a call names lies, None for one that is not there;
    without it none is read. `find_limits` does so for constraint files, as `find` if it is None.
    """

    file: str
    find: Callable[[str], Path | None] | None = None
    find_limits: Callable[[str], Path | None] | None = None
    commands: list[Command] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    _variables: dict[str, str] = field(default_factory=dict)

    def read(self, block: str, *, line: int, section: str, step: str) -> None:
        """Read one block, whose first line has the number `line`."""
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
                if _INSTALLER_CALL.search(text):
                    message = f"the command cannot be read ({error}); close the quotation"
                    self.problems.append(problem(self.file, number, message))

    def pass_over(self, block: str, *, line: int, what: Reason) -> None:
        """Note the installer calls of a block that is not read as shell."""
        for number, text in enumerate(block.split("\n"), start=line):
            if _INSTALLER_CALL.search(text):
                why = reason("not-shell", what=what)
                self.notes.append(passed_over(text.strip(), why, number))

    def _command(self, words: list[Word], section: str, step: str) -> None:
        rest, assignments = _called(words)
        assigned = {name: self._expand(value) for name, value in assignments}
        if not rest:
            self._variables |= assigned
        elif (arguments := _arguments(rest)) is not None:
            call = _Call(reader=self, line=words[0].line)
            call.read(list(self._expanded(arguments)))
            if call.brings_something:
                self.commands.append(call.command(section, step))
        elif rest[0].raw not in _PRINTS and _brings_packages(rest):
            shown = " ".join(word.raw for word in words)
            why = reason("pip-alone")
            self.notes.append(passed_over(shown, why, rest[0].line))

    def _expand(self, word: Word) -> str:
        if word.is_literal:
            return word.text
        return _VARIABLE.sub(lambda m: self._variables.get(m[1] or m[2], m[0]), word.text)

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
                following, _ = next(rest, ("", word)) if takes_value(text) else ("", word)
                self._option(text, following, word)
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

    def _option(self, option: str, following: str, word: Word) -> None:
        meaning, value = split_option(option, following)
        whole = f"{option} {following}".strip()
        if meaning == "constraint" and "://" in value:
            self.constraints.append(value)
        elif meaning == "constraint":
            find = self.reader.find_limits or self.reader.find
            self._file(value, whole, word, find, RequirementLines.constrain)
        elif meaning == "index":
            self.index = None if is_public_index(value) else value
        elif meaning == "further":
            self.further.append(whole)
        elif meaning == "rehearsal":
            self.is_rehearsal = True
        elif meaning == "list":
            self.reads_list = True
            self._file(value, whole, word, self.reader.find, RequirementLines.include)
        elif meaning == "elsewhere":
            self._pass_over(whole, word, reason("names-no-release"))

    def _file(
        self,
        name: str,
        whole: str,
        word: Word,
        find: Callable[[str], Path | None] | None,
        read: Callable[[RequirementLines, str, int], None],
    ) -> None:
        """Take what a requirements or constraint file says, if it is there."""
        if find is None:
            self._pass_over(whole, word, reason("files-unread"))
            return
        path = find(name)
        if path is None:
            self._pass_over(whole, word, reason("file-absent"))
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


def _called(words: Sequence[Word]) -> tuple[list[Word], list[tuple[str, Word]]]:
    """Return the command behind all that may stand before one, and what is assigned there."""
    rest, assigned = list(words), []
    is_behind = False
    while rest:
        raw = rest[0].raw
        if match := _ASSIGNMENT.fullmatch(raw):
            assigned.append((match[1], Word(match[2], rest[0].line)))
            del rest[0]
        elif raw in _BEFORE:
            is_behind = True
            del rest[0]
        elif raw in _RUNNERS and rest[1:] and rest[1].raw == "run":
            is_behind = True
            del rest[:2]
        elif is_behind and raw.startswith("-") and raw != "-m":
            has_value = raw in _VALUED_BEFORE and rest[1:] and _arguments(rest[1:]) is None
            del rest[: 2 if has_value else 1]
        else:
            break
    if rest and rest[0].raw == "-m":  # as in `uv run -m pip install`
        rest.insert(0, Word("python", rest[0].line))
    return rest, assigned


def _brings_packages(words: Sequence[Word]) -> bool:
    """Tell whether a command brings packages in a way that is not read."""
    raw = [word.raw for word in words]
    return (
        (raw[1:2] != [] and raw[1] in _OTHERS.get(raw[0], ()))
        # An installer call that something else is to carry out, such as `docker run`, `sh -c`.
        or any(_arguments(words[begin:]) is not None for begin in range(1, len(words)))
        or any(_INSTALLER_CALL.search(f"{word.text} ") for word in words if word.is_quoted)
    )


def _arguments(words: Sequence[Word]) -> Sequence[Word] | None:
    """Return what stands behind `pip install`, however pip is called; None for another command."""
    raw = [word.raw for word in words]
    begin = 1 if _PIP.fullmatch(raw[0]) else 0
    if not begin and "-m" in raw[1:3]:
        module = raw.index("-m") + 1
        begin = module + 1 if raw[module : module + 1] == ["pip"] else 0
    elif not begin and raw[0] == "uv" and raw[1:2] == ["pip"]:
        begin = 2
    if not begin:
        return None
    while raw[begin : begin + 1] and raw[begin].startswith("-"):
        begin += 2 if takes_value(raw[begin]) else 1
    return words[begin + 1 :] if raw[begin : begin + 1] == ["install"] else None
