"""What a lock is made of: the file of each distribution, its licences and what it requires."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from packaging.pylock import Package, Pylock

from stackproof.index.client import IndexClient
from stackproof.index.core_metadata import CoreMetadata
from stackproof.index.licences import licences_of
from stackproof.index.releases import File, Release
from stackproof.index.target import Target

__all__ = ["Part", "inventory", "requirement_tree"]

_AT_ONCE = 16


@dataclass(frozen=True, kw_only=True)
class Part:
    """One distribution of a lock.

    `files` maps the addresses that it is locked at to their sha256, `sha256` is of the file that
    fits best. `metadata` is None where it cannot be had without the file, as of a source
    distribution.
    """

    name: str
    version: str
    files: Mapping[str, str]
    sha256: str | None
    metadata: CoreMetadata | None

    @property
    def licences(self) -> tuple[str, ...]:
        """One SPDX expression, or else the names of licences; empty where none is known."""
        return licences_of(self.metadata) if self.metadata else ()


def inventory(
    pylock: Pylock, client: IndexClient, default: str, target: Target
) -> tuple[Part, ...]:
    """Return the parts of a lock; those that name no index come from the `default` one.

    Raises CannotJudgeError if an index fails.
    """

    def part(package: Package) -> Part:
        return _part(package, client, package.index or default, target)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(pool.map(part, pylock.packages))


def _part(package: Package, client: IndexClient, index: str, target: Target) -> Part:
    files = {
        file.url: file.hashes["sha256"]
        for file in (*(package.wheels or ()), *([package.sdist] if package.sdist else ()))
        if file.url and "sha256" in file.hashes
    }
    fitting = _fitting(package, client, index, target, files.values())
    return Part(
        name=package.name,
        version=str(package.version),
        files=files,
        sha256=fitting.sha256 if fitting else None,
        metadata=client.metadata(index, fitting) if fitting else None,
    )


def _fitting(
    package: Package, client: IndexClient, index: str, target: Target, locked: Iterable[str]
) -> File | None:
    """Return the file that an installer takes: none but one that is locked."""
    project = client.project(index, package.name)
    release = project.find(str(package.version)) if project else None
    if release is None:
        return None
    known = {*locked}
    files = tuple(file for file in release.files if file.sha256 in known)
    return target.best(Release(release.version, files))


def requirement_tree(
    parts: Sequence[Part], asked: Mapping[str, Iterable[str]], environment: Mapping[str, str]
) -> dict[str, frozenset[str]]:
    """Return which of the parts each one requires, by name, in a marker environment.

    `asked` maps parts to the extras that the row asks for. An extra counts where the row or another
    part asks for it.
    """
    known = {part.name: part.metadata for part in parts if part.metadata}
    extras: dict[str, set[str]] = defaultdict(set)
    for name, names in asked.items():
        extras[name].update(names)
    tree: dict[str, set[str]] = {part.name: set() for part in parts}
    todo = [*known]
    while todo:
        name = todo.pop()
        for required, requirement in known[name].requirements(environment, sorted(extras[name])):
            if required not in tree:
                continue
            tree[name].add(required)
            if not extras[required].issuperset(requirement.extras):
                extras[required] |= requirement.extras
                todo += [required] if required in known else []
    return {name: frozenset(required) for name, required in tree.items()}
