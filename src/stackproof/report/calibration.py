"""A calibration as a table of Markdown: a workload a row, a set of releases a column."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console

from stackproof.experiments.calibrate.record import Calibrated, Calibration

__all__ = ["cell", "line", "markdown_table", "print_calibration", "releases"]


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


_STYLE = {0: "bold green", 1: "bold red", 2: "bold yellow"}


def line(found: Calibrated) -> str:
    """Return what one workload says in one column."""
    return f"{found.workload:<24} {found.column:<10} {cell(found)}"


def print_calibration(calibration: Calibration, report: Path, console: Console) -> None:
    """Print what did not pass, and the summary as the last line."""
    for found in calibration.results:
        if found.outcome != "passed":
            console.print(line(found), markup=False, highlight=False, soft_wrap=True)
    counts = Counter(item.outcome for item in calibration.results)
    said = ", ".join(f"{counts[outcome]} {outcome}" for outcome in sorted(counts))
    last = f"{len(calibration.workloads)} workloads: {said}, {calibration.seconds:.0f} s; {report}"
    style = _STYLE[calibration.exit_code]
    console.print(last, style=style, markup=False, highlight=False, soft_wrap=True)
