"""The command `stackproof`: nox, with the noxfile of the folder or one of ours.

stackproof SESSION [ARGUMENT ...]            nox -s SESSION -- ARGUMENT ...
stackproof SESSION [OPTION ...] -- ARGUMENT  nox -s SESSION OPTION ... -- ARGUMENT ...
stackproof OPTION ...                        nox OPTION ...
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import nox

from stackproof.base.nox_report import exit_code

__all__ = ["ROOT", "main"]

#: The variable that tells our noxfile which folder is meant.
ROOT = "STACKPROOF_ROOT"

_OURS = Path(__file__).with_name("noxfile.py")


def main() -> None:
    """Run nox with what stands on the command line, and end with the code of its sessions."""
    here = Path.cwd()
    os.environ[ROOT] = str(here)
    # What the noxfile's header asks for is here already: the command is a part of it.
    os.environ["NOX_SCRIPT_MODE"] = "none"
    with TemporaryDirectory(prefix="stackproof-") as folder:
        report = Path(folder) / "report.json"
        where = _noxfile(here, Path(folder))
        sys.argv[1:] = [*where, "--report", str(report), *_words(sys.argv[1:])]
        try:
            nox.main()
        except SystemExit as end:
            if end.code and not report.exists():
                sys.exit(2)  # no session began; nox has codes of its own for why
            if end.code != 1:
                raise
            sys.exit(exit_code(report))


def _words(words: Sequence[str]) -> list[str]:
    """Return nox's words for ours: the first one names a session, unless it is an option."""
    if not words or words[0].startswith("-"):
        return list(words)
    session, *rest = words
    return ["-s", session, *(rest if "--" in rest else ["--", *rest])]


def _noxfile(here: Path, folder: Path) -> list[str]:
    """Return nox's words for the noxfile here, if that makes our sessions, or for one of ours.

    nox moves to where the noxfile lies, and installers refuse to work in folders of their own, as
    this package may lie in one: so ours is a copy in `folder`.
    """
    own = here / "noxfile.py"
    if own.is_file() and b"stackproof.register" in own.read_bytes():
        return ["-f", str(own)]
    return ["-f", str(shutil.copy(_OURS, folder)), "--envdir", str(here / ".nox")]
