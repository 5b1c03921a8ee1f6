"""Files of modules that somebody wrote into after their distributions had brought them.

An installer may share files with its cache, by hard links: what is written into them in place is
written there too, and is installed with the release ever after.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from stackproof.base.text import first_of
from stackproof.errors import CannotJudgeError
from stackproof.installers.environment import Environment, distributions, rows_of
from stackproof.reasons.reason import reason
from stackproof.reasons.words import in_words
from stackproof.run.overwritten import brought_modules, digest_of

__all__ = ["require_unaltered"]

#: A wheel's files are unpacked one after the other, of which its metadata is one.
_UNPACKING_SECONDS = 60.0
#: File systems note times by a clock that lags.
_LAG_SECONDS = 1.0


def require_unaltered(environment: Environment, since: float | None = None) -> None:
    """Raise CannotJudgeError if files of modules are not those of their distributions any more.

    Those that checks wrote are looked for by when these began, `since`, in seconds of the epoch.
    """
    found = _altered_files(environment, since)
    if not found:
        return
    files = first_of(list(chain.from_iterable(found.values())))
    command = " ".join([environment.installer.forget, *found])
    if since is None:
        raise CannotJudgeError(in_words(reason("files-altered", files=files, command=command)))
    raise CannotJudgeError(in_words(reason("checks-altered-files", files=files, command=command)))


def _altered_files(environment: Environment, since: float | None) -> Mapping[str, Sequence[str]]:
    """Return the files that are not those of their distribution any more, by distribution.

    Looked at are those that were written after `since`, or long after
    the others of the distribution if None. What several distributions own is told by `overwritten`.
    """
    found: dict[str, Sequence[str]] = {}
    for library in environment.libraries:
        brought = {
            name: (folder, dict(brought_modules(rows_of(folder / "RECORD"))))
            for folder, name, _ in distributions(library)
        }
        owners = Counter(file for _, files in brought.values() for file in files)
        for name, (folder, files) in brought.items():
            own = {file: digest for file, digest in files.items() if owners[file] == 1}
            begin = _unpacked(folder) if since is None else since - _LAG_SECONDS
            if altered := list(_altered(library, own, begin)):
                found[name] = altered
    return found


def _altered(library: Path, files: Mapping[str, str], begin: float) -> Iterator[str]:
    for file, digest in files.items():
        path = library / file
        try:
            if os.stat(path).st_mtime > begin and digest_of(path.read_bytes()) != digest:  # noqa: PTH116 - of each file of a stack, where pathlib takes as long again
                yield file
        except OSError:
            continue  # one that is gone is found by who needs it


def _unpacked(folder: Path) -> float:
    """Return until when files of a distribution may have been unpacked; RECORD is made anew."""
    try:
        return (folder / "METADATA").stat().st_mtime + _UNPACKING_SECONDS
    except OSError:
        return float("inf")
