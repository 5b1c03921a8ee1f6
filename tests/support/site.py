"""What lies at each path of a made-up index."""

from __future__ import annotations

__all__ = ["EMPTY", "GARBAGE", "Body", "Site", "Target"]

import hashlib
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from support.artifacts import Artifact
from support.faults import Place
from support.pages import HTML, Offers, negotiate, project_page, root_page

_NO_INDEX = b"<!DOCTYPE html><html><body><h1>Welcome</h1>Please <a href='/login'>log in</a>."
_BINARY = "application/octet-stream"


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a path names; `project` is None for the list of projects and for a text."""

    place: Place
    name: str
    project: str | None


@dataclass(frozen=True, kw_only=True)
class Body:
    """The content of an answer."""

    content: bytes
    content_type: str

    @property
    def etag(self) -> str:
        """Name this very content."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:16]}"'


GARBAGE = Body(content=_NO_INDEX, content_type=HTML)
"""What a captive portal answers in place of a page."""

EMPTY = Body(content=b"", content_type=HTML)


class Site:
    """The files, pages and texts of an index. Safe to use from several threads."""

    def __init__(self, files_url: str, offers: Offers) -> None:
        self._files_url = files_url
        self._offers = offers
        self._files: dict[str, Artifact] = {}
        self._texts: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def add(self, artifacts: Iterable[Artifact]) -> None:
        """Offer more files; one of a name that is there already is replaced."""
        with self._lock:
            self._files.update((artifact.filename, artifact) for artifact in artifacts)

    def put(self, name: str, content: bytes) -> None:
        """Keep any other content, such as a constraints file."""
        with self._lock:
            self._texts[name] = content

    def locate(self, path: str) -> Target | None:
        """Return what `path` names, None where no such thing can be."""
        kind, _, name = path.partition("/")
        if kind == "simple":
            project = canonicalize_name(name.strip("/")) or None
            return Target(place="page", name=name, project=project)
        if kind == "files":
            return self._locate_file(name)
        return Target(place="text", name=name, project=None) if kind == "texts" else None

    def read(self, target: Target, *, accept: str) -> Body | None:
        """Return what is there, None where nothing is."""
        with self._lock:
            if target.place == "page":
                return self._page(target.project, negotiate(accept, self._offers))
            content = self._content(target)
        return None if content is None else Body(content=content, content_type=_BINARY)

    def belie(self, body: Body) -> Body:
        """Return the page with wrong hashes of the files (those of the metadata stay right)."""
        content = body.content
        with self._lock:
            for file in self._files.values():
                # Each file its own: two files of one hash would be a fault of another kind.
                content = content.replace(file.sha256.encode(), file.sha256[::-1].encode())
        return Body(content=content, content_type=body.content_type)

    def _locate_file(self, name: str) -> Target | None:
        wheel = name.removesuffix(".metadata")
        with self._lock:
            file = self._files.get(wheel)
        if file is None:
            return None
        place: Place = "file" if wheel == name else "metadata"
        return Target(place=place, name=wheel, project=file.project)

    def _content(self, target: Target) -> bytes | None:
        if target.place == "text":
            return self._texts.get(target.name)
        file = self._files[target.name]
        if target.place == "file":
            return file.content
        return file.metadata if self._offers.metadata_files else None

    def _page(self, project: str | None, content_type: str) -> Body | None:
        if project is None:
            names = sorted({file.project for file in self._files.values()})
            return Body(content=root_page(names, content_type), content_type=content_type)
        files = [file for file in self._files.values() if file.project == project]
        if not files:
            return None
        content = project_page(project, files, self._files_url, self._offers, content_type)
        return Body(content=content, content_type=content_type)
