"""`nox -s thin`: give back the room that old evidence takes."""

from __future__ import annotations

import argparse
from pathlib import Path

import nox

from stackproof.history import thin as thin_evidence
from stackproof.sessions.nox_session import console, ends_in_words
from stackproof.sessions.options import Options

__all__ = ["thin"]

_KEEP = 12


@ends_in_words("exit 2")
def thin(session: nox.Session, root: Path) -> None:
    """Thin the evidence of each row but its newest runs and its last green one."""
    options = Options("thin")
    options.add_argument("--keep", type=_number, default=_KEEP, metavar="N")
    screen = console()
    given = options.parse_args(session.posargs)
    for found in thin_evidence(root / "reports", given.keep):
        name = found.home.relative_to(root / "reports").as_posix()
        told = f"{found.runs} run(s) thinned, {found.freed / 1e6:.1f} MB freed"
        said = "left alone, a run is under way" if found.busy else told
        screen.print(f"{name}: {said}", markup=False, highlight=False, soft_wrap=True)


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of runs, one at least")
    return int(text)
