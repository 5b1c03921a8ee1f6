"""The files that two installed distributions own, as a record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Literal

from stackproof.base.records import Record
from stackproof.base.text import first_of
from stackproof.evidence.records import Freeze
from stackproof.matrix.checks import ALL, CheckId
from stackproof.reasons.reason import Reason, reason

__all__ = ["Overwritten"]


class Overwritten(Record):
    """The files of modules that two or more distributions own, each with its owners by name.

    Only those count whose contents differ, as the hashes in the records say. Of `settled` ones the
    first owner sees to it, by a file of its own that runs at each start of Python, that its
    contents stand, whatever was written last. `users` are all that own one of the `files`, or
    require, directly or through others, what does.
    """

    format: Literal[1] = 1
    files: dict[str, tuple[str, ...]]
    settled: dict[str, tuple[str, ...]]
    users: tuple[str, ...]

    @property
    def subjects(self) -> tuple[str, ...]:
        """The distributions that stand for the overwritten files: each file's first owner."""
        return tuple(sorted({owners[0] for owners in self.files.values()}))

    def obscures(self, check: str) -> bool:
        """Tell whether a check may load overwritten files, so that luck may answer for it.

        What a workload loads is not known, so it may be any of them.
        """
        asked = CheckId.parse(check)
        if not self.files or asked.answered_by != "suite":
            return False
        return asked.kind == "smoke" or asked.subject in (ALL, *self.users)

    def about(self, freeze: Freeze, subject: str | None = None) -> Reason:
        """Say whose the overwritten files are, or those of one subject alone.

        Such as `alpha 1.0 and beta 2.0 own the same files, with different contents: one.py`.
        """
        files = {
            file: owners for file, owners in self.files.items() if subject in (None, owners[0])
        }
        return reason("own-same-files", owners=_owners(files, freeze), files=tuple(files))

    def notes(self, freeze: Freeze) -> list[str]:
        """Say of the settled files whose contents stand."""
        groups = defaultdict[tuple[str, ...], dict[str, tuple[str, ...]]](dict)
        for file, owners in self.settled.items():
            groups[owners][file] = owners
        return [
            f"{' and '.join(_owners(files, freeze))} own the same files ({first_of([*files])}); "
            f"{first} has Python put its own in place at each start"
            for (first, *_), files in groups.items()
        ]


def _owners(files: Mapping[str, Sequence[str]], freeze: Freeze) -> tuple[str, ...]:
    names = sorted({*chain(*files.values())})
    return tuple(f"{name} {freeze[name]}" if name in freeze else name for name in names)
