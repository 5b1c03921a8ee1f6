"""Split shell text into commands and words, as a shell would, without ever asking one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Word", "apart_from_here_documents", "logical_lines", "simple_commands"]

_QUOTED = r""""(?:\\.|[^"\\])*"|'[^']*'"""
_TOKEN = re.compile(
    rf"""
    (?P<comment>\#[^\n]*)
    | (?P<redirect>(?:\d*|&)(?:<<?<?|>>?)[&|]?)
    | (?P<end>&&|\|\|?|;|&|[()])
    # A range without quotes: a shell takes what follows for a file, its author does not.
    | (?P<word>(?:[^\s"'\\;&|<>()]|(?<=[\w\],*])[<>](?==?\d)|\\.|{_QUOTED})+)
    """,
    re.VERBOSE,
)
#: `$ `, `(venv) $ `, `me@host:~/src$ `, `% `, `C:\\src> `, `PS C:\\src> `, and a notebook's `!`.
_PROMPT = re.compile(
    r"^[!%](?=\w)|^(?:\([\w.-]+\)\s*)?(?:(?:[\w.-]+@[\w.-]+[^\s$%]*\s?)?[$%]|(?:PS\s+)?[A-Z]:\\[^>]*>)\s+"
)

#: What begins a here-document (POSIX, Shell Command Language, 2.7.4), and the word that ends it.
_HERE_DOCUMENT = re.compile(r"(?<!<)<<-?[ \t]*([\"']?)([A-Za-z_]\w*)\1(?=$|[\s;&|>)])")


@dataclass(frozen=True)
class Word:
    """One word as it is written, quotes included, and its line."""

    raw: str
    line: int

    @property
    def text(self) -> str:
        """The word without its quotes."""
        return "".join(shlex.split(self.raw))

    @property
    def is_literal(self) -> bool:
        """Whether a shell leaves its variables alone."""
        return self.raw.startswith("'")

    @property
    def is_quoted(self) -> bool:
        """Whether a shell keeps it as one word, and takes no part of it for a file."""
        return '"' in self.raw or "'" in self.raw


def apart_from_here_documents(block: str) -> tuple[str, str]:
    """Return a block with the text of its here-documents left blank, and the reverse.

    Both have the lines of the block. A here-document that is never closed is taken for none.
    """
    commands = block.split("\n")
    texts = [""] * len(commands)
    number = 0
    while number < len(commands):
        begin = _HERE_DOCUMENT.search(commands[number])
        number += 1
        ends = [line.strip().removeprefix("> ") for line in commands[number:]]
        if begin and begin[2] in ends:
            end = number + ends.index(begin[2]) + 1
            texts[number:end] = commands[number:end]
            commands[number:end] = [""] * (end - number)
            number = end
    return "\n".join(commands), "\n".join(texts)


def logical_lines(block: str, line: int) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of a block whose first line has the number `line`.

    Lines that end in a backslash stay one text, with the line ends in it.
    """
    pending: list[str] = []
    for number, text in enumerate(block.split("\n"), start=line):
        pending.append(_PROMPT.sub("", text.strip()))
        if pending[-1].endswith("\\"):
            pending[-1] = pending[-1][:-1]
            continue
        yield number - len(pending) + 1, "\n".join(pending)
        pending = []
    if pending:
        yield line + block.count("\n") - len(pending) + 1, "\n".join(pending)


def simple_commands(text: str, line: int) -> Iterator[list[Word]]:
    """Yield the words of each simple command of a logical line; redirections are left out.

    A parenthesis, which begins or ends a subshell, is a command of its own.
    Raises ValueError for a quotation that is never closed.
    """
    words: list[Word] = []
    is_target = False
    for token in _tokens(text):
        if token.lastgroup == "end":
            yield words
            words = []
            if token[0] in ("(", ")"):
                yield [Word(token[0], line + text.count("\n", 0, token.start()))]
        elif token.lastgroup == "word" and not is_target:
            words.append(Word(token[0], line + text.count("\n", 0, token.start())))
        is_target = token.lastgroup == "redirect"
    yield words


def _tokens(text: str) -> Iterator[re.Match[str]]:
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        token = _TOKEN.match(text, position)
        if token is None:
            raise ValueError("No closing quotation")
        yield token
        position = token.end()
