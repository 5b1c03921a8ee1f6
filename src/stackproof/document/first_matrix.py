"""Write a first matrix file from what a document, a requirements file or a lock file says."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import tomlkit
from tomlkit.items import AoT, Table

from stackproof.document.names import imports
from stackproof.document.stack import Command, Install, Listed, Stack

__all__ = ["first_matrix"]


def first_matrix(stack: Stack, *, python: str | None = None) -> str:
    """Return the text of a matrix file; `python` stands in for a version the stack does not name.

    What cannot be known from the stack alone (the modules to import, the role of a pin, the checks
    that prove a claim) is filled in with what is most likely, for the user to look over.
    """
    document = tomlkit.document()
    document.add(
        tomlkit.comment("Written by `nox -s matrix-from`; look over imports, roles, claims.")
    )
    document["format"] = 1
    document["title"] = stack.title
    document["document"] = stack.file
    document["python"] = python or stack.python or _this_python()
    constraints, indexes = _constraints(stack), _indexes(stack)
    if constraints:
        document["constraints"] = constraints
    if indexes:
        document["indexes"] = indexes
    document["pins"] = _pins(stack)
    document["stages"] = _stages(stack)
    rows = tomlkit.table(is_super_table=True)
    rows["documented"] = _table(summary="Literally what the document's steps do, nothing mended.")
    document["rows"] = rows
    return tomlkit.dumps(document)


def _this_python() -> str:
    return ".".join(platform.python_version_tuple()[:2])


def _table(**values: object) -> Table:
    table = tomlkit.table()
    for key, value in values.items():
        table[key.replace("_", "-")] = value
    return table


def _array(tables: Iterator[Table]) -> AoT:
    array = tomlkit.aot()
    for table in tables:
        array.append(table)
    return array


def _pins(stack: Stack) -> AoT:
    installed = {item.name: item for command in stack.steps for item in command.installs}
    listed = {item.name: item for item in stack.listed}
    names = [*listed, *(name for name in installed if name not in listed)]
    return _array(_pin(name, listed.get(name), installed.get(name), stack.listed) for name in names)


def _pin(
    name: str, listed: Listed | None, install: Install | None, others: Sequence[Listed]
) -> Table:
    version = listed.version if listed else install.version if install else ""
    table = _table(
        name=name,
        version=version,
        imports=[imports(name)],
        area=listed.area if listed else "-",
        role=listed.label if listed else name,
    )
    if install and install.extras:
        table["extras"] = list(install.extras)
    if listed and listed.remarks:
        claims = tomlkit.array()
        for text in listed.remarks:
            claim = tomlkit.inline_table()
            claim.update({"text": text, "checks": list(_checks(name, text, others))})
            claims.append(claim)
        table["claims"] = claims.multiline(multiline=True)
    return table


def _checks(name: str, text: str, others: Sequence[Listed]) -> Iterator[str]:
    """Yield the checks of an audit that a claim clearly rests on; none for one in other words."""
    words = text.lower()
    if "constraint" in words:
        yield f"constraints:{name}"
    if "python " in words:
        yield f"python:{name}"
    for other in others:
        called = other.label.lower().split()[-1]
        if other.name != name and re.search(rf"(?<![\w-]){re.escape(called)}(?![\w-])", words):
            yield f"pairwise:{name}:{other.name}"


def _stages(stack: Stack) -> AoT:
    taken: set[str] = set()
    return _array(_stage(command, stack, taken) for command in stack.steps)


def _stage(command: Command, stack: Stack, taken: set[str]) -> Table:
    first = command.installs[0].name
    name = next(
        text
        for text in (first, *(f"{first}-{number}" for number in range(2, len(stack.steps) + 2)))
        if text not in taken
    )
    taken.add(name)
    table = _table(
        name=name,
        step=command.step or "-",
        pins=list(dict.fromkeys(item.name for item in command.installs)),
    )
    if command.constraints and _constraint_source(command):
        table["constraints"] = first
    if command.index:
        table["index"] = _index_name(command.index)
    return table


def _constraints(stack: Stack) -> Table | None:
    found = tomlkit.table(is_super_table=True)
    for command in stack.steps:
        source = _constraint_source(command)
        if source is not None:
            found[command.installs[0].name] = source
    return found if len(found) else None


def _constraint_source(command: Command) -> Table | None:
    """Return where a command's constraint file lies, by the version that stands in its address."""
    if not command.constraints or "://" not in command.constraints:
        return None
    owner = next(
        (item for item in command.installs if item.version in command.constraints),
        command.installs[0],
    )
    url = command.constraints.replace(owner.version, "{version}")
    url = re.sub(r"(?<=[-/])3\.\d+(?=\D)", "{python}", url)
    return _table(url=url, pin=owner.name)


def _indexes(stack: Stack) -> Table | None:
    found = tomlkit.table(is_super_table=True)
    for command in stack.steps:
        if command.index:
            # Not known from here; without upload times a row with a date passes the index over.
            found[_index_name(command.index)] = _table(url=command.index, upload_times=False)
    return found if len(found) else None


def _index_name(url: str) -> str:
    parts = urlsplit(url)
    words = re.findall(r"[a-z0-9]+", f"{parts.hostname or ''}{parts.path}".lower())
    return "-".join(words) or "index"
