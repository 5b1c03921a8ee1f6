"""What checks loaded of the stack, and which of them another stack can answer differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from stackproof.base.records import Record
from stackproof.evidence.records import Freeze

__all__ = ["InstalledNames", "Loaded", "LoadedFile"]


class InstalledNames(Record):
    """By what installed distributions are found.

    `files` maps each to the keys of its files, as `stack_suite.watching` tells them: `numpy`,
    `six.py`, `google/cloud`, `bin/flask`. `entry_points` maps those that have any, beside scripts,
    to a digest of them.
    """

    files: dict[str, tuple[str, ...]]
    entry_points: dict[str, str]

    @property
    def modules(self) -> frozenset[str]:
        """The names of all top-level modules."""
        return frozenset(module for module, _ in self.by_module())

    def by_module(self) -> Iterator[tuple[str, str]]:
        """Yield each top-level module with the distribution that has something in it."""
        for name, keys in self.files.items():
            tops = {key.partition("/")[0] for key in keys} - {"bin"}
            yield from ((top.partition(".")[0], name) for top in sorted(tops))


class Loaded(Record):
    """What the processes of one check loaded.

    `distributions` are those of whose files they opened one, `missing` the top-level modules that
    they looked for and that nothing has. `entry_points` says whether they may have asked all
    distributions for theirs, and `listed` whether they read the metadata of most: that alone makes
    none of these loaded. `unseen` is what went on of which nothing could be heard.
    """

    distributions: tuple[str, ...]
    missing: tuple[str, ...] = ()
    entry_points: bool = False
    listed: bool = False
    unseen: tuple[str, ...] = ()


class LoadedFile(Record):
    """What the checks of a run loaded, by their ids: `loaded.json`."""

    format: Literal[1] = 1
    installed: InstalledNames
    checks: dict[str, Loaded]

    def reached(
        self, before: Freeze, after: Freeze, now: InstalledNames, checks: Iterable[str]
    ) -> list[str]:
        """Return those of the checks that may answer otherwise where `after` is installed.

        `before` is what this run had installed, `now` are the names of `after`. What nothing is
        known of may always.
        """
        moved = {
            name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
        }
        owners = _owners(self.installed)
        # A distribution may bring files into a folder that is another one's.
        brought = {key for name in moved for key in now.files.get(name, ())}
        touched = moved | {owner for key in brought for owner in owners.get(key, ())}
        appeared = now.modules - self.installed.modules
        came_or_went = any(name not in before or name not in after for name in moved)
        entries = any(
            self.installed.entry_points.get(name) != now.entry_points.get(name) for name in moved
        )
        return [
            check
            for check in checks
            if (known := self.checks.get(check)) is None
            or known.unseen
            or touched.intersection(known.distributions)
            or appeared.intersection(known.missing)
            or (entries and known.entry_points)
            or (came_or_went and known.listed)
        ]


def _owners(installed: InstalledNames) -> Mapping[str, set[str]]:
    owners: dict[str, set[str]] = {}
    for name, keys in installed.files.items():
        for key in keys:
            owners.setdefault(key, set()).add(name)
    return owners
