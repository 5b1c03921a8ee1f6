"""What every test may use: golden files, and a count of the faults that end well."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "unit" / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the one way to write golden files again."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what is rendered to tests/unit/golden, in place of comparing with it",
    )


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> Callable[[str, str], None]:
    """Return a function that compares a text with the golden file of a name, or writes that."""

    def compare(name: str, text: str) -> None:
        file = GOLDEN / name
        if pytestconfig.getoption("--update-golden"):
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8"), f"see `pytest --update-golden` for {file}"

    return compare


def pytest_configure() -> None:
    """Have Ctrl-C reach what tests start: who runs them in the background has it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
