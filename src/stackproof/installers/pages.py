"""What an installer's answer rests on: pages that listed no version, and metadata that is none.

An installer that gets a login page, or an empty one, in place of a project's page takes the project
for one without releases, and an older parent for the newest that fits: it calls that success, or
says that there is no solution. Neither is a fact of the stack. So the pages of which it says that
they had nothing are asked for once more, and its answer counts only if they bear it out.
The words are those of uv 0.8.4 and 0.13.9, pip 26.0 and 26.3; tests/integration repeats that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from stackproof.base.text import without_credentials
from stackproof.errors import CannotJudgeError
from stackproof.index.client import IndexClient
from stackproof.index.releases import File, Release
from stackproof.index.target import Target

__all__ = ["DEBUG_LOG", "PAGE_LOGGING", "DoubtfulError", "Doubts", "doubts", "yanked"]

#: The filters of `RUST_LOG` with which uv tells what it found nothing of, and which pages it was
#: refused, over which it else passes where it can backtrack.
PAGE_LOGGING = "uv_client::registry_client=debug,uv_resolver=debug"
#: What uv then says beside its words.
DEBUG_LOG = re.compile(r"^(?:DEBUG|WARN) .*\n", re.MULTILINE)

_NAME = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_SAID = re.compile(
    rf"Searching for a compatible version of (?P<for>{_NAME})\S* \((?P<in>[^)\n]*)"
    rf"|No compatible version found for: (?P<none>{_NAME})\b(?!\[)"
    rf"|check 0 links for project '(?P<empty>{_NAME})'"
)
#: A file of a project in pip's debug log: whatever has one is a page.
_LISTED = re.compile(rf"Found link \S+ \(from \S*/({_NAME})/?\)")
_NO_METADATA = re.compile(rf"`({_NAME})==([^`\s]+)` has invalid metadata")
#: A bound of uv's: `<1.0+` lies behind all local versions of 1.0.
_BOUND = re.compile(r"([<>]=?|==)\s*([^\s,+]+)(\+)?")
_BEHIND = {"<": "<=", ">=": ">"}
#: A requirement that pip found nothing for; who wants it stands behind.
_UNMET = re.compile(r"No matching distribution found for ([^(\n]+?)(?= \(from |$)", re.MULTILINE)
_AT_ONCE = 16


class DoubtfulError(CannotJudgeError):
    """An installer's answer rests on a page, or on metadata, that is none."""


@dataclass(frozen=True)
class Doubts:
    """What an installer found nothing of: ranges by project, and releases without metadata.

    A range is in uv's spelling, `>=1, <1.5 | >=1.5+`, or empty for any version.
    """

    ranges: frozenset[tuple[str, str]]
    releases: frozenset[tuple[str, str]]

    def projects(self) -> list[str]:
        """Return the names of all of them."""
        return sorted({name for name, _ in self.ranges | self.releases})

    def settle(
        self,
        client: IndexClient,
        indexes: Sequence[str],
        target: Target,
        as_of: datetime | None,
    ) -> None:
        """Ask the indexes, the one that counts most first, whether they bear the answer out.

        Raises DoubtfulError, naming the page or file, where one is none, or has what the
        installer did not find in it.
        """
        asked = _Asked(client, tuple(indexes), target, as_of)
        try:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                list(pool.map(lambda item: asked.about_range(*item), sorted(self.ranges)))
                list(pool.map(lambda item: asked.about_metadata(*item), sorted(self.releases)))
        except CannotJudgeError as error:
            raise DoubtfulError(str(error)) from error


def doubts(words: str) -> Doubts:
    """Return what an installer says that it found nothing of, by its words and its debug log."""
    asked: dict[str, str] = {}
    ranges: list[tuple[str, str]] = []
    for match in _SAID.finditer(words):
        if match["for"]:
            asked[match["for"]] = match["in"].strip(" *")
        elif name := match["none"] or match["empty"]:
            ranges.append((name, asked.get(name, "")))
    listed = set(_LISTED.findall(words))
    return Doubts(
        frozenset((name, text) for name, text in ranges if name not in listed),
        frozenset(_NO_METADATA.findall(words)),
    )


def yanked(words: str, client: IndexClient, indexes: Sequence[str]) -> list[str]:
    """Say which yanked releases pip passed over, with the reasons that it leaves out.

    In uv's words, which need nobody's help. Raises CannotJudgeError where an index does not answer.
    """
    if "Ignored the following yanked versions: " not in words:
        return []
    found: list[str] = []
    for text in dict.fromkeys(_UNMET.findall(words)):
        wanted = Requirement(text)
        project = next(filter(None, (client.project(url, wanted.name) for url in indexes)), None)
        for release in project.releases().values() if project else ():
            if release.yanked is not None and wanted.specifier.contains(release.version):
                reason = f" (reason: {release.yanked})" if release.yanked else ""
                found.append(f"{wanted.name}=={release.version} was yanked{reason}.")
    return found


@dataclass(frozen=True)
class _Asked:
    client: IndexClient
    indexes: tuple[str, ...]
    target: Target
    as_of: datetime | None

    def about_range(self, name: str, text: str) -> None:
        for index, releases in self._first(name):
            wanted = _specifiers(text)
            for release in releases:
                fits = any(item.contains(release.version, prereleases=False) for item in wanted)
                if fits and release.yanked is None and self.target.best(release) is not None:
                    raise CannotJudgeError(
                        f"the installer found no such version of {name} as the package index "
                        f"{without_credentials(index)} has ({release.version}): it was answered "
                        "something else; try again later"
                    )

    def about_metadata(self, name: str, version: str) -> None:
        for index, releases in self._first(name):
            for release in releases:
                if str(release.version) == version:
                    for file in self._files(release):
                        self.client.require_metadata(index, file)

    def _first(self, name: str) -> Iterator[tuple[str, list[Release]]]:
        """Yield the first index that knows a project, with its releases at the cut-off."""
        answers = [(index, self.client.require(index, name)) for index in self.indexes]
        for index, project in answers:
            if project is not None:
                yield index, list(project.releases(self.as_of).values())
                return

    def _files(self, release: Release) -> Iterable[File]:
        best = self.target.best(release)
        return [file for file in ((best,) if best else release.files) if file.is_wheel]


def _specifiers(text: str) -> list[SpecifierSet]:
    """Read a range of uv's; one that is not understood admits nothing."""
    try:
        return [SpecifierSet(_BOUND.sub(_bound, part)) for part in text.split("|")]
    except InvalidSpecifier:
        return []


def _bound(match: re.Match[str]) -> str:
    sign, version, behind = match.groups()
    return (_BEHIND.get(sign, sign) if behind else sign) + version
