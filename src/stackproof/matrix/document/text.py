"""Read a file as text, as installers do: by its mark, as UTF-8, or by what its first lines say."""

from __future__ import annotations

import codecs
import re
import sys
from pathlib import Path

from stackproof.errors import StackproofError

__all__ = ["STANDARD_INPUT", "line_of", "read_text", "shown"]

#: What stands for standard input on a command line.
STANDARD_INPUT = Path("-")

#: UTF-32's mark begins with that of UTF-16. Windows' shells write the latter.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
#: PEP 263, which pip keeps to in requirements files.
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.MULTILINE)


def read_text(path: Path) -> str:
    """Return the text of a file, or of what is piped in, line ends as they are.

    Raises StackproofError if it cannot be read, or is no text.
    """
    content = _piped_in() if path == STANDARD_INPUT else _content(path)
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    said = _CODING.search(b"\n".join(content.split(b"\n", 2)[:2]))
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        if said is None:
            raise StackproofError(f"{path}: is not {encoding.upper()} text ({error})") from error
    try:
        return content.decode(said[1].decode())
    except (LookupError, UnicodeDecodeError) as error:
        raise StackproofError(f"{path}: is not {said[1].decode()} text ({error})") from error


def shown(path: Path) -> str:
    """Return a file's name as messages have it."""
    return "standard input" if path == STANDARD_INPUT else path.name


def _content(path: Path) -> bytes:
    # To open a pipe of a name may take for ever, and what is read of one is gone.
    if path.exists() and not path.is_file() and not path.is_dir():
        raise StackproofError(
            f"{path}: is no file; pipe its content in, and give {STANDARD_INPUT} in its place"
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise StackproofError(f"{path}: cannot be read ({error.strerror})") from error


def _piped_in() -> bytes:
    if sys.stdin.isatty():
        raise StackproofError(
            f"{STANDARD_INPUT} stands for what is piped in, as by `pip freeze |`, and nothing is"
        )
    return sys.stdin.buffer.read()


def line_of(text: str, words: str, *, after: int = 0) -> int | None:
    """Return the number of the first line behind line `after` that has the words."""
    for number, line in enumerate(text.splitlines(), start=1):
        if number > after and words in line:
            return number
    return None
