"""What a diagnosis says to do, as a row of the matrix, and as a change of the diagnosed one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from difflib import unified_diff
from pathlib import Path
from typing import cast

from packaging.requirements import Requirement

from stackproof.base.invocation import typed
from stackproof.base.temporary import temporary_folder
from stackproof.base.text import first_of, free_name
from stackproof.base.times import from_timestamp
from stackproof.base.versions import is_version, name_of
from stackproof.errors import StackproofError
from stackproof.experiments.diagnose.record import Cause, Diagnosis
from stackproof.experiments.planner import Planner
from stackproof.matrix.editing import RowEdit, change_row, row_text
from stackproof.matrix.load import load_matrix
from stackproof.matrix.model import Matrix

__all__ = ["diagnosis_patch", "diagnosis_text", "write_fix"]

#: A line as git has it: TOML may hold other characters at which Python ends lines.
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
#: Kinds of causes of which no row is rid by other releases.
_STAYS = ("system", "workload", "unknown")


def diagnosis_text(found: Diagnosis, matrix: Matrix, today: date) -> str:
    """Return the TOML of a row to add, with what fixes the diagnosed one.

    "" where nothing fixes it, or something that no row can say, such as a build constraint.
    """
    edit = _edit(found, matrix, today)
    if edit is None:
        return ""
    values: dict[str, object] = {
        "summary": f"The row {found.row}, with what `{typed('diagnose')}` found.",
        "base": found.row,
        "default": False,
        "python": found.mend.python or found.python,
        "as-of": from_timestamp(found.as_of),
    }
    return row_text(f"{found.row}-diagnosed", replace(edit, values=values))


def diagnosis_patch(found: Diagnosis, file: Path, shown: Path, today: date) -> str:
    """Return what `write_fix` would change in a matrix file, as a diff that git and patch apply.

    The file is called `shown` there. "" where there is nothing to change, or it cannot be changed.
    """
    with temporary_folder("patch") as folder:
        copy = folder / file.name
        shutil.copy(file, copy)
        try:
            write_fix(found, copy, today)
        except StackproofError:
            return ""
        before, after = (_LINE.findall(path.read_bytes().decode("utf-8")) for path in (file, copy))
    return "".join(_whole_lines(unified_diff(before, after, f"a/{shown}", f"b/{shown}")))


def write_fix(found: Diagnosis, file: Path, today: date) -> None:
    """Change the diagnosed row of a matrix file so that it has what fixes it.

    The whole suite passed with that, so its expected failures go. Raises StackproofError, and
    changes nothing, where no row can say what fixes it, the row has it already, or the file is laid
    out so that it cannot be changed.
    """
    matrix = load_matrix(file)
    edit = _edit(found, matrix, today)
    if edit is None or found.mend.python:
        raise StackproofError(f"{file.name}: nothing that {found.row} could say fixes it")
    added = {*_asked_by(edit)}
    if added and added <= {*_asked_in(matrix, found.row)}:
        raise StackproofError(f"{file.name}: {found.row} has {first_of(sorted(added))} already")
    left = {check for cause in found.causes if cause.kind in _STAYS for check in cause.checks}
    expected = {failure.check for failure in matrix.rows[found.row].known_failures}
    change_row(file, found.row, replace(edit, passing=expected - left))


def _edit(found: Diagnosis, matrix: Matrix, today: date) -> RowEdit | None:
    fix, pins = found.mend, {pin.name for pin in matrix.pins}
    lines = tuple(line for line in fix.requirements if name_of(line) not in pins)
    own = {name_of(line): line for line in fix.requirements if name_of(line) in pins}
    # One that is asked for as it stands is not there, or not any more: it is installed at the end,
    # by one call with what is added, as it was proved.
    again = tuple(name for name, line in own.items() if "==" in line)
    changed = {
        **{name: line for name, line in own.items() if name not in again},
        **{it.pin: it.version for it in found.instead if it.together or not fix.found},
    }
    if not found.fixed or fix.build_constraints or not (own or lines or changed or fix.removed):
        return None
    asked = Planner(matrix=matrix, name=found.matrix, row=found.row).base().asked

    def dated(name: str, **values: object) -> dict[str, object]:
        return {**values, "reason": _reason(found, name), "date": today}

    stage = {
        "name": free_name("diagnosis", _stages(matrix)),
        "step": "none",
        "pins": again,
        **({"requirements": lines} if lines else {}),
        "reason": f"these are not there without it, found by `{typed('diagnose')}`",
        "date": today,
        "reasons": {name: _reason(found, name) for name in (*again, *map(name_of, lines))},
    }
    return RowEdit(
        stages=[stage] if again else [],
        without=fix.removed,
        overrides={
            pin: dated(pin, **_other(asked.get(pin, ""), what)) for pin, what in changed.items()
        },
        additions=[dated(name_of(line), requirement=line) for line in lines if not again],
    )


def _other(asked: str, what: str) -> dict[str, str]:
    """Return what an override says: a version, or beside what the row asks for a bound."""
    if is_version(what):
        return {"version": what}
    own = "" if is_version(asked) else asked
    return {"range": ",".join(filter(None, [own, str(Requirement(what).specifier)]))}


def _stages(matrix: Matrix) -> list[str]:
    own = (stage.name for row in matrix.rows.values() for stage in row.stages)
    return [*(stage.name for stage in matrix.stages), *own]


def _asked_by(edit: RowEdit) -> Iterator[str]:
    """Yield what an edit would add to a row."""
    yield from (str(item["requirement"]) for item in edit.additions)
    for stage in edit.stages:
        for key in ("pins", "requirements"):
            yield from map(str, cast("tuple[str, ...]", stage.get(key, ())))
    for pin, values in edit.overrides.items():
        yield f"{pin} {values.get('version') or values.get('range')}"


def _asked_in(matrix: Matrix, name: str | None) -> Iterator[str]:
    """Yield what a row adds to what the document says, and what its bases do."""
    while name is not None:
        row = matrix.rows[name]
        yield from (item.requirement for item in row.additions)
        for stage in row.stages:
            yield from (*stage.pins, *stage.requirements)
        yield from (f"{item.pin} {item.version or item.range}" for item in row.overrides)
        name = row.base


def _whole_lines(lines: Iterator[str]) -> Iterator[str]:
    """Yield the lines of a diff; where a file's last one has no end, that is told, as diff does."""
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _reason(found: Diagnosis, name: str) -> str:
    """Return why a distribution was changed or added: what it caused, else each cause, in short."""
    standing = [cause for cause in found.causes if cause.until is None]
    own = [cause for cause in standing if _is_of(cause, name)]
    causes = (cause.sentence.partition("\n")[0] for cause in own or standing)
    return "; ".join(causes) or f"found by `{typed('diagnose')}`"


def _is_of(cause: Cause, name: str) -> bool:
    """Tell whether a cause is a distribution's; one that is not there has no release to blame."""
    if cause.culprit is not None:
        return cause.culprit.name == name
    return cause.sentence.startswith(f"{name}: ")
