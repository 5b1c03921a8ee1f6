"""What a run prints when it is judged: the checks that matter, then one last line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stackproof.evidence.check import State, by_root
from stackproof.evidence.suspects import JudgedLinks
from stackproof.evidence.verdict import Verdict
from stackproof.matrix.checks import CheckId
from stackproof.report.tables import print_last, print_lines, terminal_table
from stackproof.report.wording import (
    HEADLINE,
    because,
    brief,
    counts,
    kinds,
    listed,
    not_met,
    shallow,
    state_in_words,
    suspect_in_words,
    suspects,
)

__all__ = ["headline", "print_verdict"]

#: The last line of a broken row is red, also where that was expected.
_COLOUR_OF = {"ok": 0, "broken": 1, "unsteady": 2, "unjudged": 2}
_STATE_STYLE = {
    "new": "red",
    "fixed": "yellow",
    "unsteady": "yellow",
    "known": "dim",
    "skipped": "cyan",
    "left out": "cyan",
    "suspect": "yellow",
    "not met": "yellow",
}
#: What is called so itself.
_OWN_WORDS = ("left out", "suspect", "not met")


def headline(verdict: Verdict, report: Path) -> str:
    """Return the last line of a run: row, verdict, counts, what is unexpected, time and report."""
    unexpected = ""
    for word, checks in (
        ("unexpected", verdict.in_state("new")),
        ("unexpectedly passing", verdict.in_state("fixed")),
        ("unsteady", verdict.in_state("unsteady")),
    ):
        if checks and verdict.verdict != "unjudged":
            unexpected += f"; {word}: {', '.join(check.id for check in checks)}"
    if verdict.prereleases is not None:
        unexpected += f"; pre-releases taken: {listed(verdict.prereleases)}"
    if verdict.untold:
        unexpected += "; part of it could not be judged"
    return (
        f"{verdict.matrix}/{verdict.row} {HEADLINE[verdict.verdict]}: "
        f"{counts(verdict)}{suspects(verdict)}{shallow(verdict)}{unexpected} "
        f"in {verdict.seconds:.1f} s; report: {report}"
    )


def print_verdict(verdict: Verdict, report: Path, console: Console) -> None:
    """Print the table of checks that matter, and the last line."""
    if console.is_terminal:
        console.print(_table(verdict))
    else:
        _print_plain(verdict, console)
    if verdict.trouble:
        print_lines(console, [f"could not judge: {verdict.trouble}"])
    if verdict.untold:
        print_lines(console, [f"could not judge besides: {verdict.untold}"])
    # What comes of pre-releases is never red.
    colour = 2 if verdict.prereleases is not None and verdict.unexpected else None
    print_last(console, headline(verdict, report), colour or _COLOUR_OF[verdict.verdict])


def _table(verdict: Verdict) -> Table:
    of_kinds = (
        [f"{kind} checks", "ok" if every == passed else f"{every - passed} not passed", said]
        for kind, passed, every, said in _kinds(verdict)
    )
    rows = [[Text(item, "dim") for item in row] for row in of_kinds]
    for state, name, why in _lines(verdict):
        rows.append([Text(item, _STATE_STYLE[state]) for item in (name, _word(state), why)])
    return terminal_table(f"{verdict.matrix}/{verdict.row}", ("check", "state", "why"), rows)


def _print_plain(verdict: Verdict, console: Console) -> None:
    print_lines(console, (f"{kind:<10} {said}" for kind, _, _, said in _kinds(verdict)))
    lines = _lines(verdict)
    print_lines(console, (f"{_word(state):<19} {name:<42} {why}" for state, name, why in lines))


def _kinds(verdict: Verdict) -> Iterator[tuple[str, int, int, str]]:
    """Yield (kind, passed, all, both in words) of each kind of check."""
    for kind, (passed, every) in kinds(verdict).items():
        yield kind, passed, every, f"{passed} of {every} passed"


def _word(state: str) -> str:
    return state if state in _OWN_WORDS else state_in_words(state)


def _lines(verdict: Verdict) -> Iterator[tuple[str, str, str]]:
    """Yield (state, check, why) of the checks that matter; those not run for one reason as one."""
    yield from _failing("new", verdict)
    for check in verdict.in_state("unsteady", "fixed"):
        yield check.state, check.id, brief(check)
    yield from _failing("known", verdict)
    yield from _of_links(verdict)
    for why, checks in groupby(verdict.in_state("skipped"), key=brief):
        ids = [check.id for check in checks]
        yield "skipped", _all_of(ids, "checks"), why
    if verdict.left_out:
        lacking = sorted({name for needs in verdict.left_out.values() for name in needs})
        why = f"the row does not pin {', '.join(lacking)}{_meant(lacking, verdict)}"
        yield "left out", _all_of([*verdict.left_out], "workloads"), why
    for name, marker in verdict.pins_left_out.items():
        yield "left out", name, f"its marker {marker} does not hold"


def _failing(state: State, verdict: Verdict) -> Iterator[tuple[str, str, str]]:
    """Yield each failure of its own, the worst first, and what fails because of it."""
    for root, others in by_root(verdict.in_state(state)):
        yield state, root.id, brief(root)
        if others:
            yield state, "", because(root, others)


def _of_links(verdict: Verdict) -> Iterator[tuple[str, str, str]]:
    """Yield the suspect links that nobody expects, and the expected ones that are over.

    Of a distribution's the first is told; the report has them all.
    """
    judged = verdict.links or JudgedLinks()
    checked = {check.id for check in verdict.checks if check.kind == "link"}
    for name, found in groupby(judged.told, key=lambda item: item.distribution):
        check, (first, *others) = CheckId("link", name), list(found)
        if check not in checked:
            more = f"; and {len(others)} more" if others else ""
            yield "suspect", check, f"{suspect_in_words(first)}{more}"
    for over in judged.over:
        if over not in checked:
            yield "not met", over, "it is expected, and there is none any more; remove it"
    for unmet, says in judged.unmet.items():
        yield "not met", unmet, not_met(says)


def _meant(lacking: Sequence[str], verdict: Verdict) -> str:
    """Ask of what workloads need whether a pin of nearly the same name is meant."""
    misspelt = [name for name in lacking if ">=" not in name]
    near = {name: get_close_matches(name, verdict.depth, n=1, cutoff=0.9) for name in misspelt}
    return "".join(f"; is {pin} meant by {name}?" for name, pins in near.items() for pin in pins)


def _all_of(checks: Sequence[str], word: str) -> str:
    """Name one check, and count several."""
    return checks[0] if len(checks) == 1 else f"{len(checks)} {word}"
