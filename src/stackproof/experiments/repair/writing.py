"""Write a repair into the matrix file, leaving its comments and layout as they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Array

from stackproof.errors import StackproofError
from stackproof.experiments.repair.record import Change
from stackproof.matrix.editing import (
    HEADERS,
    Style,
    add_entry,
    drop_known_failures,
    edit_rows,
    set_override,
)

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
        rows[self.name] = self._table(HEADERS)
        return tomlkit.dumps(document)

    def add_to(self, file: Path) -> str:
        """Add the repair to a matrix file as a row of its own; return the row's name.

        Raises StackproofError if there is one of that name, or the file cannot be changed.
        """

        def add(rows: Any, style: Style) -> str:  # noqa: ANN401 - tomlkit's containers share no type
            rows[self.name] = self._table(style)
            return self.name

        refuse_another(file, self.row, in_place=False)
        return edit_rows(file, add)

    def put_into(self, file: Path, mended: Collection[str]) -> str:
        """Change the row itself, which loses the known failures that are `mended`; return its name.

        Raises StackproofError if it has a stage of that name, or the file cannot be changed.
        """

        def change(rows: Any, style: Style) -> str:  # noqa: ANN401 - tomlkit's containers share no type
            self._put(rows[self.row], style)
            drop_known_failures(rows[self.row], mended)
            return self.row

        refuse_another(file, self.row, in_place=True)
        return edit_rows(file, change)

    def _table(self, style: Style) -> Any:  # noqa: ANN401 - tomlkit's containers share no type
        row = style.filled(
            {
                "summary": f"The row {self.row}, {self._how_far()}.",
                "base": self.row,
                "default": False,
                "as-of": self.moment,
            }
        )
        self._put(row, style)
        return row

    def _how_far(self) -> str:
        if self.unmended:
            return f"repaired but for {', '.join(self.unmended)}"
        return "repaired: every check passed"

    def _put(self, row: Any, style: Style) -> None:  # noqa: ANN401 - tomlkit's containers share no type
        """Override the documented pins that had to change; install the rest in a last stage."""
        for change in self.changes:
            if change.documented is not None:
                said = {"version": change.version, "reason": change.because, "date": self.today}
                set_override(row, change.name, said, style)
        installed = [change for change in self.changes if change.name in self.installed]
        if installed:
            add_entry(row, "stages", self._stage(installed), style)

    def _stage(self, installed: Sequence[Change]) -> dict[str, object]:
        pins = [change.name for change in installed if change.name in self.pins]
        others = [f"{c.name}=={c.version}" for c in installed if c.name not in self.pins]
        lists = {"pins": pins, "requirements": others}
        return {
            "name": _STAGE,
            "step": "none",
            **{key: _array(values) for key, values in lists.items() if values},
            "reason": "none of these can be left out, found by `nox -s repair`",
            "date": self.today,
            "reasons": {change.name: change.because for change in installed},
        }


def refuse_another(file: Path, row: str, *, in_place: bool) -> None:
    """Raise StackproofError if a matrix file has a repair of a row already, where one would go."""
    rows: Any = tomlkit.parse(file.read_text(encoding="utf-8"))["rows"]
    if not in_place and _name(row) in rows:
        raise StackproofError(f"{file.name} has a row {_name(row)!r} already; nothing written")
    if in_place and any(stage["name"] == _STAGE for stage in rows[row].get("stages", ())):
        raise StackproofError(f"{file.name}: {row} is repaired already; nothing written")


def _name(row: str) -> str:
    return f"{row}-repaired"


def _array(values: Sequence[str]) -> Array:
    array = tomlkit.array()
    array.extend(values)
    return array.multiline(multiline=True)
