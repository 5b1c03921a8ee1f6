"""Read a Markdown document: its version tables and the install commands of its code blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from stackproof.errors import Problem
from stackproof.matrix.document.commands import CommandReader
from stackproof.matrix.document.problems import DocumentError, problem
from stackproof.matrix.document.requirement_lines import RequirementLines
from stackproof.matrix.document.stack import Aside, Command, Stack, passed_over
from stackproof.matrix.document.stack_rows import StackRows
from stackproof.matrix.document.tables import TableReader, all_tables, broken_tables
from stackproof.matrix.document.text import read_text
from stackproof.reasons.reason import reason

__all__ = ["read_markdown"]

_SHELLS = frozenset(
    [
        "",
        "bash",
        "bat",
        "cmd",
        "console",
        "docker",
        "dockerfile",
        "fish",
        "plaintext",
        "powershell",
        "ps1",
        "pwsh",
        "sh",
        "sh-session",
        "shell",
        "shell-session",
        "terminal",
        "text",
        "txt",
        "zsh",
    ]
)
_LISTS = ("requirements", "requirements.txt", "pip-requirements")
#: Blocks that say of themselves no more than that they are text.
_PLAIN = ("", "plaintext", "text", "txt")


@dataclass(frozen=True, kw_only=True)
class _Block:
    """A code block: its language, and its text, which begins at `line`."""

    language: str
    text: str
    line: int
    section: str
    step: str


def read_markdown(path: Path, *, name: str) -> Stack:
    """Return the stack of a document.

    Raises DocumentError with every problem: no version table, a broken one, a code block that is
    never closed, a version that is none, a name that is none.
    """
    text, file = read_text(path), path.name
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    # As Markdown counts them; to Python a form feed would end a line too.
    lines = re.split(r"\r\n|\r|\n", text)
    blocks = list(_blocks(tokens))
    reader = _read_blocks(blocks, path)
    tables = _read_tables(tokens, lines, file, reader)
    problems = [*_open_blocks(tokens, file), *broken_tables(tokens, lines, file)]
    problems += [*reader.problems, *tables.problems]
    stacks = StackRows()
    stacks.read(list(all_tables(tokens)))
    if not tables.found and not stacks.variants and not problems:
        message = (
            "there is no table with a column for packages and one for versions, nor one with a "
            "stack a row and a package a column"
        )
        problems.append(problem(file, 1, message))
    if problems:
        raise DocumentError(sorted(problems, key=lambda item: int(item.where.split()[1])))
    title = _title(tokens) or name
    if not tables.found:
        return _of_rows(stacks, reader, name=name, file=file, title=title)
    return Stack(
        name=name,
        file=file,
        title=title,
        python=tables.python,
        python_line=tables.python_line,
        has_table=True,
        listed=tuple(tables.listed),
        commands=tuple(reader.commands),
        notes=tuple(reader.notes),
        asides=(*_comments(blocks, reader), *_spans(tokens)),
    )


def _of_rows(
    stacks: StackRows, reader: CommandReader, *, name: str, file: str, title: str
) -> Stack:
    """Return the stacks of a table that has one a row; what commands install is in no table."""
    installs = tuple(item for variant in stacks.variants for item in variant.installs)
    line = stacks.variants[0].line
    command = Command(line=line, section="", step=title, installs=installs, is_list=True)
    why = reason("rows-of-its-table")
    calls = [
        passed_over(", ".join(item.written for item in call.installs), why, call.line)
        for call in reader.commands
        if call.installs
    ]
    return Stack(
        name=name,
        file=file,
        title=title,
        python=stacks.variants[0].python,
        commands=(command,),
        notes=(*stacks.notes, *reader.notes, *calls),
        variants=tuple(stacks.variants),
    )


def _comments(blocks: Sequence[_Block], reader: CommandReader) -> Iterator[Aside]:
    """Yield each comment of a block that installs something, as one about what it installs."""
    for block in blocks:
        lines = dict(enumerate(block.text.split("\n"), start=block.line))
        calls = [command for command in reader.commands if command.line in lines]
        about = frozenset(name for command in calls for name in command.names)
        for number, text in lines.items():
            if about and text.lstrip().startswith("#"):
                yield Aside(line=number, text=text.strip(), about=about)


def _spans(tokens: Sequence[Token]) -> Iterator[Aside]:
    """Yield each piece of code within a sentence; a table's cells are read as such."""
    for before, token in pairwise(tokens):
        if token.type == "inline" and before.type not in ("td_open", "th_open"):
            line = (token.map or [0])[0] + 1
            for part in token.children or []:
                line += part.type in ("softbreak", "hardbreak")
                if part.type == "code_inline":
                    yield Aside(line=line, text=part.content)


def _read_tables(
    tokens: Sequence[Token], lines: Sequence[str], file: str, reader: CommandReader
) -> TableReader:
    installed = frozenset(name for command in reader.commands for name in command.names)
    tables = TableReader(file, lines, installed)
    tables.read(tokens)
    return tables


def _open_blocks(tokens: Sequence[Token], file: str) -> Iterator[Problem]:
    """Yield a problem for each code block that ends only because what it stands in does.

    Or only at the end of the next one, whose beginning it then holds as a line of its own.
    """
    for token in tokens:
        if token.type == "fence" and token.map:
            begin, end = token.map
            content = token.content.removesuffix("\n")
            inside = content.count("\n") + 1 if token.content else 0
            opening = re.search(rf"^ {{0,3}}{token.markup}+[^\s`~]", content, re.MULTILINE)
            if end - begin < inside + 2:
                message = f"the code block is never closed by {token.markup}"
                yield problem(file, begin + 1, message)
            elif opening:
                line = begin + 2 + content.count("\n", 0, opening.start())
                message = f"the code block is not closed by {token.markup} before line {line}"
                yield problem(file, begin + 1, f"{message} begins another")


def _title(tokens: Sequence[Token]) -> str:
    return next((heading.content for tag, heading in _headings(tokens) if tag == "h1"), "")


def _headings(tokens: Sequence[Token]) -> Iterator[tuple[str, Token]]:
    for before, token in pairwise(tokens):
        if before.type == "heading_open":
            yield before.tag, token


def _blocks(tokens: Sequence[Token]) -> Iterator[_Block]:
    """Yield every block of code or HTML, with the headings that it stands under."""
    headings = {id(token): tag for tag, token in _headings(tokens)}
    section = step = ""
    for token in tokens:
        if tag := headings.get(id(token)):
            step = token.content
            section = step if tag in ("h1", "h2") else section
        elif token.type in ("fence", "code_block", "html_block") and token.map:
            words = re.split(r"[\s{,:]", token.info.strip().lower())
            language = "HTML" if token.type == "html_block" else words[0]
            line = token.map[0] + (2 if token.type == "fence" else 1)
            yield _Block(
                language=language, text=token.content, line=line, section=section, step=step
            )


def _read_blocks(blocks: Sequence[_Block], path: Path) -> CommandReader:
    """Return what the blocks install, held to the constraint files that lie beside the document.

    Lists that a document installs from are blocks of its own.
    """

    def beside(name: str) -> Path | None:
        file = path.parent / name
        return file if "://" not in name and file.is_file() else None

    reader = CommandReader(path.name, find_limits=beside)
    for block in blocks:
        lines = RequirementLines(path.name, find_limits=beside)
        if block.language in (*_LISTS, *_PLAIN):
            lines.read(block.text, block.line)
        pins = any(item.version is not None for item in lines.installs)
        if block.language in _LISTS or (pins and not lines.problems):
            reader.problems += lines.problems
            reader.notes += lines.notes
            reader.commands.append(
                lines.command(line=block.line, section=block.section, step=block.step)
            )
        elif block.language in _SHELLS:
            reader.read(block.text, line=block.line, section=block.section, step=block.step)
        else:
            reader.pass_over(
                block.text, line=block.line, what=reason("block", language=block.language)
            )
    return reader
