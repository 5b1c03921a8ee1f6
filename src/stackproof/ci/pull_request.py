"""What the one comment on a pull request says, kept up to date as the pull request changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stackproof.ci.issue_texts import GITHUB_CHARACTERS, templates, word
from stackproof.ci.outcome import Outcome
from stackproof.ci.told import mark, short
from stackproof.evidence.history.changes import Changes
from stackproof.evidence.links import Links
from stackproof.evidence.reports import InRow
from stackproof.report.publish.record import SetMove, moves_of

__all__ = ["COMMENT", "pull_request_text"]

#: What stands in the mark of the comment, where that of an issue has its row.
COMMENT = "pull-request"
#: The states of checks that passed.
_PASSED = ("ok", "fixed")


@dataclass(frozen=True, kw_only=True)
class _Row:
    """What became of a row, beside the last run of it that went as expected.

    `moves` and `since` are None where there is no such run, `suspects` where nobody looked.
    """

    outcome: Outcome
    moves: tuple[SetMove, ...] | None = None
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    suspects: tuple[str, ...] | None = None

    @property
    def telling(self) -> bool:
        """Whether there is more to say of it than its line."""
        return bool(self.moves or self.gained or self.lost or self.suspects)

    def moved(self, *, direct: bool) -> list[SetMove]:
        """Return the pins that moved, or the others."""
        return [move for move in self.moves or () if move.direct == direct]


def pull_request_text(outcomes: Sequence[Outcome], reports: Path, where: str | None = None) -> str:
    """Return the comment; `where` is the address of the run that it is of, if it has one.

    What `links` found of a row, of just these pins, counts where its run did not look at links.
    One that is too long has its table alone.
    """
    rows = [_row(outcome, reports) for outcome in outcomes]
    words = {outcome.row: word(outcome) for outcome in outcomes}
    template = templates().get_template("comment.md")
    text = template.render(rows=rows, told=rows, words=words, where=where)
    if len(text) > GITHUB_CHARACTERS:
        text = template.render(rows=rows, told=(), words=words, where=where)
    return f"{text.strip()}\n\n{mark(COMMENT, short(text))}\n"


def _row(outcome: Outcome, reports: Path) -> _Row:
    changes, suspects = outcome.changes, _suspects(outcome, reports)
    if changes is None or outcome.verdict is None:
        return _Row(outcome=outcome, suspects=suspects)
    return _Row(
        outcome=outcome,
        moves=moves_of(changes.distributions, outcome.verdict.installed),
        gained=tuple(_turned(changes, to_pass=True)),
        lost=tuple(_turned(changes, to_pass=False)),
        suspects=suspects,
    )


def _suspects(outcome: Outcome, reports: Path) -> tuple[str, ...] | None:
    """Return a sentence for each suspect link, None where nobody looked."""
    verdict = outcome.verdict
    if verdict is None:
        return None
    if verdict.links is not None:
        return tuple(item.sentence for item in verdict.links.told)
    links = Links.load_or_none(reports / outcome.row / InRow.LINKS)
    if links is None or any(links.read.get(pin) != at for pin, at in verdict.installed.items()):
        return None
    return tuple(item.sentence for item in links.suspects)


def _turned(changes: Changes, *, to_pass: bool) -> Iterator[str]:
    """Yield the checks that pass now and did not, or the other way round."""
    for check, (before, after) in changes.checks.items():
        settled = "unsteady" not in (before, after)
        if settled and (before in _PASSED) != (after in _PASSED) == to_pass:
            yield check
