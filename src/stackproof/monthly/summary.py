"""The summary of a monthly run, as Markdown for a job's page or a mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from stackproof.candidate.verdict import TrialVerdict
from stackproof.monthly.outcome import Outcome
from stackproof.monthly.stories import Story, templates, word

__all__ = ["summary"]


def summary(
    listed: datetime,
    outcomes: Sequence[Outcome],
    trials: Sequence[TrialVerdict],
    stories: Sequence[Story],
) -> str:
    """Return one line a row and trial, and below them the stories of rows that are news."""
    template = templates().get_template("summary.md")
    return template.render(
        listed=listed,
        outcomes=outcomes,
        trials=trials,
        stories=stories,
        words={outcome.row: word(outcome) for outcome in outcomes},
    )
