"""What an audit prints: a table of the pins, what a reader should act on, and one last line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stackproof.audit.findings import Audit
from stackproof.audit.wording import behind, constrained, headline, joint_line, merge

__all__ = ["age", "print_audit"]

_STYLE = {0: "bold green", 1: "bold red", 2: "bold yellow"}
_LEVEL_STYLE = {"error": "red", "warning": "yellow", "known": "dim"}


def print_audit(audit: Audit, report: Path, console: Console) -> None:
    """Print an audit; notes are only counted, they stand in the report."""
    if console.is_terminal:
        console.print(_table(audit))
    else:
        for cells in _pins(audit):
            _print(console, "{:<36} {:<12} {:<12} {:<9} {:<16} {}".format(*cells))
    for joint in audit.joint:
        _print(console, joint_line(joint))
    for item in merge(audit.findings):
        if item.level != "note":
            finding = item.finding
            rows = f" [{', '.join(item.rows)}]" if item.rows else ""
            known = f" (known: {finding.known})" if finding.known else ""
            line = (
                f"{item.level:<8} {finding.file}:{finding.line} {finding.rule}: "
                f"{finding.message}{known}{rows}"
            )
            _print(console, line, _LEVEL_STYLE[item.level])
    for line in _about(audit):
        _print(console, line, "yellow")
    _print(console, f"{headline(audit)}; report: {report}", _STYLE[audit.exit_code])


def age(since: datetime) -> str:
    """Say how long ago a moment was."""
    hours = (datetime.now(timezone.utc) - since).total_seconds() / 3600
    if hours < 1:
        return f"{hours * 60:.0f} minutes"
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"  # noqa: PLR2004


def _print(console: Console, line: str, style: str = "") -> None:
    console.print(escape(line), style=style, highlight=False, soft_wrap=True)


def _table(audit: Audit) -> Table:
    table = Table(title="pins", title_justify="left", expand=False)
    for column in ("pin", "version", "exists", "Python", "constraints", "freshness"):
        table.add_column(column, overflow="fold")
    for cells in _pins(audit):
        table.add_row(*map(escape, cells))
    return table


def _pins(audit: Audit) -> list[tuple[str, ...]]:
    """Return a line of cells for each pin; rows that say the same of it share the line."""
    cells = (
        (
            pin.pin,
            pin.version,
            pin.exists + (f": {', '.join(pin.nearest)}" if pin.nearest else ""),
            pin.python,
            constrained(pin),
            behind(pin),
        )
        for pin in audit.pins
    )
    return list(dict.fromkeys(cells))


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
