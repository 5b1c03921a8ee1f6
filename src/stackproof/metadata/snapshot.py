"""Rebuild a release's constraint file from the package index, as the index was on its release.

Publishers make such a file by installing the release with all of its extras, everything else as
new as it can be. The same resolution over what the index had when the release was uploaded gives
nearly the same file; docs/constraints.md says how nearly.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from packaging.version import Version
from uv import find_uv_bin

from stackproof.base.process import run
from stackproof.base.temporary import temporary_folder
from stackproof.base.times import timestamp
from stackproof.errors import CannotJudgeError, StackproofError
from stackproof.index.client import IndexClient
from stackproof.index.core_metadata import CoreMetadata
from stackproof.index.pages import DEBUG_LOG, PAGE_LOGGING, doubts
from stackproof.index.releases import Release
from stackproof.index.target import Target
from stackproof.installers.build_cache import build_cache
from stackproof.installers.failures import classify, explain
from stackproof.installers.sources import default_index, extra_indexes
from stackproof.matrix.model import ConstraintSource

__all__ = ["Subject", "find_subject", "snapshot_file", "snapshot_text"]

_LIMIT_SECONDS = 1800
_EXTRA = re.compile(r"""\bextra\s*==\s*["']([^"']+)["']""")
#: Files of a release follow one another within minutes. One that came later than this, such as a
#: wheel for a newer Python, says nothing about when the release was made.
_ONE_UPLOAD = timedelta(days=1)
#: Where publishers make their files; so a snapshot is the same wherever it is made.
_PLATFORM = "x86_64-unknown-linux-gnu"
#: What a freeze leaves out too: installers, and what they bring along.
_NOT_CONSTRAINED = ("pip", "setuptools", "wheel")


class _RefusedError(StackproofError):
    """There is no set of versions that fits."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The release to make constraints for; `cut_off` is the first whole second after its upload."""

    name: str
    version: Version
    cut_off: datetime
    metadata: CoreMetadata

    @cached_property
    def extras(self) -> tuple[str, ...]:
        """The extras that require anything, in the order of the metadata.

        A resolver's choice depends on the order in which it meets the requirements: in this one
        it comes closest to what is published.
        """
        return tuple(dict.fromkeys(_EXTRA.findall("\n".join(self.metadata.requires))))

    @property
    def requirement(self) -> str:
        """The release with all of its extras."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras}=={self.version}"

    def require_python(self, python: str) -> None:
        """Raise StackproofError if the release is not for a Python version; uv would not mind."""
        wanted = self.metadata.requires_python
        if not _target(python).admits_python(wanted):
            raise StackproofError(
                f"{self.name} {self.version} is not for Python {python}: it requires {wanted}"
            )

    def family(self, python: str) -> list[str]:
        """Return those of its requirements whose names begin with its own, such as its plugins."""
        required = self.metadata.requirements(_target(python).markers, self.extras)
        return sorted({name for name, _ in required if name.startswith(f"{self.name}-")})


def find_subject(name: str, version: Version, *, index: str, client: IndexClient) -> Subject:
    """Ask an index for a release.

    Raises StackproofError if there is no such release, CannotJudgeError if the index does not
    answer, does not say when files were uploaded, or has no metadata of the release.
    """
    project = client.project(index, name)
    releases = project.releases() if project else {}
    if not releases:
        raise StackproofError(f"the package index has no release of {name}")
    release = releases.get(version)
    if release is None:
        raise StackproofError(
            f"there is no release {version} of {name}; the nearest are "
            f"{_nearest(version, list(releases))}"
        )
    found = (client.metadata(index, file) for file in release.files)
    metadata = next((item for item in found if item is not None), None)
    if metadata is None:
        raise CannotJudgeError(f"the package index has no metadata of {name} {version}")
    return Subject(
        name=name, version=release.version, cut_off=_cut_off(release, name), metadata=metadata
    )


def snapshot_file(folder: Path, source: ConstraintSource, version: Version, python: str) -> Path:
    """Return where a folder that is laid out as the published addresses are has the file."""
    url = source.url.format(version=version, python=python)
    return folder.joinpath(*urlsplit(url).path.split("/")[-2:])


def snapshot_text(
    subject: Subject, python: str, environ: Mapping[str, str], tick: Callable[[], None]
) -> str:
    """Return the constraint file of a release for one Python version.

    Takes minutes for a release with hundreds of requirements. Raises StackproofError if its extras
    cannot be resolved together, CannotJudgeError if the index does not answer or uv is stopped.
    """
    with temporary_folder("snapshot") as folder:
        resolver = _Resolver(
            subject=subject, python=python, folder=folder, environ=environ, tick=tick
        )
        pins, family = _resolve(resolver, subject.family(python))
    return "\n".join([*_head(subject, python, family=family), "", *pins, ""])


def _target(python: str) -> Target:
    # The first patch release, as uv has it: what only old ones need is constrained too.
    return Target(python, f"{python}.0")


def _resolve(resolver: _Resolver, family: Sequence[str]) -> tuple[list[str], bool]:
    """Return the pins, and whether the family could be held at its newest.

    A publisher tests the newest plugins with a release, so its file has them. A resolver left to
    itself takes old ones where their requirements get in the way of something it chose before.
    """
    if family:
        with contextlib.suppress(_RefusedError):
            return resolver.everything(resolver.newest(family)), True
    return resolver.everything([]), False


@dataclass(frozen=True, kw_only=True)
class _Resolver:
    """Resolves for one Python version as of a release; its files lie in `folder`."""

    subject: Subject
    python: str
    folder: Path
    environ: Mapping[str, str]
    tick: Callable[[], None]

    def newest(self, names: Sequence[str]) -> list[str]:
        """Return each distribution pinned to its newest version, whatever it requires."""
        return self._compile(names, "--no-deps")

    def everything(self, held: Sequence[str]) -> list[str]:
        """Return the release's whole resolution, less itself, within the pins of `held`."""
        constraints = self._write("held.txt", held)
        pins = self._compile([self.subject.requirement], "--constraint", str(constraints))
        left_out = (self.subject.name, *_NOT_CONSTRAINED)
        return [pin for pin in pins if pin.partition("==")[0] not in left_out]

    def _compile(self, requirements: Sequence[str], *options: str) -> list[str]:
        """Resolve requirements; return a pin a line. Raises as `snapshot_text` does."""
        log, output = self.folder / "uv.log", self.folder / "pins.txt"
        for file in (log, output):  # uv prefers what a file that is there already says
            file.unlink(missing_ok=True)
        wanted = self._write("wanted.in", requirements)
        command = [*self._command(), *options, "--output-file", str(output), str(wanted)]
        with build_cache(
            "uv", command, python=self.python, environ=self.environ, use="resolution"
        ) as cache:
            finished = run(
                command,
                log=log,
                limit=_LIMIT_SECONDS,
                env={**cache.environ, "NO_COLOR": "1", "RUST_LOG": PAGE_LOGGING},
                cwd=self.folder,
                tick=self.tick,
            )
        words = log.read_text(encoding="utf-8", errors="replace")
        kind = classify(words, finished)
        if kind in (None, "refused") and (found := doubts(words)).projects():
            index = default_index("uv", self.environ)
            with IndexClient() as client:
                indexes = [*extra_indexes("uv", self.environ), index]
                found.settle(client, indexes, _target(self.python), self.subject.cut_off)
        words = DEBUG_LOG.sub("", words)
        if kind == "refused":
            raise _RefusedError(self._refusal(words))
        if kind is not None:
            raise CannotJudgeError(explain(kind, words, finished))
        return output.read_text(encoding="utf-8").splitlines()

    def _command(self) -> list[str]:
        return [
            *(find_uv_bin(), "pip", "compile", "--quiet", "--no-header", "--no-annotate"),
            *("--no-python-downloads", "--python-version", self.python),
            *("--python-platform", _PLATFORM),
            *("--exclude-newer", timestamp(self.subject.cut_off)),
        ]

    def _write(self, name: str, lines: Sequence[str]) -> Path:
        file = self.folder / name
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return file

    def _refusal(self, words: str, lines: int = 15) -> str:
        said = "\n".join(words.strip().splitlines()[:lines])
        return (
            f"{self.subject.name} {self.subject.version} with all of its extras cannot be resolved "
            f"for Python {self.python} as of {timestamp(self.subject.cut_off)}:\n{said}"
        )


def _head(subject: Subject, python: str, *, family: bool) -> list[str]:
    name, uv = subject.name, importlib.metadata.version("uv")
    held = f", with {name}-* held at the newest" if family else ""
    return [
        f"# Constraints of {name} {subject.version} for Python {python} on {_PLATFORM}.",
        "#",
        "# A reconstruction by stackproof, not the file that was published with the release:",
        f"# what uv {uv} resolves for {name} with its {len(subject.extras)} extras from what the",
        f"# package index had before {timestamp(subject.cut_off)}{held}.",
        f"# Made by: nox -s constraints -- {subject.version} --python {python}",
    ]


def _cut_off(release: Release, name: str) -> datetime:
    """Return the first whole second at which all files of the release's first upload were there."""
    uploads = [datetime.fromisoformat(file.uploaded) for file in release.files if file.uploaded]
    if not uploads:
        raise CannotJudgeError(
            f"the package index does not say when files of {name} were uploaded, so what it had on "
            "the release cannot be told; use an index with upload times (PEP 700)"
        )
    complete = max(moment for moment in uploads if moment - min(uploads) < _ONE_UPLOAD)
    return complete.replace(microsecond=0) + timedelta(seconds=1)


def _nearest(version: Version, known: Sequence[Version]) -> str:
    final = [item for item in known if not item.is_prerelease] or known
    before = [item for item in final if item < version]
    after = [item for item in final if item > version]
    return " and ".join(map(str, [*before[-1:], *after[:1]]))
