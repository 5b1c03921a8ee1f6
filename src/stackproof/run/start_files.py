"""What a stack has Python run at each start, in every check and in all that uses it.

That is code in `.pth` files, and the modules `sitecustomize` and `usercustomize`
(https://docs.python.org/3/library/site.html). It may change whatever a check sees.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain, product
from pathlib import Path

from stackproof.installers.environment import Environment, distributions, rows_of
from stackproof.run.overwritten import code_in
from stackproof.run.watching import PTH

__all__ = ["start_notes"]

#: What makers of environments put there, virtualenv and uv after it; and we, while checks run.
_OF_THE_MAKER = frozenset({"_virtualenv.pth", PTH})
_MODULES = ("sitecustomize", "usercustomize")


def start_notes(environment: Environment) -> list[str]:
    """Return a note of each file that runs at every start of Python, with whose it is."""
    notes = (
        f"{_owner(library, file)} has every Python run {file} at its start: "
        "what that does, each check saw"
        for library in environment.libraries
        for file in sorted(_start_files(library))
    )
    return [*dict.fromkeys(notes)]  # two folders may have the same


def _start_files(library: Path) -> Iterator[str]:
    """Yield what runs, by its path from a library, as a record has it."""
    places = [library.resolve()]
    for file in library.glob("*.pth"):
        if file.name not in _OF_THE_MAKER and code_in(file):
            yield file.name
        places += (place for place in _added(library, file) if place not in places)
    for place, module in product(places, _MODULES):
        for file in chain(place.glob(f"{module}.*"), filter(Path.is_dir, [place / module])):
            yield os.path.relpath(file, places[0])


def _added(library: Path, pth: Path) -> Iterator[Path]:
    """Yield the folders that the other lines of a `.pth` file add to where modules are found.

    What `.pth` files those hold, nobody reads.
    """
    code = code_in(pth)
    for line in pth.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.strip() and line not in code and not line.startswith("#"):
            place = (library / line.rstrip()).resolve()
            if place.is_dir():
                yield place


def _owner(library: Path, path: str) -> str:
    """Return the distribution whose record names a file or folder, by its path from a library."""
    for folder, owner, version in distributions(library):
        rows = rows_of(folder / "RECORD")
        if any(row and (row[0] == path or row[0].startswith(f"{path}/")) for row in rows):
            return f"{owner} {version}"
    return "a file that no distribution owns"
