"""The options that say where the plans of a search are carried out, and what they open."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from stackproof.cli.options import Options
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project
from stackproof.experiments.machines.here import Here
from stackproof.experiments.machines.machines import Machines

__all__ = ["add_machines", "open_machines"]

#: More builds at a time than this are no use: a row has so many pins at most.
_MOST = 256
_SCHEDULER = re.compile(r"(tcp|tls)://[^\s/]+:\d+")


def add_machines(options: Options) -> None:
    """Let a session say where its plans are carried out."""
    options.add_argument("--side-by-side", type=_number, metavar="N")
    options.add_argument("--on", type=_scheduler, metavar="tcp://HOST:PORT")
    options.add_argument("--leave-at", metavar="URL")


@contextmanager
def open_machines(given: argparse.Namespace, project: Project) -> Iterator[Machines]:
    """Yield what carries out the plans of a session, by its options.

    Raises StackproofError if a cluster is named that cannot carry them out.
    """
    if given.on is None:
        if given.leave_at is not None:
            raise StackproofError(
                "--leave-at is for evidence of other machines; name those by --on"
            )
        yield Here(at_once=given.side_by_side or 1)
        return
    if find_spec("distributed") is None:
        raise StackproofError(
            "--on needs dask.distributed, which is not installed; install stackproof[dask] here "
            "and on each machine that is to work"
        )
    # It takes half a second to load, and most sessions have no use for it.
    from stackproof.experiments.machines.on_dask import open_dask  # noqa: PLC0415

    dask = open_dask(given.on, project.environ, at_once=given.side_by_side, leave_at=given.leave_at)
    with dask as machines:
        yield machines


def _number(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {_MOST}")
    return number


def _scheduler(text: str) -> str:
    if not _SCHEDULER.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not such as tcp://10.0.0.7:8786 or tls://…")
    return text
