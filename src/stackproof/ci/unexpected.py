"""Which issue to open, to comment on or to close, and when to say nothing; knows no tracker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, Protocol

from stackproof.base.records import Record
from stackproof.ci.issue_texts import IssueText
from stackproof.ci.told import is_news

__all__ = ["Action", "OpenIssue", "Tracker", "decide"]


class OpenIssue(Record):
    """An open issue on a row; `told` is the digest of what it reported last."""

    number: int
    row: str
    told: str


class Action(Record):
    """What to do about a row's issue; `number` is None for one that is yet to be opened."""

    what: Literal["open", "comment", "close"]
    row: str
    number: int | None
    title: str
    body: str


class Tracker(Protocol):
    """Where issues are kept."""

    def open_issues(self) -> Sequence[OpenIssue]:
        """Return the open issues that an earlier monthly run opened, the oldest first."""

    def carry_out(self, action: Action) -> None:
        """Open, comment on or close an issue."""


def decide(stories: Iterable[IssueText], issues: Sequence[OpenIssue]) -> tuple[Action, ...]:
    """Return what to do so that what is unexpected on a row is reported in one issue, once.

    An issue on a row without a text is left as it is: its row was not asked for this time; one that
    is no more has a text that says so. So is an issue on a row of which there is no news, and none
    is opened of that.
    """
    return tuple(
        action
        for story in stories
        for action in _decide(story, [issue for issue in issues if issue.row == story.row])
    )


def _decide(story: IssueText, issues: Sequence[OpenIssue]) -> Iterator[Action]:
    if story.no_news:
        return
    if story.well:
        for issue in issues:
            yield _action("close", story, issue)
    elif not issues:
        yield _action("open", story, None)
    elif is_news(issues[0].told, story.digest):
        yield _action("comment", story, issues[0])


def _action(
    what: Literal["open", "comment", "close"], story: IssueText, issue: OpenIssue | None
) -> Action:
    number = issue.number if issue else None
    return Action(what=what, row=story.row, number=number, title=story.title, body=story.body)
