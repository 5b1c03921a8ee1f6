"""The options that say where the plans of a search are carried out, and what they open."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from stackproof.cli.options import Options
from stackproof.experiments.machines.here import Here
from stackproof.experiments.machines.machines import Machines

__all__ = ["add_machines", "open_machines"]

#: More builds at a time than this no single machine has room for.
_MOST = 64


def add_machines(options: Options) -> None:
    """Let a session say where its plans are carried out."""
    options.add_argument("--side-by-side", type=_number, default=None, metavar="N")


@contextmanager
def open_machines(given: argparse.Namespace) -> Iterator[Machines]:
    """Yield what carries out the plans of a session, by its options."""
    yield Here(at_once=given.side_by_side or 1)


def _number(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {_MOST}")
    return number
