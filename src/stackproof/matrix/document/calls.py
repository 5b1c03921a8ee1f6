"""Tell which command calls an installer, however it is called and whatever stands before it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stackproof.matrix.document.options import takes_value
from stackproof.matrix.document.shell import Word

__all__ = ["INSTALLER_CALL", "arguments", "brings_packages", "called"]

#: A line that is clearly a command, not what one printed.
INSTALLER_CALL = re.compile(
    r"(?:^|&&|;|>)\s*[!%]?\s*(?:sudo\s+|uv\s+|\S+\s+-m\s+)*\S*pip[\d.]*\s+(?:-\S+\s+)*install\s"
)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
#: The name of a program, wherever it lies, without its version: `/venv/bin/pip3.11`.
_PROGRAM = re.compile(r"(?:.*[/\\])?([\w-]+?)[\d.]*(?:\.exe)?")
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
_READ = ("pip install", "uv pip install")
_OF_CONDA = ("create", "install", "env create", "env update")
#: Calls that bring packages too, and are not read.
_OTHERS = (
    *("easy_install", "pip-sync", "pipx inject", "pipx install", "pixi add", "pixi install"),
    *(f"{tool} {command}" for tool in ("conda", "mamba", "micromamba") for command in _OF_CONDA),
    *("pdm add", "pdm install", "pdm sync", "pdm update"),
    *("pipenv install", "pipenv sync", "pipenv update"),
    *("poetry add", "poetry install", "poetry sync", "poetry update"),
    *("uv add", "uv pip sync", "uv sync", "uv tool install"),
)
_PROGRAMS = frozenset(call.split()[0] for call in (*_READ, *_OTHERS))


def called(words: Sequence[Word]) -> tuple[list[Word], list[tuple[str, Word]]]:
    """Return the command behind all that may stand before one, and what is assigned there."""
    rest, assigned = list(words), []
    is_behind = False
    while rest:
        raw = rest[0].raw
        if match := _ASSIGNMENT.fullmatch(raw):
            assigned.append((match[1], Word(match[2], rest[0].line)))
            del rest[0]
        elif raw.rpartition("/")[2] in _BEFORE:
            is_behind = True
            del rest[0]
        elif raw in _RUNNERS and rest[1:] and rest[1].raw == "run":
            is_behind = True
            del rest[:2]
        elif is_behind and raw.startswith("-") and raw != "-m":
            has_value = raw in _VALUED_BEFORE and rest[1:] and arguments(rest[1:]) is None
            del rest[: 2 if has_value else 1]
        else:
            break
    if rest and rest[0].raw == "-m":  # as in `uv run -m pip install`
        rest.insert(0, Word("python", rest[0].line))
    return rest, assigned


def arguments(words: Sequence[Word]) -> Sequence[Word] | None:
    """Return what stands behind `pip install`, however pip is called; None for another command."""
    found = (_behind(words, call) for call in _READ)
    return next((rest for rest in found if rest is not None), None)


def brings_packages(words: Sequence[Word]) -> bool:
    """Tell whether a command brings packages in a way that is not read.

    So does an installer call that something else is to carry out, as `docker run` or `sh -c`.
    """
    if words[0].raw in _PRINTS:
        return False
    begins = (number for number, word in enumerate(words) if _program(word) in _PROGRAMS)
    return any(
        _behind(words[begin:], call) is not None for begin in begins for call in (*_READ, *_OTHERS)
    ) or any(INSTALLER_CALL.search(f"{word.text} ") for word in words if word.is_quoted)


def _behind(words: Sequence[Word], call: str) -> Sequence[Word] | None:
    """Return what stands behind the name of a call, in which options may stand; else None."""
    rest = [word.raw for word in words]
    if module := re.match(r"\S+ (?:-\S+ )?-m ", " ".join(rest)):
        del rest[: module[0].count(" ")]
    program, *commands = call.split()
    if not rest or _program(words[len(words) - len(rest)]) != program:
        return None
    del rest[0]
    for command in commands:
        while rest and rest[0].startswith("-"):
            del rest[: 2 if takes_value(rest[0]) else 1]
        if rest[:1] != [command]:
            return None
        del rest[0]
    return words[len(words) - len(rest) :]


def _program(word: Word) -> str | None:
    """Return the name of the program that a word may stand for, whose path may be quoted."""
    match = _PROGRAM.fullmatch(word.raw) or _PROGRAM.fullmatch(word.text)
    return match[1] if match else None
