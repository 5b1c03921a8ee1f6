"""Write a first matrix file from what a document, a requirements file or a lock file says."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import tomlkit
from packaging.requirements import Requirement
from packaging.version import Version
from tomlkit.items import AoT, Table

from stackproof.matrix.document.requirement import this_python
from stackproof.matrix.document.stack import Command, Install, Listed, Note, Stack

__all__ = ["first_matrix", "left_out"]


def first_matrix(stack: Stack, *, python: str | None = None) -> str:
    """Return the text of a matrix file; `python` stands in for a version the stack does not name.

    What cannot be known from the stack alone (the role of a pin, the checks that prove a claim) is
    filled in with what is most likely, for the user to look over. The modules to import are left
    out: what a distribution installs says so.
    """
    python = python or stack.python or this_python()
    stack = stack.on(python)
    document = tomlkit.document()
    document.add(tomlkit.comment("Written by `nox -s matrix-from`; look over roles and claims."))
    document["format"] = 1
    document["title"] = stack.title
    document["document"] = stack.file
    document["python"] = python
    constraints, indexes = _constraints(stack), _indexes(stack)
    if constraints:
        document["constraints"] = constraints
    if indexes:
        document["indexes"] = indexes
    pins = _wanted(stack)
    owners = {str(source["pin"]) for source in (constraints or {}).values()}
    document["pins"] = _array(_pin(pin, stack.listed, owners) for pin in pins)
    document["stages"] = _array(_stages(stack, {pin.name for pin in pins}))
    rows = tomlkit.table(is_super_table=True)
    rows["documented"] = _table(summary="Literally what the document's steps do, nothing fixed.")
    document["rows"] = rows
    return tomlkit.dumps(document)


def left_out(stack: Stack) -> Iterator[Note]:
    """Yield a note for each word of the steps that has no place in a matrix."""
    names = {pin.name for pin in _wanted(stack)}
    for command in stack.steps:
        for item in command.installs:
            if item.name not in names and not _is_range(item):
                message = f"{item.written!r} was passed over; it says no version"
                yield Note(line=item.line, message=message)
        for text in command.further:
            message = f"{text!r} was passed over; a stage has no such option"
            yield Note(line=command.line, message=message)
        if command.constraints and not _constraint_source(command):
            message = f"{command.constraints[0]!r} was passed over; it is no address"
            yield Note(line=command.line, message=message)


def _is_range(item: Install) -> bool:
    """Tell whether it asks for some versions and for no single one: a stage can ask so too."""
    return item.version is None and bool(Requirement(item.written).specifier)


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """A pin to write: what the table lists of it, and the first step's word that has a version."""

    name: str
    version: str
    listed: Listed | None
    install: Install | None


def _wanted(stack: Stack) -> list[_Wanted]:
    """Return the pins, in the order of the table, then of the steps."""
    listed: dict[str, Listed] = {}
    installed: dict[str, Install] = {}
    for row in stack.listed:
        listed.setdefault(row.name, row)
    for command in stack.steps:
        for item in command.installs:
            if item.version is not None or item.name in listed:
                installed.setdefault(item.name, item)
    versions = {name: item.version for name, item in installed.items()}
    versions |= {name: row.version for name, row in listed.items()}
    return [
        _Wanted(
            name=name,
            version=str(Version(versions[name] or "")),
            listed=listed.get(name),
            install=installed.get(name),
        )
        for name in dict.fromkeys([*listed, *installed])
    ]


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


def _pin(pin: _Wanted, others: Sequence[Listed], owners: Collection[str]) -> Table:
    table = _table(
        name=pin.name,
        version=pin.version,
        area=pin.listed.area if pin.listed else "-",
        role=pin.listed.label if pin.listed else pin.name,
    )
    if pin.install and pin.install.extras:
        table["extras"] = list(pin.install.extras)
    if pin.listed and pin.listed.remarks:
        claims = tomlkit.array()
        for text in pin.listed.remarks:
            claim = tomlkit.inline_table()
            checks = _checks(pin.name, text, others, owners)
            claim.update({"text": text, "checks": list(checks)})
            claims.append(claim)
        table["claims"] = claims.multiline(multiline=True)
    return table


def _checks(
    name: str, text: str, others: Sequence[Listed], owners: Collection[str]
) -> Iterator[str]:
    """Yield the checks of an audit that a claim clearly rests on; none for one in other words."""
    words = text.lower()
    # No constraint file lists the distribution whose own it is: of that one the claim says that
    # its file is applied.
    if "constraint" in words and name not in owners:
        yield f"constraints:{name}"
    if "python " in words:
        yield f"python:{name}"
    for other in others:
        called = other.label.lower().split()[-1]
        if other.name != name and re.search(rf"(?<![\w-]){re.escape(called)}(?![\w-])", words):
            yield f"pairwise:{name}:{other.name}"


def _stages(stack: Stack, pins: set[str]) -> Iterator[Table]:
    """Yield a stage for each step that installs a pin, or asks for a range of versions."""
    taken: set[str] = set()
    for command in stack.steps:
        names = list(dict.fromkeys(item.name for item in command.installs if item.name in pins))
        ranges = [item for item in command.installs if item.name not in pins and _is_range(item)]
        if names or ranges:
            yield _stage(command, names, ranges, taken)


def _stage(command: Command, pins: list[str], ranges: list[Install], taken: set[str]) -> Table:
    first = pins[0] if pins else ranges[0].name
    numbered = (f"{first}-{number}" for number in itertools.count(2))
    name = next(text for text in itertools.chain([first], numbered) if text not in taken)
    taken.add(name)
    table = _table(name=name, step=command.step or "-", pins=pins)
    if ranges:
        table["requirements"] = [item.written for item in ranges]
    if _constraint_source(command):
        table["constraints"] = _constraints_name(command)
    if command.index:
        table["index"] = _index_name(command.index)
    return table


def _constraints(stack: Stack) -> Table | None:
    found = tomlkit.table(is_super_table=True)
    for command in stack.steps:
        source = _constraint_source(command)
        if source is not None:
            found[_constraints_name(command)] = source
    return found if len(found) else None


def _constraints_name(command: Command) -> str:
    return command.installs[0].name


def _constraint_source(command: Command) -> Table | None:
    """Return where a command's constraint file lies, by the version that stands in its address."""
    address = next((text for text in command.constraints if "://" in text), None)
    pinned = [item for item in command.installs if item.version is not None]
    if address is None or not pinned:
        return None
    owner = next((item for item in pinned if str(item.version) in address), pinned[0])
    url = address.replace(str(owner.version), "{version}")
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
