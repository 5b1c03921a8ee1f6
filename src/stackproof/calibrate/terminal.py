"""What a calibration prints: a line a workload and column, and one last line."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console

from stackproof.calibrate.records import Calibrated, Calibration
from stackproof.calibrate.tables import cell

__all__ = ["line", "print_calibration"]

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
