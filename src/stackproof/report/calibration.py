"""A calibration as a table of Markdown: a workload a row, a set of releases a column."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console

from stackproof.experiments.calibrate.record import Calibrated, Calibration
from stackproof.report.tables import pipe_table, print_last, print_lines

__all__ = ["cell", "line", "markdown_table", "print_calibration", "releases"]


def markdown_table(calibration: Calibration) -> str:
    """Return a pipe table of Markdown."""
    header = ["workload", *calibration.columns]
    rows = [
        [f"`{name}`", *(cell(calibration.of(name, column)) for column in calibration.columns)]
        for name in calibration.workloads
    ]
    return pipe_table(header, rows)


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


def line(found: Calibrated) -> str:
    """Return what one workload says in one column."""
    return f"{found.workload:<24} {found.column:<10} {cell(found)}"


def print_calibration(calibration: Calibration, report: Path, console: Console) -> None:
    """Print what did not pass, and the summary as the last line."""
    for found in calibration.results:
        if found.outcome != "passed":
            print_lines(console, [line(found)])
    counts = Counter(item.outcome for item in calibration.results)
    said = ", ".join(f"{counts[outcome]} {outcome}" for outcome in sorted(counts))
    last = f"{len(calibration.workloads)} workloads: {said}, {calibration.seconds:.0f} s; {report}"
    print_last(console, last, calibration.exit_code)
