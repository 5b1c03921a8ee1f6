"""Write what a trial proved into the matrix file, leaving its comments and layout as they are."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from stackproof.candidate.verdict import TrialVerdict
from stackproof.errors import StackproofError
from stackproof.matrix import Matrix, parse_matrix
from stackproof.plan import Plan
from stackproof.records import write_atomically

__all__ = ["promote_as_row", "promote_into_row", "require_new_row", "require_pins_alone"]


def require_new_row(plan: Plan, rows: Container[str], file: str) -> str:
    """Return the name of the row that a trial's plan would become, such as verified-torch-2-6-0.

    Raises StackproofError if there is one of that name.
    """
    name = re.sub("[^a-z0-9]+", "-", "-".join([plan.row, *plan.requested]).lower())
    if name in rows:
        raise StackproofError(f"{file} has a row {name!r} already; nothing was written")
    return name


def require_pins_alone(plan: Plan) -> None:
    """Raise StackproofError if a trial's plan changes more than pins."""
    more = set(plan.requested) - {f"{n}=={v}" for n, v in _versions(plan).items()}
    if more:
        raise StackproofError(
            f"{', '.join(sorted(more))} is no changed pin; promote the trial as a row of its own"
        )


def promote_as_row(file: Path, trial: TrialVerdict, plan: Plan, today: date) -> str:
    """Add the trial to the matrix file as a row derived from its base; return the row's name.

    The row carries the trial's cut-off and those known failures that still fail. Raises
    StackproofError if the trial is not safe, or the matrix has a row of that name.
    """
    _require_safe(trial)
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    rows: Any = document["rows"]
    name = require_new_row(plan, rows, file.name)
    row = tomlkit.table()
    row["summary"] = f"{plan.row} with {', '.join(trial.requested)}, proved by a trial."
    row["base"] = plan.row
    row["default"] = False
    if f"python=={plan.python}" in trial.requested:
        row["python"] = plan.python
    if plan.as_of is not None:
        row["as-of"] = plan.as_of
    _override(row, _versions(plan), trial, today)
    _add_stage(row, plan, trial, today)
    _add_known_failures(row, plan, trial)
    rows[name] = row
    _write(file, document)
    return name


def promote_into_row(file: Path, trial: TrialVerdict, plan: Plan, today: date) -> str:
    """Change the pins of the row that the trial was made on; return the row's name.

    A pin changes for this row alone, by an override: what the document says stays what it says.
    Raises StackproofError if the trial is not safe, or changed more than pins.
    """
    _require_safe(trial)
    require_pins_alone(plan)
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    row: Any = document["rows"][plan.row]
    _override(row, _versions(plan), trial, today)
    if plan.as_of is not None and row.get("as-of") is not None:
        row["as-of"] = plan.as_of
    _write(file, document)
    return plan.row


def _require_safe(trial: TrialVerdict) -> None:
    if not trial.safe:
        raise StackproofError(f"{' '.join(trial.requested)} is not safe; nothing was written")


def _versions(plan: Plan) -> dict[str, str]:
    """Return the version of each pin that was asked for."""
    return {
        pin.name: pin.version for pin in plan.pins if f"{pin.name}=={pin.version}" in plan.requested
    }


def _override(row: Any, versions: Mapping[str, str], trial: TrialVerdict, today: date) -> None:  # noqa: ANN401 - tomlkit's containers share no type
    """Set the overrides of a row, in place of those it has for the same pins."""
    overrides: AoT | list[Table] = row.setdefault("overrides", tomlkit.aot())
    for pin, version in versions.items():
        entry = next((item for item in overrides if item["pin"] == pin), None)
        if entry is None:
            entry = tomlkit.table()
            entry["pin"] = pin
            overrides.append(entry)
        entry["version"] = version
        entry["reason"] = _reason(trial)
        entry["date"] = today


def _reason(trial: TrialVerdict) -> str:
    passing = len(trial.comparison.still_passing) if trial.comparison else 0
    return (
        f"trial of {trial.started:%Y-%m-%d} with {', '.join(trial.requested)}: {passing} checks "
        f"still pass, none of {trial.baseline} broke"
    )


def _add_stage(row: Table, plan: Plan, trial: TrialVerdict, today: date) -> None:
    """Add what the trial installed besides the row's own stages."""
    for stage in plan.stages:
        if stage.name == "asked-for":
            table = tomlkit.table()
            table["name"], table["step"] = stage.name, stage.step
            table["requirements"] = list(stage.requirements)
            table["reason"], table["date"] = _reason(trial), today
            stages = tomlkit.aot()
            stages.append(table)
            row["stages"] = stages


def _add_known_failures(row: Table, plan: Plan, trial: TrialVerdict) -> None:
    failing = {check.id for check in trial.checks if check.outcome == "failed"}
    known = tomlkit.aot()
    for failure in plan.known_failures:
        if failure.check in failing:
            table = tomlkit.table()
            table["check"] = failure.check
            if failure.says is not None:
                table["says"] = failure.says
            table["reason"] = failure.reason
            table["date"] = date.fromisoformat(failure.date)
            known.append(table)
    if known:
        row["known-failures"] = known


def _write(file: Path, document: tomlkit.TOMLDocument) -> Matrix:
    """Write the file, if what it would hold is a good matrix."""
    text = tomlkit.dumps(document)
    matrix = parse_matrix(tomlkit.parse(text).unwrap(), file=file.name)
    write_atomically(file, text)
    return matrix
