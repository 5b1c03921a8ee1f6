"""What is counted of every test: which fault it injects, and whether that ended well."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have each report of a fault's test say whose it is, on every worker."""
    for item in items:
        for mark in item.iter_markers("fault"):
            item.user_properties.append(("fault", mark.args[0]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count the faults of which every test passed; one that was skipped shows nothing."""
    ends_well: dict[str, bool] = {}
    for outcome, reports in terminalreporter.stats.items():
        if outcome == "deselected":
            continue
        for report in reports:
            for name, cause in getattr(report, "user_properties", ()):
                if name == "fault":
                    # A set-up or teardown that passed stands under "".
                    passed = outcome in ("passed", "")
                    ends_well[cause] = ends_well.get(cause, True) and passed
    for cause in sorted(cause for cause, well in ends_well.items() if not well):
        terminalreporter.write_line(f"fault {cause} ends badly")
    if ends_well:
        well = sum(ends_well.values())
        terminalreporter.write_line(f"faults: {well} of {len(ends_well)} end well")
