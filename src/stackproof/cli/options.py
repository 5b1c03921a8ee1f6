"""Read what stands behind `--` on nox's command line."""

from __future__ import annotations

import argparse
import re
from datetime import datetime, timezone
from typing import NoReturn

from stackproof.errors import StackproofError

__all__ = ["Options", "instant", "python_version"]


class Options(argparse.ArgumentParser):
    """A parser whose mistakes are our errors: nox, not argparse, ends the session."""

    def __init__(self, session: str) -> None:
        super().__init__(prog=f"nox -s {session} --", add_help=False, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise StackproofError with the mistake and the usage, in one line."""
        raise StackproofError(f"{message}; {' '.join(self.format_usage().split())}")


def instant(text: str) -> datetime:
    """Return a full UTC timestamp; raise ArgumentTypeError for less, and for a time to come."""
    try:
        found = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a full UTC timestamp such as 2025-04-01T00:00:00Z"
        ) from None
    if found > datetime.now(timezone.utc):
        # What an index will have by then is not fixed, and what is fixed is taken as found before.
        raise argparse.ArgumentTypeError(f"{text!r} lies in the future, so it fixes nothing")
    return found


def python_version(text: str) -> str:
    """Return a minor version of Python 3; raise ArgumentTypeError for anything else."""
    if not re.fullmatch(r"3\.\d+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a Python version such as 3.11")
    return text
