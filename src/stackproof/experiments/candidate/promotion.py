"""Write what a trial proved into the matrix file, leaving its comments and layout as they are."""

from __future__ import annotations

import re
from collections.abc import Container
from datetime import date
from pathlib import Path
from typing import Any

from stackproof.errors import StackproofError
from stackproof.experiments.candidate.record import TrialVerdict
from stackproof.matrix.editing import Style, add_entry, drop_known_failures, edit_rows, set_override
from stackproof.matrix.plan import Plan

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

    def add(rows: Any, style: Style) -> str:  # noqa: ANN401 - tomlkit's containers share no type
        name = require_new_row(plan, rows, file.name)
        row: Any = style.table()
        row["summary"] = f"{plan.row} with {', '.join(trial.requested)}, proved by a trial."
        row["base"] = plan.row
        row["default"] = False
        if f"python=={plan.python}" in trial.requested:
            row["python"] = plan.python
        if plan.as_of is not None:
            row["as-of"] = plan.as_of
        _override(row, plan, trial, today, style)
        _add_stage(row, plan, trial, today, style)
        _add_known_failures(row, plan, trial, style)
        rows[name] = row
        return name

    return edit_rows(file, add)


def promote_into_row(file: Path, trial: TrialVerdict, plan: Plan, today: date) -> str:
    """Change the pins of the row that the trial was made on; return the row's name.

    A pin changes for this row alone, by an override: what the document says stays what it says.
    Raises StackproofError if the trial is not safe, or changed more than pins.
    """
    _require_safe(trial)
    require_pins_alone(plan)

    def change(rows: Any, style: Style) -> str:  # noqa: ANN401 - tomlkit's containers share no type
        row = rows[plan.row]
        _override(row, plan, trial, today, style)
        drop_known_failures(row, {item.id for item in trial.checks if item.state == "fixed"})
        if plan.as_of is not None and row.get("as-of") is not None:
            row["as-of"] = plan.as_of
        return plan.row

    return edit_rows(file, change)


def _require_safe(trial: TrialVerdict) -> None:
    if not trial.safe:
        raise StackproofError(f"{' '.join(trial.requested)} is not safe; nothing was written")


def _versions(plan: Plan) -> dict[str, str]:
    """Return the version of each pin that was asked for."""
    return {
        pin.name: pin.version for pin in plan.pins if f"{pin.name}=={pin.version}" in plan.requested
    }


def _override(row: Any, plan: Plan, trial: TrialVerdict, today: date, style: Style) -> None:  # noqa: ANN401 - tomlkit's containers share no type
    """Set the overrides of a row, in place of those it has for the same pins."""
    for pin, version in _versions(plan).items():
        said = {"version": version, "reason": _reason(trial), "date": today}
        set_override(row, pin, said, style)


def _reason(trial: TrialVerdict) -> str:
    passing = len(trial.comparison.still_passing) if trial.comparison else 0
    return (
        f"trial of {trial.started:%Y-%m-%d} with {', '.join(trial.requested)}: {passing} checks "
        f"still pass, none of {trial.baseline} broke"
    )


def _add_stage(row: Any, plan: Plan, trial: TrialVerdict, today: date, style: Style) -> None:  # noqa: ANN401 - tomlkit's containers share no type
    """Add what the trial installed besides the row's own stages."""
    stage = plan.stages[-1]
    if not stage.pins and set(stage.requirements) <= set(plan.requested):
        said: dict[str, object] = {"name": stage.name, "step": stage.step}
        said["requirements"] = list(stage.requirements)
        add_entry(row, "stages", {**said, "reason": _reason(trial), "date": today}, style)


def _add_known_failures(row: Any, plan: Plan, trial: TrialVerdict, style: Style) -> None:  # noqa: ANN401 - tomlkit's containers share no type
    failing = {check.id for check in trial.checks if check.outcome == "failed"}
    for failure in plan.known_failures:
        if failure.check in failing:
            said: dict[str, object] = {"check": failure.check}
            said |= {} if failure.says is None else {"says": failure.says}
            day = date.fromisoformat(failure.date)
            add_entry(row, "known-failures", {**said, "reason": failure.reason, "date": day}, style)
