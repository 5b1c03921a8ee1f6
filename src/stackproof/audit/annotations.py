"""Findings in the form that GitHub Actions shows on the lines of a file in a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from stackproof.audit.findings import Audit
from stackproof.audit.wording import merge

__all__ = ["workflow_commands"]

_COMMAND = {"error": "error", "warning": "warning", "note": "notice", "known": "notice"}


def workflow_commands(audit: Audit) -> Iterator[str]:
    """Yield a workflow command for each finding; an error that is known is a notice."""
    for item in merge(audit.findings):
        finding = item.finding
        rows = f" [{', '.join(item.rows)}]" if item.rows else ""
        known = f" (known: {finding.known})" if finding.known else ""
        properties = {
            "file": finding.file,
            "line": str(finding.line),
            "title": f"stackproof {finding.rule}{f': {finding.pin}' if finding.pin else ''}",
        }
        listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
        yield f"::{_COMMAND[item.level]} {listed}::{_data(finding.message + known + rows)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
