"""The table of what was measured, with the machine, the versions and the date."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from benchmarks.measuring import Measurement

__all__ = ["page"]

_TOOLS = ("nox", "pip", "tox", "tox-uv", "uv", "virtualenv")
_MEGABYTE = 1_000_000


def page(measurements: Sequence[Measurement]) -> str:
    """Return the page in Markdown; ours is the first line of each measurement."""
    about = (
        f"{_machine()}. Medians of what each contender took, in turn; a ratio is ours by theirs, "
        "so less is better. Times are UTC."
    )
    columns = "| measurement | contender | median | all rounds | ratio | goal |"
    head = [about, "", columns, "|---|---|---|---|---|---|"]
    return "\n".join([*head, *(line for item in measurements for line in _lines(item))]) + "\n"


def _machine() -> str:
    tools = ", ".join(f"{name} {version(name)}" for name in _TOOLS if _has(name))
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python "
        f"{platform.python_version()}, {tools}"
    )


def _has(name: str) -> bool:
    try:
        return bool(version(name))
    except ModuleNotFoundError:  # PackageNotFoundError is one
        return False


def _lines(item: Measurement) -> Iterator[str]:
    for number, figures in enumerate(item.contenders):
        ratio = item.ratio(figures) if number else None
        cells = [
            f"{item.name} (`{item.row}`, {item.at})" if number == 0 else "",
            figures.name,
            _figure(figures.median, item),
            ", ".join(_figure(value, item) for value in figures.figures),
            f"{ratio:.2f}" if ratio is not None else "",
            _goal(item) if number == 1 else "",
        ]
        yield f"| {' | '.join(cells)} |"


def _figure(value: float, item: Measurement) -> str:
    return f"{value:.2f} s" if item.unit == "s" else f"{value / _MEGABYTE:.1f} MB"


def _goal(item: Measurement) -> str:
    if item.met is None:
        return ""
    # The next round may say otherwise, so that nothing is settled yet.
    settled = "" if len(item.contenders[0].figures) > 1 else " in one round"
    return f"{item.goal} {'met' if item.met else 'missed'}{settled}"
