"""Write what a trial proved into the matrix file, leaving its comments and layout as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from stackproof.base.times import timestamp
from stackproof.errors import StackproofError
from stackproof.experiments.candidate.record import TrialVerdict
from stackproof.matrix.checks import ALL
from stackproof.matrix.editing import RowEdit, add_row, change_row
from stackproof.matrix.load import load_matrix
from stackproof.matrix.model import Row
from stackproof.matrix.plan import Plan
from stackproof.matrix.values import EVERYONE

__all__ = ["promote_as_row", "promote_into_row", "require_new_row", "require_pins_alone"]


def require_new_row(plan: Plan, rows: Mapping[str, Row], file: str, *, by_age: bool) -> str:
    """Return the name of the row that a trial's plan would become, such as verified-torch-2-6-0.

    `by_age` tells whether the trial chose by its base's least age, if that has one. Raises
    StackproofError if there is a row of that name, or none could say what may be chosen.
    """
    name = re.sub("[^a-z0-9]+", "-", "-".join([plan.row, *map(str, plan.requested)]).lower())
    if name in rows:
        raise StackproofError(f"{file} has a row {name!r} already; nothing was written")
    if plan.exempt and not by_age:
        raise StackproofError(
            f"{_built(plan)}, and a row with a cut-off date has none that are exempt from it "
            f"({', '.join(plan.exempt)}); try releases that are old enough"
        )
    return name


def require_pins_alone(plan: Plan, row: Row, *, by_age: bool) -> None:
    """Raise StackproofError if a trial's plan changes more than pins of its row.

    `by_age` tells whether the trial chose by the row's least age, if it has one.
    """
    if row.min_age is not None and not by_age:
        raise StackproofError(
            f"{_built(plan)}: with the row's min-age ({row.min_age}) its pins would be another "
            "stack; promote the trial as a row of its own"
        )
    pins = _versions(plan)
    more = [str(change) for change in plan.requested if change.name not in pins]
    if more:
        raise StackproofError(
            f"{', '.join(sorted(more))} is no changed pin; promote the trial as a row of its own"
        )


def promote_as_row(
    file: Path, trial: TrialVerdict, plan: Plan, today: date, *, by_age: bool = False
) -> str:
    """Add the trial to the matrix file as a row derived from its base; return the row's name.

    The row carries the trial's cut-off, or the least age that its base has, the pre-releases that
    may be taken, and those expected failures that still fail. Raises StackproofError if the trial
    is not safe, and as `require_new_row` does.
    """
    _require_safe(trial)
    rows = load_matrix(file).rows
    name = require_new_row(plan, rows, file.name, by_age=by_age)
    values: dict[str, object] = {
        "summary": f"{plan.row} with {_shown(trial)}, proved by a trial.",
        "base": plan.row,
        "default": False,
    }
    if any(change.is_python for change in trial.requested):
        values["python"] = plan.python
    if by_age and rows[plan.row].min_age:
        values["min-age"] = rows[plan.row].min_age
        values |= {"min-age-exempt": list(plan.exempt)} if plan.exempt else {}
    elif plan.as_of is not None:
        values["as-of"] = plan.as_of
    if plan.prereleases:
        every = plan.prereleases == (ALL,)
        values["prereleases"] = EVERYONE if every else list(plan.prereleases)
    edit = RowEdit(
        values=values,
        overrides=_overrides(plan, trial, today),
        stages=_stages(plan, trial, today),
        known_failures=_known_failures(plan, trial),
    )
    add_row(file, name, edit)
    return name


def promote_into_row(
    file: Path, trial: TrialVerdict, plan: Plan, today: date, *, by_age: bool = False
) -> str:
    """Change the pins of the row that the trial was made on; return the row's name.

    A pin changes for this row alone, by an override: what the document says stays what it says.
    Raises StackproofError if the trial is not safe, and as `require_pins_alone` does.
    """
    _require_safe(trial)
    row = load_matrix(file).rows[plan.row]
    require_pins_alone(plan, row, by_age=by_age)
    edit = RowEdit(
        values={} if plan.as_of is None or row.min_age else {"as-of": plan.as_of},
        overrides=_overrides(plan, trial, today),
        passing={check.id for check in trial.checks if check.state == "fixed"},
    )
    change_row(file, plan.row, edit)
    return plan.row


def _built(plan: Plan) -> str:
    until = "without a cut-off" if plan.as_of is None else f"as of {timestamp(plan.as_of)}"
    return f"the trial is built {until}"


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
            **({} if failure.until is None else {"until": date.fromisoformat(failure.until)}),
        }
        for failure in plan.known_failures
        if failure.check in failing
    ]
