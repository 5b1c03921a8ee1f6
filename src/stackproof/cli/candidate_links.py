"""What links say of upgrades before anything is built: they may break what no check asks."""

from __future__ import annotations

from collections.abc import Iterator

from stackproof.base.invocation import typed
from stackproof.base.text import count
from stackproof.cli.look_at import look_at
from stackproof.cli.wiring import Context
from stackproof.errors import StackproofError
from stackproof.evidence.reports import InRow
from stackproof.experiments.candidate.trial_plan import TrialPlan
from stackproof.experiments.planner import Planner
from stackproof.metadata.links.comparing import compared
from stackproof.report.links import said

__all__ = ["links_of_trials"]

#: How long trials wait for each look; what was judged by then is remembered for the next one.
_SECONDS = 30


def links_of_trials(trials: TrialPlan, planner: Planner, context: Context) -> Iterator[str]:
    """Yield lines on the suspects that each trial has and its row has not; nothing is built.

    They are kept beside the runs of the trial, where a reader finds what that came to. What keeps
    them from being looked at is a line too: the trials are made all the same.
    """
    try:
        base = look_at(planner.base(), context, _SECONDS)
    except StackproofError as error:
        yield f"links were not looked at: {error}; `{typed('links')}` takes its time"
        return
    for trial in trials.trials:
        asked = " ".join(map(str, planner.requested(trial.versions)))
        try:
            plan = planner.trial(trial.versions)
            looked = compared(look_at(plan, context, _SECONDS), base)
            looked.write(context.project.home(plan) / InRow.LINKS)
            found = looked.suspects
        except StackproofError as error:
            yield f"links of {asked} were not looked at: {error}"
            continue
        suspects = count(len(found), "suspect link") if found else "no suspect links"
        yield f"links of {asked}: {suspects} more than the row has"
        yield from (f"    suspect: {said(finding)}" for finding in found)
