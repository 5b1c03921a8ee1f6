"""The image that a stage of a Dockerfile makes, as far as can be told without building it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from stackproof.reasons.reason import Reason, reason

__all__ = ["Copied", "Image"]

#: `python:3.11-slim`, `python-311`, `airflow:2.10.5-python3.11`, `python:1-3.11`, `gpu-py310`.
_PYTHON = re.compile(r"(?<![a-z])(?:python[:-]?(?:\d+-)?v?|py)3\.?(\d{1,2})(?!\d)")
#: An older one is none that an image still has, but its own version, as of `python:3.0-python3.8`.
_OLDEST = 6
#: In a path that is not known here: a variable, the home of whoever the image runs as.
_UNTOLD = re.compile(r"[$~]")


@dataclass(frozen=True, kw_only=True)
class Copied:
    """A file or a folder, and its path below the place that it is copied to.

    `source` is its path in the build's own folder; None for what comes from elsewhere.
    """

    inner: PurePosixPath
    source: str | None
    is_file: bool = True


@dataclass(frozen=True, kw_only=True)
class Image:
    """The image of the stage that begins at `line` with the image `base`.

    `context` is the build's own folder. `folder` is the working directory; that of an image of a
    registry is not known. `files` are the paths that were brought in, each with what lies there of
    the build's own folder; None for what comes from elsewhere.
    """

    context: Path
    line: int = 1
    base: str = ""
    folder: str = "/$WORKDIR"
    variables: dict[str, str] = field(default_factory=dict)
    files: tuple[tuple[PurePosixPath, str | None], ...] = ()

    @property
    def python(self) -> str | None:
        """The minor version of Python that the name of the base tells; None if it tells none."""
        minors = map(int, _PYTHON.findall(self.base.partition("@")[0]))
        return next((f"3.{minor}" for minor in minors if minor >= _OLDEST), None)

    def based(self, line: int) -> Image:
        """Return the image that another stage begins with, at a line."""
        return replace(self, line=line, variables=dict(self.variables))

    def entered(self, folder: str) -> Image:
        """Return it with another working directory."""
        return replace(self, folder=posixpath.join(self.folder, folder))

    def bound(self, source: str | None, target: str) -> Image:
        """Return it with a file or a folder exactly at a path, as a bind shows it."""
        place = self._place(target)
        return replace(self, files=(*self.files, (place, source and _inside(source))))

    def copied(self, found: Sequence[Copied], target: str) -> Image:
        """Return it with what a COPY brings to a path."""
        place = self._place(target)
        is_folder = posixpath.basename(target) in ("", ".", "..")
        files = list(self.files)
        for item in found:
            if item.is_file and not is_folder:
                # It lies at the path itself, or below it where the base has a folder there.
                files.append((place, item.source))
            files.append((place / item.inner, item.source))
        return replace(self, files=tuple(files))

    def of_context(self, source: str) -> Iterator[Copied]:
        """Yield what a COPY of a path of the build's own folder brings."""
        if "://" in source or source.startswith("<<"):
            yield Copied(inner=PurePosixPath(posixpath.basename(source)), source=None)
            return
        inside = re.sub(r"\*{2,}", "*", _inside(source))
        matches = self.context.glob(inside) if re.search(r"[*?[]", inside) else ()
        names = sorted(path.relative_to(self.context).as_posix() for path in matches)
        yield from map(self._own, names or [inside])

    def of_image(self, source: str) -> Iterator[Copied]:
        """Yield what a COPY of a path of this image brings to another one."""
        place, is_there = _path(source), False
        for target, own in self.files:
            below = self._within(place, target, own)
            if target != place and target.is_relative_to(place):
                yield Copied(inner=target.relative_to(place), source=own, is_file=False)
            elif below is not None and below.exists():
                yield self._own(below.relative_to(self.context).as_posix())
            elif target == place:
                yield Copied(inner=PurePosixPath(place.name), source=None)
            else:
                continue
            is_there = True
        if not is_there:
            yield Copied(inner=PurePosixPath(place.name), source=None)

    def find(self, name: str) -> Path | Reason | None:
        """Return the file of the build's own folder that a path stands for.

        A reason tells why that is not known; None is for a file that is not there.
        """
        place = _path(name)
        for target, own in reversed(self.files):
            path = self._within(place, target, own)
            if path is not None and path.is_file():
                return path
            if target == place:
                return reason("not-brought") if own is None else None
        likely = self._likely(place)
        if len(likely) > 1:
            names = tuple(path.relative_to(self.context).as_posix() for path in likely)
            return reason("several-files", names=names)
        return likely[0] if likely else reason("not-brought")

    def _likely(self, place: PurePosixPath) -> Sequence[Path]:
        """Return the files that a path may stand for where it, or what was brought, is not known.

        Below a place that something was copied to a part that is not known may be any. Else they
        are what ends alike; if nothing does, what lies so in the build's own folder.
        """
        found: list[Path] = []
        brought = False
        for target, own in self.files:
            if own is not None and _UNTOLD.search(f"{place}{target}"):
                source = self.context / own
                if place.is_relative_to(target):
                    brought = True
                    inner = [_known(part) for part in place.relative_to(target).parts]
                    found += sorted(source.glob("/".join(inner))) if inner else [source]
                    continue
                ends = (source.joinpath(*place.parts[n:]) for n in range(1, len(place.parts)))
                same = source if place.name in (target.name, source.name) else None
                found += [path for path in [next(filter(Path.is_file, ends), same)] if path]
        if not found and not brought and _UNTOLD.search(str(place)):
            found = [self.context / _UNTOLD.split(str(place))[-1].partition("/")[2]]
        return [path for path in dict.fromkeys(found) if path.is_file()]

    def _own(self, source: str) -> Copied:
        if (self.context / source).is_dir():
            return Copied(inner=PurePosixPath(), source=source, is_file=False)
        return Copied(inner=PurePosixPath(posixpath.basename(source)), source=source)

    def _within(self, place: PurePosixPath, target: PurePosixPath, own: str | None) -> Path | None:
        """Return where a path lies in what was brought to another one; None if not in that."""
        if own is None or not place.is_relative_to(target):
            return None
        return self.context / own / place.relative_to(target)

    def _place(self, target: str) -> PurePosixPath:
        return _path(posixpath.join(self.folder, target))


def _known(part: str) -> str:
    """Return a part of a path as it is searched for: whatever it is, where that is not known."""
    return "*" if _UNTOLD.search(part) else part


def _path(text: str) -> PurePosixPath:
    """Return a path of an image, whose parts may not lead out of it."""
    return PurePosixPath(f"/{_inside(text)}")


def _inside(text: str) -> str:
    return posixpath.normpath(f"/{text}").strip("/") or "."
