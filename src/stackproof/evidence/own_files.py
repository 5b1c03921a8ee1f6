"""The files of a repository that its own commands may hang on, and what they hold.

A test may read anything: a script without a suffix, a table, a folder behind a link. So all counts
but what no answer hangs on: what tools keep for themselves, environments, byte code, and evidence.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path

__all__ = ["held_by", "own_files"]

_OF_TOOLS = frozenset(
    [
        *(".git", ".hg", ".svn"),
        *(".eggs", ".hypothesis", ".ipynb_checkpoints", ".nox", ".tox"),
        *(".idea", ".vscode", "__pycache__", "node_modules"),
    ]
)
_OF_TOOLS_TOO = (".dist-info", ".egg-info")
_BYTE_CODE = (".pyc", ".pyo")
#: What coverage measured, and what each process did before that is put together.
_MEASURED = re.compile(r"\.coverage(?:\..*)?")
#: A cache says so, whoever keeps it (https://bford.info/cachedir/), and so does an environment.
_MARKS = ("CACHEDIR.TAG", "pyvenv.cfg")
#: What is larger is not read, and known by size and time.
_MOST_READ = 64 << 20


def own_files(folder: Path, made: Collection[Path]) -> Iterator[Path]:
    """Yield the files below a folder, by links too, in order; `made` are folders of evidence."""
    yield from _below(folder, {one.resolve() for one in made}, frozenset())


def _below(folder: Path, made: Collection[Path], above: frozenset[Path]) -> Iterator[Path]:
    real, paths = folder.resolve(), _listed(folder)
    leads_back = any(real in (one, *one.parents) for one in above)
    # A repository may itself be an environment, and counts nevertheless.
    marked = above and any(path.name in _MARKS for path in paths)
    if leads_back or marked or real in made:
        return
    for path in paths:
        if path.is_dir():
            if not (path.name in _OF_TOOLS or path.name.endswith(_OF_TOOLS_TOO)):
                yield from _below(path, made, above | {real})
        elif path.is_file() and not _is_made(path):
            yield path


def _listed(folder: Path) -> list[Path]:
    # What cannot be listed, or entered, is nothing that commands can read either.
    if not os.access(folder, os.R_OK | os.X_OK):
        return []
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _is_made(file: Path) -> bool:
    return file.suffix in _BYTE_CODE or _MEASURED.fullmatch(file.name) is not None


def held_by(folder: Path, made: Collection[Path]) -> dict[str, str]:
    """Return what stands for the content of each of these files, by their paths in the folder.

    That is its sha256, of more than 64 MiB its size and time, and nothing for a file that cannot be
    read, by commands as little as here.
    """
    return {str(file.relative_to(folder)): _held(file) for file in own_files(folder, made)}


def _held(file: Path) -> str:
    try:
        stat = file.stat()
        if stat.st_size > _MOST_READ:
            return f"{stat.st_size} {stat.st_mtime_ns}"
        stamp = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
        return _digest(file, stamp)
    except OSError:
        return ""


@lru_cache(maxsize=1 << 16)
def _digest(file: Path, stamp: tuple[int, ...]) -> str:  # noqa: ARG001 - it knows one content
    """Return the sha256 of a file, read once while its `stamp` is the same."""
    with file.open("rb") as content:
        found = hashlib.sha256()
        while part := content.read(1 << 20):
            found.update(part)
        return found.hexdigest()
