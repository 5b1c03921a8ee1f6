"""The frontier as a table that a person can act on, the most valuable upgrade first."""

from __future__ import annotations

from rich.console import Console

from stackproof.base.versions import satisfies
from stackproof.experiments.frontier.record import Frontier, PinFrontier
from stackproof.report.tables import pipe_table, print_lines, terminal_table
from stackproof.report.texts import texts
from stackproof.report.wording import among

__all__ = ["frontier_markdown", "is_beyond", "pin_line", "print_frontier"]

_COLUMNS = ("pin", "pinned", "passes", "resolves", "newest", "days gained", "the next step up")


def print_frontier(frontier: Frontier, console: Console) -> None:
    """Print the table, and the joint answer below it."""
    rows = map(_cells, in_order(frontier))
    console.print(terminal_table(f"frontier of {frontier.row}", _COLUMNS, rows))
    print_lines(console, _joint(frontier))


def frontier_markdown(frontier: Frontier) -> str:
    """Return the same as Markdown."""
    title = f"# Frontier of {frontier.row}, as of {frontier.as_of}\n"
    joint = "".join(f"{line}\n" for line in _joint(frontier))
    return "\n".join([title, pipe_table(_COLUMNS, map(_cells, in_order(frontier))), joint])


def pin_line(pin: PinFrontier) -> str:
    """Return in a line what was found of one pin."""
    _, pinned, passing, *_ = _cells(pin)
    found = "stays" if pin.newest_passing == pin.pinned else f"passes {passing}"
    return f"{pin.name} {pinned}: {found}; {_next_step(pin)}"


def in_order(frontier: Frontier) -> list[PinFrontier]:
    """Return the pins, those first whose upgrade gains the most time."""
    return sorted(frontier.pins, key=lambda pin: (-pin.gained_days, pin.name))


def _cells(pin: PinFrontier) -> tuple[str, ...]:
    t = texts()
    told = t("frontier.beyond")
    along = "".join(f" with {name} {version}" for name, version in pin.companions.items())
    beyond = f" ({told})" if is_beyond(pin) else ""
    return (
        pin.name,
        pin.pinned if pin.range is None else f"{pin.pinned} ({among(pin.range, t)})",
        pin.newest_passing + beyond + along,
        pin.newest_resolvable,
        pin.newest,
        str(pin.gained_days) if pin.gained_days else "",
        _next_step(pin),
    )


def is_beyond(pin: PinFrontier) -> bool:
    """Tell whether a pin passes at a version that its range does not admit."""
    return pin.range is not None and not satisfies(pin.newest_passing, pin.range)


def _next_step(pin: PinFrontier) -> str:
    """Say what blocks the next step up, and of which steps nothing is known."""
    unknown = [f"{step.version} could not be judged: {step.because}" for step in pin.unjudged]
    blocked = [f"{pin.blocked.version}: {pin.blocked.because}"] if pin.blocked else []
    return "; ".join([*blocked, *unknown]) or "is the newest"


def _joint(frontier: Frontier) -> list[str]:
    joint = frontier.joint
    if joint is None:
        return ["All together: not tried yet; run the same command again to go on."]
    if joint.unjudged is not None:
        return [f"All together: could not be judged: {joint.unjudged}."]
    set_ = ", ".join(f"{name} {version}" for name, version in joint.versions.items())
    lines = [f"All together pass: {set_ or 'no upgrades'}."]
    return lines + [f"Not with them: {item.name} ({item.because})." for item in joint.left_out]
