"""Write a first matrix file from the record of a stack, whatever file that was read from."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timezone
from urllib.parse import urlsplit

import tomlkit
from tomlkit.items import AoT, Table

from stackproof.base.invocation import typed
from stackproof.base.text import free_name, without_credentials
from stackproof.base.versions import is_version
from stackproof.errors import StackproofError
from stackproof.matrix.document.requirement import this_python
from stackproof.matrix.document.stack import Command, Listed, Note, Stack, passed_over
from stackproof.matrix.document.wanted import Wanted, WantedRow, wanted_pins, wanted_rows
from stackproof.reasons.reason import reason

__all__ = ["first_matrix"]


def first_matrix(stack: Stack, *, python: str | None = None) -> tuple[str, list[Note]]:
    """Return the text of a matrix file, and a note for each word that has no place in one.

    `python` stands in for the version that the stack names, or does not. What cannot be known from
    the stack alone (the role of a pin, the checks that prove a claim) is filled in with what is
    most likely, for the user to look over. The modules to import are left out: what a distribution
    installs says so. Raises StackproofError where two lines ask for what no release is.
    """
    notes = list(stack.notes)
    python = python or stack.python or this_python()
    try:
        pins = wanted_pins(stack, python, notes)
    except ValueError as error:
        raise StackproofError(f"{stack.file}: {error}") from error
    notes += _left_out(stack)
    document = tomlkit.document()
    document.add(
        tomlkit.comment(f"Written by `{typed('matrix-from')}`; look over roles and claims.")
    )
    document["format"] = 1
    document["title"] = stack.title
    document["document"] = stack.file
    document["python"] = python
    constraints, indexes = _constraints(stack), _indexes(stack)
    if constraints:
        document["constraints"] = constraints
    if indexes:
        document["indexes"] = indexes
    owners = {str(source["pin"]) for source in (constraints or {}).values()}
    document["pins"] = _array(_pin(pin, stack.listed, owners) for pin in pins)
    document["stages"] = _array(_stages(stack, {pin.name for pin in pins}))
    rows = tomlkit.table(is_super_table=True)
    for number, row in enumerate(wanted_rows(stack, pins, python)):
        rows[row.name] = _row(row, stack.file, is_first=not number)
    if not stack.variants:
        summary = "Literally what the document's steps do, nothing fixed."
        rows["documented"] = _table(summary=summary)
    document["rows"] = rows
    return tomlkit.dumps(document), list(dict.fromkeys(notes))


def _left_out(stack: Stack) -> Iterator[Note]:
    """Yield a note for each option of the steps that has no place in a matrix."""
    for command in stack.steps:
        # A file's own lines are named where they stand.
        for text in () if command.is_list else command.further:
            yield passed_over(text, reason("no-stage-option"), command.line)
        if command.index and without_credentials(command.index) != command.index:
            shown = without_credentials(command.index)
            why = reason("own-credentials")
            yield passed_over(reason("credentials", url=shown), why, command.line)
        addresses = command.constraints
        for text in addresses:
            if text != addresses[0]:
                yield passed_over(text, reason("one-constraint-file"), command.line)
            elif _constraint_source(command) is None:
                why = reason("no-pin-for-constraints")
                yield passed_over(text, why, command.line)


def _row(row: WantedRow, file: str, *, is_first: bool) -> Table:
    table = _table(summary=row.summary)
    if not is_first:
        table["default"] = False
    if row.python:
        table["python"] = row.python
    if row.without:
        table["without"] = list(row.without)
    today = datetime.now(tz=timezone.utc).date()
    overrides = (
        _table(pin=pin, **_asked(asked), reason=f"{file} has it so.", date=today)
        for pin, asked in row.overrides.items()
    )
    if row.overrides:
        table["overrides"] = _array(overrides)
    return table


def _asked(asked: str) -> dict[str, str]:
    """Return the key of a pin or an override that says what is asked for."""
    return {("version" if is_version(asked) else "range"): asked} if asked else {}


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


def _pin(pin: Wanted, others: Sequence[Listed], owners: Collection[str]) -> Table:
    table = _table(name=pin.name, **_asked(pin.asked))
    if pin.marker:
        table["marker"] = pin.marker
    table["area"] = pin.listed.area if pin.listed else "-"
    table["role"] = pin.listed.label if pin.listed else pin.name
    if pin.extras:
        table["extras"] = list(pin.extras)
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
    """Yield a stage for each step that installs a pin; one for all where no step is told."""
    taken: set[str] = set()
    for command in stack.steps:
        names = list(dict.fromkeys(item.name for item in command.installs if item.name in pins))
        if names:
            yield _stage(command, names, taken)
    if not taken:
        yield _table(name="all", step=f"{stack.file} names no step.", pins=sorted(pins))


def _stage(command: Command, pins: list[str], taken: set[str]) -> Table:
    name = free_name(pins[0], taken)
    taken.add(name)
    table = _table(name=name, step=command.step or "-", pins=pins)
    if _constraint_source(command):
        table["constraints"] = _constraints_name(command)
    if command.held_to:
        table["held-to"] = tomlkit.array()
        table["held-to"].extend(command.held_to)
        table["held-to"].multiline(len(command.held_to) > 1)
    if command.index:
        table["index"] = _index_name(without_credentials(command.index))
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
    address = next(iter(command.constraints), None)
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
            url = without_credentials(command.index)
            found[_index_name(url)] = _table(url=url, upload_times=False)
    return found if len(found) else None


def _index_name(url: str) -> str:
    parts = urlsplit(url)
    words = re.findall(r"[a-z0-9]+", f"{parts.hostname or ''}{parts.path}".lower())
    return "-".join(words) or "index"
