"""What a stack has Python run at each start, in every check and in all that uses it.

That is code in `.pth` files, and the modules `sitecustomize` and `usercustomize`
(https://docs.python.org/3/library/site.html). It may change whatever a check sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from stackproof.installers.environment import Environment, distributions
from stackproof.run.overwritten import code_in, rows_of

__all__ = ["start_notes"]

#: What makers of environments put there: virtualenv, and uv after it.
_OF_THE_MAKER = frozenset({"_virtualenv.pth"})
_MODULES = ("sitecustomize", "usercustomize")


def start_notes(environment: Environment) -> list[str]:
    """Return a note of each file that runs at every start of Python, with whose it is."""
    return [
        f"{_owner(library, file.name)} has every Python run {file.name} at its start: "
        "what that does, each check saw"
        for library in environment.libraries
        for file in sorted(_start_files(library))
    ]


def _start_files(library: Path) -> Iterator[Path]:
    for file in library.glob("*.pth"):
        if file.name not in _OF_THE_MAKER and code_in(file):
            yield file
    yield from chain(*(library.glob(f"{module}.*") for module in _MODULES))
    yield from (library / module for module in _MODULES if (library / module).is_dir())


def _owner(library: Path, name: str) -> str:
    """Return the distribution whose record names a file, or a folder, at the top of a library."""
    for folder, owner, version in distributions(library):
        rows = rows_of(folder / "RECORD")
        if any(row and row[0].partition("/")[0] == name for row in rows):
            return f"{owner} {version}"
    return "a file that no distribution owns"
