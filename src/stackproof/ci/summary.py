"""The summary of a monthly run, as Markdown for a job's page or a mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate

from stackproof.ci.issue_texts import IssueText, templates, word
from stackproof.ci.outcome import Outcome
from stackproof.experiments.candidate.record import TrialVerdict

__all__ = ["summary"]

#: Characters of issue texts; GitHub shows no summary at all that is longer than a mebibyte.
_MOST_CHARACTERS = 500_000


def summary(
    listed: datetime,
    outcomes: Sequence[Outcome],
    trials: Sequence[TrialVerdict],
    stories: Sequence[IssueText],
) -> str:
    """Return one line a row and trial, and below them what issues say."""
    unexpected = [story for story in stories if not story.well]
    lengths = accumulate(len(story.body) for story in unexpected)
    shown = [
        story for story, end in zip(unexpected, lengths, strict=True) if end <= _MOST_CHARACTERS
    ]
    template = templates().get_template("summary.md")
    return template.render(
        listed=listed,
        outcomes=outcomes,
        trials=trials,
        stories=shown,
        untold=len(unexpected) - len(shown),
        words={outcome.row: word(outcome) for outcome in outcomes},
    )
