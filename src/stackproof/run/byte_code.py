"""Byte code that outlives environments: one folder for each interpreter and exact freeze.

Python trusts a `.pyc` by the time and size of its source, so nothing less than the freeze may be
the key of a folder (design, decision 11). A new freeze need not begin with nothing, though: the
byte code of a distribution whose version is the same in both is taken over from the folder of the
nearest freeze, file by file, wherever it is certain whose file it is.

What goes with any freeze is compiled once for all of them: the test tools, the suite, and Python's
own library, whose `__pycache__` is passed over where byte code has a prefix. The modules of the
suite are the same in each folder that it is copied to, with whatever workloads: all copies share
them.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path
from pydantic import ValidationError

from stackproof.base.json_text import fingerprint
from stackproof.base.keeping import keep_newest
from stackproof.base.records import Record
from stackproof.evidence.records import Freeze
from stackproof.installers.environment import Environment, distributions, rows_of
from stackproof.run.suite_tools import SuiteTools

__all__ = ["byte_code"]

_KEPT = 8
_NAME = "stackproof.json"
#: The suite's own modules. Python names what it loads by where it lies now; pytest does not so with
#: what it rewrites, the files beside them.
_MODULES = "stack_suite"


class _Origin(Record):
    """What a folder's byte code was made from.

    `contested` holds the files that more than one distribution brought, relative to the library.
    """

    interpreter: tuple[str, str]
    libraries: tuple[str, ...]
    freeze: Freeze
    contested: frozenset[str]


def byte_code(environment: Environment, freeze: Freeze, tools: SuiteTools, suite: Path) -> Path:
    """Return the folder for the byte code of all that a suite imports, for PYTHONPYCACHEPREFIX.

    Old folders are removed. Raises OSError if there is no place to write.
    """
    store = user_cache_path("stackproof") / "byte-code"
    interpreter = (environment.implementation, environment.version)
    standard = _standard(environment)
    folder = store / fingerprint([*interpreter, freeze, standard])[:32]
    # The same freeze may come in an environment at another place, which has its own paths in there.
    if not all(_inside(folder, str(library)).exists() for library in environment.libraries):
        _begin(folder, store, environment, freeze)
    _link(_inside(folder, str(tools.folder)), tools.byte_code)
    for place in (*standard, str(suite)):
        _link(_inside(folder, place), _for_any_freeze(place, interpreter))
    modules = suite / _MODULES
    _link(_inside(folder, str(modules)), _for_any_freeze(_stamps(modules), interpreter))
    _touch(folder)
    keep_newest(store.iterdir(), _KEPT)
    return folder


def _standard(environment: Environment) -> list[str]:
    """Return the folders of Python's own library that hold none of what is installed."""
    return [
        str(place)
        for place in environment.standard
        if not any(library.is_relative_to(place) for library in environment.libraries)
    ]


def _stamps(folder: Path) -> list[tuple[str, int, int]]:
    """Return what Python knows byte code of a folder's modules by, which a copy of it keeps."""
    files = ((file.name, file.stat()) for file in sorted(folder.glob("*.py")))
    return [(name, stat.st_size, int(stat.st_mtime)) for name, stat in files]


def _for_any_freeze(place: object, interpreter: Sequence[str]) -> Path:
    """Return the folder for the byte code of what lies in a place and goes with any freeze.

    The place is its path, or whatever else it is known by.
    """
    store = user_cache_path("stackproof") / "byte-code-for-any"
    folder = store / fingerprint([*interpreter, place])[:32]
    folder.mkdir(parents=True, exist_ok=True)
    _touch(folder)
    keep_newest(store.iterdir(), _KEPT)
    return folder


def _touch(folder: Path) -> None:
    os.utime(folder, (time.time(), time.time()))


def _begin(folder: Path, store: Path, environment: Environment, freeze: Freeze) -> None:
    """Make a folder, with what can be taken over from the nearest one."""
    for library in environment.libraries:
        _inside(folder, str(library)).mkdir(parents=True, exist_ok=True)
    files = {library: dict(_owned(library)) for library in environment.libraries}
    counts = Counter(path for owned in files.values() for paths in owned.values() for path in paths)
    origin = _Origin(
        interpreter=(environment.implementation, environment.version),
        libraries=tuple(map(str, environment.libraries)),
        freeze=freeze,
        contested=frozenset(path for path, count in counts.items() if count > 1),
    )
    donor = _nearest(store, origin)
    if donor is not None:
        where, theirs = donor
        same = {name for name, version in freeze.items() if theirs.freeze.get(name) == version}
        unsafe = origin.contested | theirs.contested
        for library, old in zip(environment.libraries, theirs.libraries, strict=False):
            paths = {path for name in same & files[library].keys() for path in files[library][name]}
            _take_over(_inside(where, old), _inside(folder, str(library)), paths - unsafe)
    origin.write(folder / _NAME)


def _link(place: Path, target: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        place.symlink_to(target)


def _inside(folder: Path, library: str) -> Path:
    """Return where Python keeps the byte code of a library under a prefix."""
    return folder / Path(library).relative_to(Path(library).anchor)


def _owned(library: Path) -> Iterator[tuple[str, set[str]]]:
    """Yield each distribution of a library with the source files that it brought (RECORD)."""
    for folder, name, _ in distributions(library):
        paths = (row[0] for row in rows_of(folder / "RECORD") if row)
        yield name, {path for path in paths if path.endswith(".py")}


def _nearest(store: Path, wanted: _Origin) -> tuple[Path, _Origin] | None:
    """Return the folder for the same interpreter that has the most distributions in common."""
    found: list[tuple[int, Path, _Origin]] = []
    for file in store.glob(f"*/{_NAME}"):
        try:
            origin = _Origin.model_validate_json(file.read_text(encoding="utf-8"))
        except (OSError, ValidationError):
            continue  # being removed, or of another version of stackproof
        if origin.interpreter == wanted.interpreter:
            common = len(origin.freeze.items() & wanted.freeze.items())
            found.append((common, file.parent, origin))
    if not found:
        return None
    _, folder, origin = max(found, key=lambda item: item[0])
    return folder, origin


def _take_over(source: Path, target: Path, paths: set[str]) -> None:
    """Link the byte code of source files from one library's folder into another's."""
    made: set[Path] = set()
    by_folder: dict[str, set[str]] = {}
    for path in paths:
        parent, _, name = path.rpartition("/")
        by_folder.setdefault(parent, set()).add(name.removesuffix(".py"))
    for parent, stems in by_folder.items():
        with suppress(OSError):
            for entry in os.scandir(source / parent):
                stem, _, tag = entry.name.partition(".")
                if stem in stems and tag.endswith(".pyc") and "-pytest-" not in tag:
                    if target / parent not in made:
                        (target / parent).mkdir(parents=True, exist_ok=True)
                        made.add(target / parent)
                    os.link(entry.path, target / parent / entry.name)
