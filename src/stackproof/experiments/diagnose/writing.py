"""What a diagnosis says to do, as a row of the matrix."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from stackproof.base.invocation import typed
from stackproof.base.times import from_timestamp
from stackproof.base.versions import name_of
from stackproof.experiments.diagnose.record import Diagnosis
from stackproof.matrix.editing import RowEdit, row_text

__all__ = ["diagnosis_text"]


def diagnosis_text(found: Diagnosis, pins: Collection[str], today: date) -> str:
    """Return the TOML of a row to add, with what fixes the diagnosed one; `pins` are its own.

    "" where nothing fixes it, or something that no row can say, such as a build constraint.
    """
    fix = found.mend
    changed = {} if fix.found else {item.pin: item.version for item in found.instead}
    lines = [line for line in fix.requirements if name_of(line) not in pins]
    changed |= {name: at for name, at in fix.versions.items() if name in pins}
    if not found.fixed or fix.build_constraints or not (lines or changed or fix.removed):
        return ""
    day = {"date": today}
    values: dict[str, object] = {
        "summary": f"The row {found.row}, with what `{typed('diagnose')}` found.",
        "base": found.row,
        "default": False,
        "python": found.python,
        "as-of": from_timestamp(found.as_of),
    }
    if fix.removed:
        values["without"] = fix.removed
    edit = RowEdit(
        values=values,
        overrides={
            pin: {"version": version, "reason": _reason(found, pin), **day}
            for pin, version in changed.items()
        },
        additions=[
            {"requirement": line, "reason": _reason(found, name_of(line)), **day} for line in lines
        ],
    )
    return row_text(f"{found.row}-diagnosed", edit)


def _reason(found: Diagnosis, name: str) -> str:
    """Return why a distribution was changed or added: what it caused, else each cause, in short."""
    standing = [cause for cause in found.causes if cause.until is None]
    own = [cause for cause in standing if cause.culprit and cause.culprit.name == name]
    causes = (cause.sentence.partition("\n")[0] for cause in own or standing)
    return "; ".join(causes) or f"found by `{typed('diagnose')}`"
