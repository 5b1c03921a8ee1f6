"""Read whatever a newcomer has: a Markdown document, a requirements file, or a lock file."""

from __future__ import annotations

import re
from pathlib import Path

from stackproof.errors import StackproofError
from stackproof.matrix.document.lists import read_lock, read_requirements
from stackproof.matrix.document.markdown import read_markdown
from stackproof.matrix.document.stack import Stack

__all__ = ["read_stack"]


def read_stack(path: Path, *, python: str | None = None) -> Stack:
    """Return the stack of a file, told by its name what it is: `.md`, `.txt`, `.in` or `.toml`.

    `python` is the minor version that markers are judged for; without it that is the file's own,
    or else the one that runs. Raises StackproofError if the file cannot be read, or DocumentError
    with all that is wrong in it.
    """
    readers = {
        ".md": read_markdown,
        ".markdown": read_markdown,
        ".txt": read_requirements,
        ".in": read_requirements,
        ".toml": read_lock,
    }
    text = _text(path)
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise StackproofError(
            f"{path}: cannot tell what it is; give a Markdown document (.md), a requirements "
            "file (.txt), or a lock file (pylock.toml)"
        )
    return reader(text, name=_slug(path.stem), file=path.name, python=python)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise StackproofError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise StackproofError(f"{path}: is not UTF-8 text ({error})") from error


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "stack"
