"""A calibration as a table of Markdown: a workload a row, a set of releases a column."""

from __future__ import annotations

from stackproof.calibrate.records import Calibrated, Calibration

__all__ = ["cell", "markdown_table", "releases"]


def markdown_table(calibration: Calibration) -> str:
    """Return a pipe table of Markdown."""
    header = ["workload", *calibration.columns]
    rows = [
        [f"`{name}`", *(_cell(calibration.of(name, column)) for column in calibration.columns)]
        for name in calibration.workloads
    ]
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cell(found: Calibrated) -> str:
    """Return outcome, releases and seconds of a workload in a column, in one line."""
    if found.outcome == "passed":
        return f"{releases(found)}: passed, {found.seconds:.0f} s"
    about = f"{releases(found)}: " if found.versions else ""
    return f"{about}{found.outcome}: {found.message}"


def releases(found: Calibrated) -> str:
    """Return the releases that a workload was asked on, and the interpreter."""
    listed = ", ".join(f"{name} {version}" for name, version in found.versions.items())
    return f"{listed} (Python {'.'.join((found.python or '?').split('.')[:2])})"


def _cell(found: Calibrated) -> str:
    return cell(found).replace("|", "\\|")
