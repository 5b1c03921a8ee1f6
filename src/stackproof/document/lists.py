"""Read a requirements file or a `pylock.toml` as a stack of one install step."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement

from stackproof.document.commands import read_install
from stackproof.document.problems import DocumentError, problem
from stackproof.document.stack import Command, Install, Stack
from stackproof.errors import Problem

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["read_lock", "read_requirements"]

_OPTION = re.compile(r"^(?:-c|--constraint|-i|--index-url)[ =]\s*(\S+)$")


def read_requirements(text: str, *, name: str, file: str) -> Stack:
    """Return the stack of a requirements file; lines that pin no exact version become notes.

    Raises DocumentError with every line that is no requirement.
    """
    problems: list[Problem] = []
    notes: list[str] = []
    installs: list[Install] = []
    options: dict[str, str] = {}
    for number, line in _logical_lines(text):
        if line.startswith("-"):
            option = _OPTION.match(line)
            if option:
                options["constraints" if line.startswith(("-c", "--c")) else "index"] = option[1]
            else:
                notes.append(f"line {number}: {line!r} was passed over; it names no package")
            continue
        try:
            found = list(_install(line))
        except ValueError as error:
            problems.append(problem(file, number, str(error)))
            continue
        if not found:
            notes.append(f"line {number}: {line!r} was passed over; it pins no version here")
        installs += found
    if not installs and not problems:
        problems.append(problem(file, 1, "pins nothing; write lines such as 'numpy==1.24.4'"))
    if problems:
        raise DocumentError(problems)
    return _one_step(name, file, installs, notes, python=None, **options)


def read_lock(text: str, *, name: str, file: str) -> Stack:
    """Return the stack of a lock file (PEP 751); packages without a version become notes.

    Raises DocumentError if it is none.
    """
    try:
        data: dict[str, Any] = tomllib.loads(text)
        packages = data["packages"]
        entries = [(item["name"], item.get("version"), item.get("marker")) for item in packages]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise DocumentError(
            [problem(file, 1, f"is not a lock file of PEP 751 ({error})")]
        ) from error
    notes: list[str] = []
    installs: list[Install] = []
    problems: list[Problem] = []
    for package, version, marker in entries:
        try:
            if version is None or (marker and not Marker(marker).evaluate()):
                notes.append(f"{package} was passed over; it has no version here")
            else:
                installs += read_install(f"{package}=={version}")
        except ValueError as error:
            problems.append(problem(file, 1, str(error)))
    if problems or not installs:
        raise DocumentError(problems or [problem(file, 1, "locks no package")])
    python = re.search(r"3\.\d+", str(data.get("requires-python", "")))
    return _one_step(name, file, installs, notes, python=python[0] if python else None)


def _one_step(
    name: str,
    file: str,
    installs: list[Install],
    notes: list[str],
    *,
    python: str | None,
    constraints: str | None = None,
    index: str | None = None,
) -> Stack:
    command = Command(
        line=1,
        section="",
        step="install",
        installs=tuple(installs),
        constraints=constraints,
        index=index,
    )
    return Stack(
        name=name,
        file=file,
        title=Path(file).name,
        python=python,
        python_line=1,
        has_table=False,
        listed=(),
        commands=(command,),
        notes=tuple(notes),
    )


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line, content) without comments and hashes, lines that go on joined."""
    pending, begin = "", 1
    for number, line in enumerate(text.splitlines(), start=1):
        begin = begin if pending else number
        pending += re.sub(r"(^|\s)#.*$", "", line).rstrip()
        if pending.endswith("\\"):
            pending = pending[:-1] + " "
            continue
        content = re.sub(r"\s--hash[= ]\S+", "", pending).strip()
        if content:
            yield begin, content
        pending = ""


def _install(line: str) -> Iterator[Install]:
    """Yield what a line pins; nothing if it pins no version, or its marker does not hold here."""
    text, _, marker = line.partition(";")
    found = read_install(text.strip())
    if not found:
        return
    try:
        holds = not marker.strip() or bool(Requirement(f"x ; {marker}").marker.evaluate())  # type: ignore[union-attr]
    except InvalidRequirement:
        raise ValueError(f"{line!r}: its marker cannot be read") from None
    if holds:
        yield from found
