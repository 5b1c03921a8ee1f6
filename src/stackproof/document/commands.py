"""Read the installer calls in a block of shell commands."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from stackproof.document.problems import problem
from stackproof.document.stack import Command, Install
from stackproof.errors import Problem

__all__ = ["CommandReader", "read_install"]

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_ASSIGNMENT = re.compile(r"^(?:export\s+)?([A-Za-z_]\w*)=(.*)$")
_PIP = re.compile(r"^(?:\S+\s+-m\s+|uv\s+)?pip3?\s+install\s")
_PLACEHOLDER = re.compile(r"<[\w -]+>")


class _NotOursError(Exception):
    """The call is one that a reader is to fill in, or that argparse cannot make out."""


class _Options(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise _NotOursError(message)


def _options() -> _Options:
    options = _Options(add_help=False, allow_abbrev=False)
    options.add_argument("requirements", nargs="*")
    options.add_argument("-c", "--constraint")
    options.add_argument("-i", "--index-url", "--default-index")
    for ignored in ("-r", "--requirement", "--extra-index-url", "--cache-dir", "--use-feature"):
        options.add_argument(ignored, action="append")
    return options


@dataclass
class CommandReader:
    """Collects the installer calls of a document; variables last from one block to the next."""

    file: str
    commands: list[Command] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _variables: dict[str, str] = field(default_factory=dict)

    def read(self, block: str, *, line: int, section: str, step: str) -> None:
        """Read one block, whose first line has the number `line`."""
        for number, text in _joined(block, line):
            assignment = _ASSIGNMENT.match(text)
            if assignment:
                self._assign(assignment[1], assignment[2])
            elif _PIP.match(text) and not _PLACEHOLDER.search(text):
                self._call(number, self._expand(text), section, step)

    def _assign(self, name: str, value: str) -> None:
        words = shlex.split(self._expand(value), comments=True) if value.count('"') % 2 == 0 else []
        self._variables[name] = words[0] if words else ""

    def _expand(self, text: str) -> str:
        return _VARIABLE.sub(lambda m: self._variables.get(m[1] or m[2], m[0]), text)

    def _call(self, number: int, text: str, section: str, step: str) -> None:
        try:
            words = shlex.split(_PIP.sub("", text), comments=True)
            given, _ = _options().parse_known_args(words)
        except ValueError as error:
            message = f"the command cannot be read ({error}); close the quotation"
            self.problems.append(problem(self.file, number, message))
            return
        except _NotOursError:
            return
        installs: list[Install] = []
        for word in given.requirements:
            try:
                installs += read_install(word)
            except ValueError as error:
                self.problems.append(problem(self.file, number, str(error)))
        if installs:
            self.commands.append(
                Command(
                    line=number,
                    section=section,
                    step=step,
                    installs=tuple(installs),
                    constraints=given.constraint,
                    index=given.index_url,
                )
            )


def read_install(text: str) -> list[Install]:
    """Return what a requirement with an exact version installs, nothing for one without.

    Raises ValueError for what is no requirement, or not a version.
    """
    name, equals, version = text.partition("==")
    try:
        requirement = Requirement(name if equals else text)
        if not equals or requirement.url is not None:
            return []
        Version(version.strip())
    except InvalidVersion:
        raise ValueError(f"{text!r}: {version.strip()!r} is not a version") from None
    except InvalidRequirement:
        raise ValueError(f"{text!r} is not a requirement; its name is not one") from None
    return [
        Install(
            name=str(canonicalize_name(requirement.name)),
            extras=tuple(sorted(requirement.extras)),
            version=version.strip(),
        )
    ]


def _joined(block: str, line: int) -> Iterator[tuple[int, str]]:
    """Yield (line, command) of a block, lines that end in a backslash joined with the next."""
    pending, begin = "", line
    for number, text in enumerate(block.splitlines(), start=line):
        begin = begin if pending else number
        pending += text.strip().removeprefix("$ ")
        if pending.endswith("\\"):
            pending = pending[:-1]
            continue
        if pending:
            yield begin, pending
        pending = ""
    if pending:
        yield begin, pending
