"""Ask package indexes for pages and metadata files, never for whole wheels.

A source distribution is asked for whole, where its code is to be read.

Answers are cached as HTTP has it: fresh ones are used, others validated with the index. Where an
index gives neither validator nor lifetime, a page counts as fresh as long as the public index
says of its own. A page is the list of the releases, so an index that fails has none; only where
whoever asks wants stand-ins, it is replaced by what was cached, and `stale` says of when that is.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from contextlib import suppress
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from packaging.utils import canonicalize_name

from stackproof.base.cache_folder import own_folder
from stackproof.base.memory import Memory
from stackproof.base.text import without_credentials
from stackproof.errors import CannotJudgeError
from stackproof.index.core_metadata import CoreMetadata
from stackproof.index.releases import File, Project
from stackproof.index.web import NoAnswerError, Web

if TYPE_CHECKING:
    import requests
    from typing_extensions import Self

__all__ = ["PATIENCE", "IndexClient"]

#: How many seconds an index has to take a connection, and then to answer.
PATIENCE = (5, 15)
#: How the metadata of a distribution begins, or what comes before it among the header's lines.
_METADATA = re.compile(r"(?:[A-Za-z-]+:.*\n(?:[ \t].*\n)*)*?Metadata-Version:", re.IGNORECASE)


class IndexClient:
    """Fetches from indexes, for any number of threads; `home` holds the cache, else the user's own.

    `seconds` are the limits of connecting and of waiting for an answer. With `stand_ins`, what is
    cached answers for an index that fails.
    """

    def __init__(
        self,
        home: Path | None = None,
        *,
        seconds: tuple[float, float] = PATIENCE,
        stand_ins: bool = False,
    ) -> None:
        # What they warn of is said once, by us: an index failed, or the cache answered for it.
        for logger in ("bs4", "requests_cache", "urllib3.connectionpool"):
            logging.getLogger(logger).setLevel(logging.ERROR)
        home = home or own_folder()
        with suppress(OSError):  # nothing is kept then
            # Addresses of indexes may hold passwords, and are what the cache is found by.
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._seconds = seconds
        self._stand_ins = stand_ins
        self.memory = Memory(home)
        self._web = Web(home, seconds)
        self._lock = threading.Lock()
        self._asked: dict[object, threading.Lock] = {}
        self._projects: dict[tuple[str, str], Project | None] = {}
        self._metadata: dict[str, CoreMetadata | None] = {}
        self._down: dict[str, CannotJudgeError] = {}

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close connections and cache."""
        self._web.close()

    def project(self, index: str, name: str, *, refresh: bool = False) -> Project | None:
        """Return what an index has of a project, or None if it does not know the project.

        With `refresh`, the index is asked even where a cached page counts as fresh.
        Raises CannotJudgeError if the index does not answer as one, and nothing stands in.
        """
        key = index, canonicalize_name(name)
        with self._asking(key):
            if refresh or key not in self._projects:
                self._projects[key] = self._project(*key, refresh=refresh)
            return self._projects[key]

    def require(self, index: str, name: str, *, upload_times: bool = False) -> Project | None:
        """Return what an index itself says of a project now, whatever is cached.

        None for a project that it does not know: that is an answer. Raises CannotJudgeError if the
        index does not answer as one, or if `upload_times` (PEP 700) are needed and missing.
        """
        url = _page(index, canonicalize_name(name))
        response = self._web.ask_itself(url, index)
        project = None if response is None else self._read(response, url, name, index)
        if project and upload_times and not all(file.uploaded for file in project.files):
            raise CannotJudgeError(
                f"the package index {without_credentials(index)} does not say when files were "
                "uploaded, so no cut-off date can be kept; use an index with upload times "
                "(PEP 700), or build without a date"
            )
        return project

    def require_metadata(self, index: str, file: File) -> None:
        """Raise CannotJudgeError if the metadata that an index has now of a wheel is none."""
        response = self._web.ask_itself(f"{_address(file)}.metadata", index)
        if response is not None:
            _metadata_text(response, file, index)

    def metadata(self, index: str, file: File) -> CoreMetadata | None:
        """Return the metadata of a wheel, or None where it cannot be had without the whole wheel.

        A released file does not change, so what was read once is kept. Raises CannotJudgeError if
        the index fails, or answers what it did not promise.
        """
        if not file.is_wheel:
            return None
        url = _address(file)
        with self._asking(url):
            if url not in self._metadata:
                self._metadata[url] = self._core_metadata(index, file, url)
            return self._metadata[url]

    def file_names(self, index: str, file: File) -> frozenset[str] | None:
        """Return the names of the files in a wheel; None where they cannot be had without it all.

        A released file does not change, so what was read once is kept.
        """
        url = _address(file)
        known = self.memory.recall("file-names", url)
        if known is not None:
            return frozenset(known.value)
        if self.down(index):
            return None
        from stackproof.index.wheel_metadata import names_in_wheel  # noqa: PLC0415 - see `_read`

        found = names_in_wheel(self._web.files, url, self._seconds)
        if found is not None:
            self.memory.keep("file-names", url, found)
        return None if found is None else frozenset(found)

    def source(self, index: str, file: File) -> bytes | None:
        """Return a source distribution; None where it cannot be had as the index says it is."""
        response = self._web.ask_itself(_address(file), index)
        if response is None:
            return None
        digest = hashlib.sha256(response.content).hexdigest()
        return response.content if file.sha256 in (None, digest) else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was wrong with the cache, a line each."""
        return self._web.notes

    @property
    def stale(self) -> datetime | None:
        """When the oldest of the cached answers came that stood in for one of an index."""
        return self._web.stale

    def down(self, index: str) -> bool:
        """Tell whether an index was asked and failed."""
        return index in self._down

    def _asking(self, key: object) -> threading.Lock:
        """Return what lets one thread ask for a thing, and others wait for its answer."""
        with self._lock:
            return self._asked.setdefault(key, threading.Lock())

    def _project(self, index: str, name: str, *, refresh: bool) -> Project | None:
        url = _page(index, name)
        response = self._get(url, index, refresh=refresh)
        return None if response is None else self._read(response, url, name, index)

    def _read(self, response: requests.Response, url: str, name: str, index: str) -> Project:
        digest = hashlib.sha256(response.content).hexdigest()
        inputs = [url, *(field.name for field in fields(File))]
        known = self.memory.recall("project", inputs)
        if known is not None and known.value["page"] == digest:
            return Project.from_lists(name, known.value["files"])
        # With all that it leans on, it takes longer to load than most pages take to be read back.
        from stackproof.index.simple_page import parse  # noqa: PLC0415

        try:
            project = parse(response, name, index)
        except CannotJudgeError:
            # What is no page is not kept for as long as one would be.
            self._web.forget(url)
            raise
        self.memory.keep("project", inputs, {"page": digest, "files": project.to_lists()})
        return project

    def _core_metadata(self, index: str, file: File, url: str) -> CoreMetadata | None:
        inputs = [url, file.sha256, *(field.name for field in fields(CoreMetadata))]
        if known := self.memory.recall("core-metadata", inputs):
            return CoreMetadata.from_data(known.value)
        text = self._metadata_file(index, file, url) or self._metadata_in_wheel(index, url)
        if text is None:
            return None
        found = CoreMetadata.parse(text)
        self.memory.keep("core-metadata", inputs, found.to_data())
        return found

    def _metadata_file(self, index: str, file: File, url: str) -> str | None:
        # An index may offer these files without announcing them, so only a plain no is final.
        if file.has_metadata is False:
            return None
        response = self._get(f"{url}.metadata", index)
        return None if response is None else _metadata_text(response, file, index)

    def _metadata_in_wheel(self, index: str, url: str) -> str | None:
        if self.down(index):
            return None
        from stackproof.index.wheel_metadata import read_from_wheel  # noqa: PLC0415 - see `_read`

        return read_from_wheel(self._web.files, url, self._seconds)

    def _get(self, url: str, index: str, *, refresh: bool = False) -> requests.Response | None:
        """Return an answer, None for "there is no such thing"; or else what stands in."""
        if index not in self._down or not self._stand_ins:
            try:
                return self._web.ask(url, index, refresh=refresh)
            except NoAnswerError as failure:
                self._down[index] = failure
                if not self._stand_ins or not failure.address:
                    raise
        return self._web.cached(url, self._down[index])


def _page(index: str, name: str) -> str:
    return f"{index.rstrip('/')}/{name}/"


def _address(file: File) -> str:
    return urlunsplit(urlsplit(file.url)._replace(fragment=""))


def _metadata_text(response: requests.Response, file: File, index: str) -> str | None:
    """Return what an index answered as the metadata of a file, if that is what it promised."""
    if file.metadata_sha256 not in (None, hashlib.sha256(response.content).hexdigest()):
        raise CannotJudgeError(
            f"the metadata of {file.filename} is not what the index "
            f"{without_credentials(index)} says it is (its sha256 differs); try again later"
        )
    text = response.content.decode("utf-8", errors="replace")
    if _METADATA.match(text):
        return text
    if file.has_metadata is None:
        return None  # never promised: a page of the server's own, that there is no such thing
    raise CannotJudgeError(
        f"what the index {without_credentials(index)} has as the metadata of {file.filename} "
        "is none; try again later"
    )
