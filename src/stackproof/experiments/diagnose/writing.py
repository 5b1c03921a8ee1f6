"""What a diagnosis says to do, as a row of the matrix, and as a change of the diagnosed one."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from difflib import unified_diff
from pathlib import Path

from stackproof.base.invocation import typed
from stackproof.base.temporary import temporary_folder
from stackproof.base.times import from_timestamp
from stackproof.base.versions import name_of
from stackproof.errors import StackproofError
from stackproof.experiments.diagnose.record import Cause, Diagnosis
from stackproof.matrix.editing import RowEdit, change_row, row_text
from stackproof.matrix.load import load_matrix

__all__ = ["diagnosis_patch", "diagnosis_text", "write_fix"]


#: Kinds of causes of which no row is rid by other releases.
_STAYS = ("system", "workload", "unknown")


def diagnosis_text(found: Diagnosis, pins: Collection[str], today: date) -> str:
    """Return the TOML of a row to add, with what fixes the diagnosed one; `pins` are its own.

    "" where nothing fixes it, or something that no row can say, such as a build constraint.
    """
    edit = _edit(found, pins, today)
    if edit is None:
        return ""
    values: dict[str, object] = {
        "summary": f"The row {found.row}, with what `{typed('diagnose')}` found.",
        "base": found.row,
        "default": False,
        "python": found.python,
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
        before, after = (
            path.read_bytes().decode("utf-8").splitlines(keepends=True) for path in (file, copy)
        )
    return "".join(_whole_lines(unified_diff(before, after, f"a/{shown}", f"b/{shown}")))


def write_fix(found: Diagnosis, file: Path, today: date) -> None:
    """Change the diagnosed row of a matrix file so that it has what fixes it.

    The whole suite passed with that, so its expected failures go.

    Nothing is changed where there is nothing that a row can say. Raises StackproofError, and
    changes nothing, if the file is laid out so that it cannot be changed.
    """
    matrix = load_matrix(file)
    edit = _edit(found, {pin.name for pin in matrix.pins}, today)
    if edit is not None:
        left = {check for it in found.causes if it.kind in _STAYS for check in it.checks}
        known = (failure.check for failure in matrix.rows[found.row].known_failures)
        change_row(file, found.row, replace(edit, passing={*known} - left))


def _edit(found: Diagnosis, pins: Collection[str], today: date) -> RowEdit | None:
    fix, day = found.mend, {"date": today}
    changed = {it.pin: it.version for it in found.instead if it.together or not fix.found}
    lines = [line for line in fix.requirements if name_of(line) not in pins]
    own = [line for line in fix.requirements if name_of(line) in pins]
    # One that is asked for as it stands is not there, or not any more: it is installed at the end,
    # by one call with what is added, as it was proved.
    again = tuple(name_of(line) for line in own if "==" in line)
    bound = {name_of(line) for line in own} - {*again}
    changed |= {name: at for name, at in fix.versions.items() if name in bound}
    if not found.fixed or fix.build_constraints or not (own or lines or changed or fix.removed):
        return None
    stage = {
        "name": "diagnosis",
        "step": "none",
        "pins": again,
        "requirements": tuple(lines),
        "reason": f"these are not there without it, found by `{typed('diagnose')}`",
        **day,
        "reasons": {name: _reason(found, name) for name in (*again, *map(name_of, lines))},
    }
    return RowEdit(
        stages=[stage] if again else [],
        without=fix.removed,
        overrides={
            pin: {"version": version, "reason": _reason(found, pin), **day}
            for pin, version in changed.items()
        },
        additions=[
            {"requirement": line, "reason": _reason(found, name_of(line)), **day}
            for line in lines
            if not again
        ],
    )


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
