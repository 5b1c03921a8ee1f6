"""Read what stands behind `--` on nox's command line."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import NoReturn

from stackproof.base.invocation import opening
from stackproof.base.text import nearest
from stackproof.base.times import age, full_hour, timestamp
from stackproof.errors import StackproofError
from stackproof.matrix.platforms import PLATFORMS

__all__ = ["Options", "instant", "platform_name", "python_version"]


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
#: A span of weeks, days or hours, as ISO 8601 has it.
_AGO = re.compile(r"P(?:T(?=\d+H$)|(?!\d+H))(\d+)([WDH])")


class Options(argparse.ArgumentParser):
    """A parser whose mistakes are our errors: nox, not argparse, ends the session."""

    def __init__(self, session: str) -> None:
        super().__init__(prog=opening(session), allow_abbrev=False)

    def parse_args(self, words: Sequence[str], /) -> argparse.Namespace:  # type: ignore[override]
        """Read the words, and say how a date without a time was read."""
        given = super().parse_args(words)
        texts = [word.rpartition("=")[2] for word in words]
        for text in dict.fromkeys(filter(_DATE.fullmatch, texts)):
            sys.stdout.write(f"{text} is read as its first moment, {timestamp(instant(text))}\n")
        return given

    def error(self, message: str) -> NoReturn:
        """Raise StackproofError with the mistake and the usage, in one line."""
        raise StackproofError(f"{message}; {' '.join(self.format_usage().split())}")


def instant(text: str) -> datetime:
    """Return a moment in UTC: the first one of a date that stands alone, or so long ago.

    Raises ArgumentTypeError for anything else, and for a time to come.
    """
    # uv reads a date alone as the end of that day, so installers are given full timestamps only.
    if ago := _AGO.fullmatch(text):
        return full_hour(datetime.now(timezone.utc) - age(f"{ago[1]}{ago[2].lower()}"))
    full = f"{text}T00:00:00Z" if _DATE.fullmatch(text) else text
    try:
        found = datetime.strptime(full, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a UTC timestamp such as 2025-04-01T00:00:00Z nor a date, nor "
            "a span such as P7D"
        ) from None
    if found > datetime.now(timezone.utc):
        # What an index will have by then is not fixed, and what is fixed is taken as found before.
        raise argparse.ArgumentTypeError(f"{text!r} lies in the future, so it fixes nothing")
    return found


def platform_name(text: str) -> str:
    """Return the name of a platform; raise ArgumentTypeError for one that uv has none of."""
    if text not in PLATFORMS:
        raise argparse.ArgumentTypeError(f"{text!r} is no platform; {nearest(text, PLATFORMS)}")
    return text


def python_version(text: str) -> str:
    """Return a minor version of Python 3; raise ArgumentTypeError for anything else."""
    if not re.fullmatch(r"3\.\d+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a Python version such as 3.11")
    return text
