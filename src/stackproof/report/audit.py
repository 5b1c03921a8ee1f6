"""What an audit prints: a table of the pins, what a reader should act on, and one last line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

from jinja2 import Environment
from rich.console import Console

from stackproof.base.templates import markdown_templates
from stackproof.base.text import count
from stackproof.base.times import timestamp
from stackproof.metadata.audit.record import Audit, Finding, JointAnswer, PinAnswer
from stackproof.report.annotations import annotation
from stackproof.report.platforms import platforms
from stackproof.report.tables import print_last, print_lines, terminal_table
from stackproof.report.texts import texts
from stackproof.report.wording import among

__all__ = [
    "Merged",
    "age",
    "behind",
    "constrained",
    "counts",
    "headline",
    "joint_line",
    "merge",
    "print_audit",
    "section",
    "symbol",
    "workflow_commands",
]

_COLUMNS = ("pin", "version", "exists", "Python", "constraints", "freshness")
#: Of the column of versions, which is wider where a range stands in it.
_VERSION_WIDTH = 12
_LEVEL_STYLE = {"error": "red", "warning": "yellow", "known": "dim"}


def print_audit(audit: Audit, report: Path, console: Console) -> None:
    """Print an audit; notes are only counted, they stand in the report."""
    if console.is_terminal:
        console.print(terminal_table("pins", _COLUMNS, _pins(audit)))
    else:
        pins = _pins(audit)
        width = max([_VERSION_WIDTH, *(len(cells[1]) for cells in pins)])
        form = f"{{:<36}} {{:<{width}}} {{:<12}} {{:<9}} {{:<16}} {{}}"
        print_lines(console, (form.format(*cells) for cells in pins))
    print_lines(console, map(joint_line, audit.joint))
    _print_platforms(audit, console)
    for item in merge(audit.findings):
        if item.level != "note":
            finding = item.finding
            line = f"{item.label:<8} {finding.file}:{finding.line} {finding.rule}: {item.message}"
            print_lines(console, [line], _LEVEL_STYLE[item.level])
    print_lines(console, _about(audit), "yellow")
    print_last(console, f"{headline(audit)}; report: {report}", audit.exit_code)


def age(since: datetime) -> str:
    """Say how long ago a moment was."""
    hours = (datetime.now(timezone.utc) - since).total_seconds() / 3600
    if hours < 1:
        return f"{hours * 60:.0f} minutes"
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"  # noqa: PLR2004


def _print_platforms(audit: Audit, console: Console) -> None:
    t = texts()
    table = platforms(audit, t)
    rows = [(row, *cells) for row, cells in table.rows.items()]
    if console.is_terminal and rows:
        console.print(
            terminal_table(t("platforms.title"), (t("platforms.row"), *table.names), rows)
        )
        return
    for row, *cells in rows:
        said = (f"{name}: {cell}" for name, cell in zip(table.names, cells, strict=True) if cell)
        print_lines(console, [f"{row} on {'; '.join(said)}"])


def _pins(audit: Audit) -> list[tuple[str, ...]]:
    """Return a line of cells for each pin; rows that say the same of it share the line."""
    cells = (
        (
            pin.pin,
            come_to(pin),
            pin.exists + (f": {', '.join(pin.nearest)}" if pin.nearest else ""),
            pin.python,
            constrained(pin),
            behind(pin),
        )
        for pin in audit.pins
    )
    return list(dict.fromkeys(cells))


def come_to(pin: PinAnswer) -> str:
    """Return the version of a pin, and what it is the newest of, where that is a range."""
    if pin.range is None:
        return pin.version
    return f"{pin.version or 'none'} ({among(pin.range, texts())})"


def _about(audit: Audit) -> Iterator[str]:
    """Yield what a reader must know of how the audit was made."""
    for claim in audit.claims:
        if claim.state == "refuted":
            yield f"refuted  {claim.row}: {claim.pin or 'the stack'}: {claim.text}: {claim.because}"
    yield from (f"note     {note}" for note in audit.notes)
    if audit.index.cached_since is not None:
        yield (
            f"note     the index {audit.index.url} did not answer; judged by answers cached "
            f"{age(audit.index.cached_since)} ago"
        )
    yield from (f"could not judge: {trouble}" for trouble in audit.trouble)


_COMMAND = {"error": "error", "warning": "warning", "note": "notice", "known": "notice"}


def workflow_commands(audit: Audit) -> Iterator[str]:
    """Yield a workflow command for each finding; an expected error is a notice."""
    for item in merge(audit.findings):
        finding = item.finding
        yield annotation(
            _COMMAND[item.level],
            item.message,
            file=finding.file,
            line=str(finding.line),
            title=f"stackproof {finding.rule}{f': {finding.pin}' if finding.pin else ''}",
        )


#: A table with more columns than this cannot be read; the cells stand in `audit.json` all the same.
_WIDEST = 30


def section(audit: Audit) -> str:
    """Return the section, with a heading of the second level."""
    return (
        _templates()
        .get_template("audit.md")
        .render(
            audit=audit,
            headline=headline(audit),
            findings=merge(audit.findings),
            platforms=platforms(audit, texts()),
            widest=_WIDEST,
        )
    )


@cache
def _templates() -> Environment:
    templates = markdown_templates("stackproof.report")
    templates.filters.update(
        age=age,
        behind=behind,
        come_to=come_to,
        constrained=constrained,
        joint_line=joint_line,
        symbol=symbol,
        timestamp=timestamp,
    )
    return templates


_WORD = {0: "OK", 1: "UNEXPECTED", 2: "UNJUDGED"}
_SYMBOLS = {
    "itself": "·",
    "satisfied": "✓",
    "common range": "≈",
    "unrelated": " ",
    "conflict": "✗",
    "unknown": "?",
}


@dataclass(frozen=True)
class Merged:
    """One finding that holds in several rows of a matrix."""

    finding: Finding
    rows: tuple[str, ...]

    @property
    def level(self) -> str:
        """The level, or "known" for an expected error."""
        return "known" if self.finding.known is not None else self.finding.level

    @property
    def label(self) -> str:
        """The level as people read it."""
        return "expected" if self.finding.known is not None else self.finding.level

    @property
    def message(self) -> str:
        """What was found, why it is expected if it is, and in which rows."""
        known = f" (expected: {self.finding.known})" if self.finding.known else ""
        rows = f" [{', '.join(self.rows)}]" if self.rows else ""
        return f"{self.finding.message}{known}{rows}"


def merge(findings: tuple[Finding, ...]) -> list[Merged]:
    """Return findings, those that differ in nothing but the row as one."""
    rows: dict[Finding, list[str]] = {}
    for finding in findings:
        key = finding.model_copy(update={"row": None})
        rows.setdefault(key, []).extend([finding.row] if finding.row else [])
    return [Merged(finding, tuple(names)) for finding, names in rows.items()]


def counts(audit: Audit) -> str:
    """Return the counts of findings in words, expected errors apart."""
    number = Counter(item.level for item in merge(audit.findings))
    things = {"error": "error", "known": "expected error", "warning": "warning", "note": "note"}
    return ", ".join(count(number[level], thing) for level, thing in things.items())


def headline(audit: Audit) -> str:
    """Return the verdict, the counts and the time as one line."""
    claims = Counter(claim.state for claim in audit.claims)
    judged = ", ".join(f"{count} {state}" for state, count in sorted(claims.items()))
    as_of = f", as of {timestamp(audit.as_of)}" if audit.as_of else ""
    return (
        f"audit {_WORD[audit.exit_code]}{as_of}: {counts(audit)}; claims: {judged or 'none'}; "
        f"in {audit.seconds:.1f} s"
    )


def joint_line(joint: JointAnswer) -> str:
    """Say in one line how a row resolves."""
    left_out = f" (without {', '.join(joint.left_out)})" if joint.left_out else ""
    broken = f", {len(joint.broken)} requirements unmet at the end" if joint.broken else ""
    return (
        f"{joint.matrix}/{joint.row}: in one go {joint.together}{left_out}; stage by stage "
        f"{joint.stages}, {len(joint.moves)} moves{broken}"
    )


def constrained(pin: PinAnswer) -> str:
    """Say what the constraint files have of a pin."""
    says = [
        f"differs: {item.says}" if item.state == "differs" else item.state
        for item in pin.constraints
    ]
    return ", ".join(dict.fromkeys(says)) or "-"


def behind(pin: PinAnswer) -> str:
    """Say how far a pin is behind, shortly."""
    fresh = pin.freshness
    if fresh is None:
        return "-"
    if fresh.releases == 0:
        return "newest"
    behind = [count(fresh.releases, "release")]
    if (months := round(fresh.months or 0)) > 0:
        behind.append(count(months, "month"))
    return f"{', '.join(behind)} behind {fresh.newest}"


def symbol(state: str) -> str:
    """Return the sign of a pair's state in the table of all pairs."""
    return _SYMBOLS[state]
