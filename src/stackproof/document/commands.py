"""Read the installer calls in a block of shell commands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import dropwhile

from stackproof.document.options import split_option, takes_value
from stackproof.document.problems import problem
from stackproof.document.requirement import is_elsewhere, read_install
from stackproof.document.shell import Word, logical_lines, simple_commands
from stackproof.document.stack import Command, Install, Note
from stackproof.errors import Problem

__all__ = ["CommandReader"]

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
#: A line that is clearly a command, not what one printed.
_INSTALLER_CALL = re.compile(
    r"(?:^|&&|;|>)\s*[!%]?\s*(?:sudo\s+|uv\s+|\S+\s+-m\s+)*\S*pip[\d.]*\s+(?:-\S+\s+)*install\s"
)
_PIP = re.compile(r"(?:.*[/\\])?pip[\d.]*(?:\.exe)?")
#: What may stand before a command without changing what it installs.
_BEFORE = ("sudo", "!", "%", "RUN", "export", "-E", "-H", "env", "time", "then", "do", "else")
#: Calls that bring packages too, and are not read.
_OTHERS = {
    "conda": ("install",),
    "mamba": ("install",),
    "pdm": ("add",),
    "pipenv": ("install",),
    "poetry": ("add",),
    "uv": ("add", "sync"),
}
_PLACEHOLDER = re.compile(r"<[\w -]+>")
#: What brings up the installers themselves is no part of a stack.
_INSTALLERS = frozenset(["pip", "setuptools", "uv", "wheel"])


@dataclass
class CommandReader:
    """Collects the installer calls of a document; variables last from one block to the next.

    Markers of requirements are judged for `python`.
    """

    file: str
    python: str
    commands: list[Command] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    _variables: dict[str, str] = field(default_factory=dict)

    def read(self, block: str, *, line: int, section: str, step: str) -> None:
        """Read one block, whose first line has the number `line`."""
        for number, text in logical_lines(block, line):
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

    def pass_over(self, block: str, *, line: int, what: str) -> None:
        """Note the installer calls of a block that is not read as shell."""
        for number, text in enumerate(block.split("\n"), start=line):
            if _INSTALLER_CALL.search(text):
                message = f"{text.strip()!r} was passed over; {what} is not read as shell"
                self.notes.append(Note(line=number, message=message))

    def _command(self, words: list[Word], section: str, step: str) -> None:
        rest = list(dropwhile(lambda word: word.raw in _BEFORE, words))
        assigned: dict[str, str] = {}
        while rest and (match := _ASSIGNMENT.fullmatch(rest[0].raw)):
            assigned[match[1]] = self._expand(Word(match[2], rest[0].line))
            del rest[0]
        if not rest:
            self._variables |= assigned
        elif (arguments := _arguments(rest)) is not None:
            call = _Call(reader=self, line=words[0].line)
            call.read(list(self._expanded(arguments)))
            if call.brings_something:
                self.commands.append(call.command(section, step))
        elif rest[1:] and rest[1].raw in _OTHERS.get(rest[0].raw, ()):
            shown = " ".join(word.raw for word in rest)
            message = f"{shown!r} was passed over; only calls of pip install are read"
            self.notes.append(Note(line=rest[0].line, message=message))

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
                self._pass_over(text, word, "only a shell knows what it stands for")
            elif is_elsewhere(text):
                self._pass_over(text, word, "it names no release of an index")
            else:
                self._requirement(text, word)

    def command(self, section: str, step: str) -> Command:
        """Return what was read."""
        return Command(
            line=self.line,
            section=section,
            step=step,
            installs=tuple(self.installs),
            constraints=tuple(self.constraints),
            index=self.index,
            further=tuple(self.further),
            reads_list=self.reads_list,
        )

    def _option(self, option: str, following: str, word: Word) -> None:
        meaning, value = split_option(option, following)
        whole = f"{option} {following}".strip()
        if meaning == "constraint":
            self.constraints.append(value)
        elif meaning == "index":
            self.index = value
        elif meaning == "further":
            self.further.append(whole)
        elif meaning == "rehearsal":
            self.is_rehearsal = True
        elif meaning == "list":
            self.reads_list = True
            self._pass_over(whole, word, "no file beside the document is read")
        elif meaning == "elsewhere":
            self._pass_over(whole, word, "it names no release of an index")

    def _requirement(self, text: str, word: Word) -> None:
        try:
            found = read_install(text, word.line, self.reader.python)
        except ValueError as error:
            self.reader.problems.append(problem(self.reader.file, word.line, str(error)))
            return
        if found is None:
            why = f"its marker does not hold for Python {self.reader.python}"
            self._pass_over(text, word, why)
            return
        if not word.is_quoted and ("<" in text or ">" in text):
            message = f"{text} stands without quotes: a shell takes what follows < or > for a file"
            self.reader.notes.append(Note(line=word.line, message=message))
        if found.version is not None or found.name not in _INSTALLERS:
            self.installs.append(found)

    def _pass_over(self, text: str, word: Word, why: str) -> None:
        self.reader.notes.append(Note(line=word.line, message=f"{text!r} was passed over; {why}"))


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
