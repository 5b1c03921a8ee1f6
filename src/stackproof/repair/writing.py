"""Write a repair into the matrix file, leaving its comments and layout as they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from stackproof.errors import StackproofError
from stackproof.matrix import parse_matrix
from stackproof.records import write_atomically
from stackproof.repair.records import Change

__all__ = ["RepairedRow", "refuse_another"]

_STAGE = "repair"


@dataclass(frozen=True, kw_only=True)
class RepairedRow:
    """The repair of a row of the matrix, as of `moment`; `pins` are the names of its pins.

    `unmended` are the checks that fail all the same.
    """

    row: str
    changes: tuple[Change, ...]
    pins: Collection[str]
    installed: Collection[str]
    moment: datetime
    today: date
    unmended: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the row that is added."""
        return _name(self.row)

    def text(self) -> str:
        """Return the TOML of a row to add."""
        document = tomlkit.document()
        document["rows"] = tomlkit.table(is_super_table=True)
        rows: Any = document["rows"]
        rows[self.name] = self._table()
        return tomlkit.dumps(document)

    def add_to(self, file: Path) -> str:
        """Add the repair to a matrix file as a row of its own; return the row's name.

        Raises StackproofError if there is one of that name.
        """
        refuse_another(file, self.row, in_place=False)
        document = tomlkit.parse(file.read_text(encoding="utf-8"))
        rows: Any = document["rows"]
        rows[self.name] = self._table()
        _write(file, document)
        return self.name

    def put_into(self, file: Path, mended: Collection[str]) -> str:
        """Change the row itself, which loses the known failures that are `mended`; return its name.

        Raises StackproofError if it has a stage of that name already.
        """
        refuse_another(file, self.row, in_place=True)
        document = tomlkit.parse(file.read_text(encoding="utf-8"))
        rows: Any = document["rows"]
        row = rows[self.row]
        there = {entry["pin"]: entry for entry in row.get("overrides", ())}
        for entry in self._overrides():
            if entry["pin"] in there:
                there[entry["pin"]].update(entry)
            else:
                row.setdefault("overrides", tomlkit.aot()).append(entry)
        for entry in self._stages():
            row.setdefault("stages", tomlkit.aot()).append(entry)
        known = row.get("known-failures")
        for entry in [item for item in known or () if item["check"] in mended]:
            known.remove(entry)
        if known is not None and not known:
            del row["known-failures"]
        _write(file, document)
        return self.row

    def _table(self) -> Table:
        row = tomlkit.table()
        row["summary"] = f"The row {self.row}, {self._how_far()}."
        row["base"] = self.row
        row["default"] = False
        row["as-of"] = self.moment
        for key, entries in (("overrides", self._overrides()), ("stages", self._stages())):
            if entries:
                row[key] = entries
        return row

    def _how_far(self) -> str:
        if self.unmended:
            return f"mended but for {', '.join(self.unmended)}"
        return "mended: every check passed"

    def _overrides(self) -> AoT:
        """Return the documented pins that had to change."""
        entries = tomlkit.aot()
        for change in self.changes:
            if change.documented is not None:
                entry = tomlkit.table()
                entry["pin"], entry["version"] = change.name, change.version
                entry["reason"], entry["date"] = change.because, self.today
                entries.append(entry)
        return entries

    def _stages(self) -> AoT:
        """Return the last stage, which installs the rest."""
        installed = [change for change in self.changes if change.name in self.installed]
        entries = tomlkit.aot()
        if not installed:
            return entries
        stage = tomlkit.table()
        stage["name"], stage["step"] = _STAGE, "none"
        pins = [change.name for change in installed if change.name in self.pins]
        others = [f"{c.name}=={c.version}" for c in installed if c.name not in self.pins]
        for key, values in (("pins", pins), ("requirements", others)):
            if values:
                stage[key] = tomlkit.array(str(values).replace("'", '"')).multiline(multiline=True)
        stage["reason"] = "none of these can be left out, found by `nox -s repair`"
        stage["date"] = self.today
        stage["reasons"] = _reasons({change.name: change.because for change in installed})
        entries.append(stage)
        return entries


def refuse_another(file: Path, row: str, *, in_place: bool) -> None:
    """Raise StackproofError if a matrix file has a repair of a row already, where one would go."""
    rows: Any = tomlkit.parse(file.read_text(encoding="utf-8"))["rows"]
    if not in_place and _name(row) in rows:
        raise StackproofError(f"{file.name} has a row {_name(row)!r} already; nothing written")
    if in_place and any(stage["name"] == _STAGE for stage in rows[row].get("stages", ())):
        raise StackproofError(f"{file.name}: {row} is repaired already; nothing written")


def _name(row: str) -> str:
    return f"{row}-repaired"


def _reasons(reasons: Mapping[str, str]) -> Table:
    table = tomlkit.table()
    for name, reason in reasons.items():
        table[name] = reason
    return table


def _write(file: Path, document: tomlkit.TOMLDocument) -> None:
    """Write the file, if what it would hold is a good matrix."""
    text = tomlkit.dumps(document)
    parse_matrix(tomlkit.parse(text).unwrap(), file=file.name)
    write_atomically(file, text)
