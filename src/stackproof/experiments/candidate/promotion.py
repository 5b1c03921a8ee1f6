"""Write what a trial proved into the matrix file, leaving its comments and layout as they are."""

from __future__ import annotations

import re
from collections.abc import Container
from datetime import date
from pathlib import Path

from stackproof.errors import StackproofError
from stackproof.experiments.candidate.record import TrialVerdict
from stackproof.matrix.editing import RowEdit, add_row, change_row
from stackproof.matrix.load import load_matrix
from stackproof.matrix.plan import Plan

__all__ = ["promote_as_row", "promote_into_row", "require_new_row", "require_pins_alone"]


def require_new_row(plan: Plan, rows: Container[str], file: str) -> str:
    """Return the name of the row that a trial's plan would become, such as verified-torch-2-6-0.

    Raises StackproofError if there is one of that name.
    """
    name = re.sub("[^a-z0-9]+", "-", "-".join([plan.row, *map(str, plan.requested)]).lower())
    if name in rows:
        raise StackproofError(f"{file} has a row {name!r} already; nothing was written")
    return name


def require_pins_alone(plan: Plan) -> None:
    """Raise StackproofError if a trial's plan changes more than pins."""
    pins = _versions(plan)
    more = [str(change) for change in plan.requested if change.name not in pins]
    if more:
        raise StackproofError(
            f"{', '.join(sorted(more))} is no changed pin; promote the trial as a row of its own"
        )


def promote_as_row(file: Path, trial: TrialVerdict, plan: Plan, today: date) -> str:
    """Add the trial to the matrix file as a row derived from its base; return the row's name.

    The row carries the trial's cut-off, or the least age that its base has, and those expected
    failures that still fail. Raises StackproofError if the trial is not safe, or the matrix has a
    row of that name.
    """
    _require_safe(trial)
    rows = load_matrix(file).rows
    name = require_new_row(plan, rows, file.name)
    base = rows[plan.row]
    values: dict[str, object] = {
        "summary": f"{plan.row} with {_shown(trial)}, proved by a trial.",
        "base": plan.row,
        "default": False,
    }
    if any(change.is_python for change in trial.requested):
        values["python"] = plan.python
    if base.min_age is not None:
        values["min-age"] = base.min_age
        values |= {"min-age-exempt": list(base.min_age_exempt)} if base.min_age_exempt else {}
    elif plan.as_of is not None:
        values["as-of"] = plan.as_of
    edit = RowEdit(
        values=values,
        overrides=_overrides(plan, trial, today),
        stages=_stages(plan, trial, today),
        known_failures=_known_failures(plan, trial),
    )
    add_row(file, name, edit)
    return name


def promote_into_row(file: Path, trial: TrialVerdict, plan: Plan, today: date) -> str:
    """Change the pins of the row that the trial was made on; return the row's name.

    A pin changes for this row alone, by an override: what the document says stays what it says.
    Raises StackproofError if the trial is not safe, or changed more than pins.
    """
    _require_safe(trial)
    require_pins_alone(plan)
    moves_along = load_matrix(file).rows[plan.row].min_age is not None
    edit = RowEdit(
        values={} if plan.as_of is None or moves_along else {"as-of": plan.as_of},
        overrides=_overrides(plan, trial, today),
        passing={check.id for check in trial.checks if check.state == "fixed"},
    )
    change_row(file, plan.row, edit)
    return plan.row


def _require_safe(trial: TrialVerdict) -> None:
    if not trial.safe:
        raise StackproofError(f"{_shown(trial)} is not safe; nothing was written")


def _versions(plan: Plan) -> dict[str, str]:
    """Return the version of each pin that was asked for."""
    return {
        change.name: change.version for change in plan.requested if change.name in plan.versions
    }


def _overrides(plan: Plan, trial: TrialVerdict, today: date) -> dict[str, dict[str, object]]:
    return {
        pin: {"version": version, "reason": _reason(trial), "date": today}
        for pin, version in _versions(plan).items()
    }


def _shown(trial: TrialVerdict) -> str:
    return ", ".join(map(str, trial.requested))


def _reason(trial: TrialVerdict) -> str:
    passing = len(trial.comparison.still_passing) if trial.comparison else 0
    return (
        f"trial of {trial.started:%Y-%m-%d} with {_shown(trial)}: {passing} checks "
        f"still pass, none of {trial.baseline} broke"
    )


def _stages(plan: Plan, trial: TrialVerdict, today: date) -> list[dict[str, object]]:
    """Return what the trial installed besides the row's own stages."""
    stage = plan.stages[-1]
    if stage.pins or not set(stage.requirements) <= set(map(str, plan.requested)):
        return []
    return [
        {
            "name": stage.name,
            "step": stage.step,
            "requirements": stage.requirements,
            "reason": _reason(trial),
            "date": today,
        }
    ]


def _known_failures(plan: Plan, trial: TrialVerdict) -> list[dict[str, object]]:
    """Return the expected failures that still fail."""
    failing = {check.id for check in trial.checks if check.outcome == "failed"}
    return [
        {
            "check": failure.check,
            **({} if failure.says is None else {"says": failure.says}),
            "reason": failure.reason,
            "date": date.fromisoformat(failure.date),
        }
        for failure in plan.known_failures
        if failure.check in failing
    ]
