"""Ask package indexes for pages and metadata files, never for whole wheels.

Answers are cached as HTTP has it: fresh ones are used, others validated with the index. Where an
index gives neither validator nor lifetime, a page counts as fresh as long as the public index
says of its own. An index that cannot be reached, or fails, is replaced by what was cached, and
`stale` says of when that is.
"""

from __future__ import annotations

import hashlib
import logging
import re
import sqlite3
import threading
from contextlib import ExitStack
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import requests
from packaging.utils import canonicalize_name
from pypi_simple import (
    ACCEPT_ANY,
    ProjectPage,
    UnsupportedContentTypeError,
    UnsupportedRepoVersionError,
)
from requests.adapters import HTTPAdapter
from requests_cache import DO_NOT_CACHE, AnyResponse, CachedSession
from urllib3 import Retry

from stackproof.errors import CannotJudgeError
from stackproof.index.cache_folder import DATABASE, reliable_folder
from stackproof.index.core_metadata import CoreMetadata
from stackproof.index.default import without_credentials
from stackproof.index.lifetimes import PAGE_SECONDS
from stackproof.index.memory import Memory
from stackproof.index.releases import File, Project
from stackproof.index.wheel_metadata import read_from_wheel

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["PATIENCE", "IndexClient"]

#: How many seconds an index has to take a connection, and then to answer.
PATIENCE = (5, 15)
#: How the metadata of a distribution begins, or what comes before it among the header's lines.
_METADATA = re.compile(r"(?:[A-Za-z-]+:.*\n(?:[ \t].*\n)*)*?Metadata-Version:", re.IGNORECASE)
_AT_ONCE = 16
_NO_ADDRESS = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
)


class IndexClient:
    """Fetches from indexes, for any number of threads; `home` holds the cache.

    `seconds` are the limits of connecting and of waiting for an answer. `notes` say, a line each,
    what was wrong with the cache.
    """

    def __init__(self, home: Path, *, seconds: tuple[float, float] = PATIENCE) -> None:
        # What they warn of is said once, by us: an index failed, or the cache answered for it.
        for logger in ("bs4", "requests_cache", "urllib3.connectionpool"):
            logging.getLogger(logger).setLevel(logging.ERROR)
        self._lasting = ExitStack()
        folder, self.notes = reliable_folder(home, self._lasting)
        self._seconds = seconds
        self.memory = Memory(folder)
        self._session = CachedSession(
            folder / DATABASE,
            backend="sqlite",
            cache_control=True,
            expire_after=PAGE_SECONDS,
            urls_expire_after={"*.metadata": DO_NOT_CACHE},
        )
        retry = Retry(total=1, connect=1, read=0, status=0, other=0, redirect=5)
        self._files = requests.Session()
        self._failed: dict[str, requests.RequestException] = {}
        for session in (self._session, self._files):
            for scheme in ("http://", "https://"):
                adapter = _Watched(self._failed, max_retries=retry, pool_maxsize=_AT_ONCE)
                session.mount(scheme, adapter)
        self._lock = threading.Lock()
        self._asked: dict[object, threading.Lock] = {}
        self._projects: dict[tuple[str, str], Project | None] = {}
        self._metadata: dict[str, CoreMetadata | None] = {}
        self._down: dict[str, CannotJudgeError] = {}
        self.stale: datetime | None = None

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
        self._session.close()  # type: ignore[no-untyped-call]
        self._files.close()
        self._lasting.close()

    def project(self, index: str, name: str, *, refresh: bool = False) -> Project | None:
        """Return what an index has of a project, or None if it does not know the project.

        With `refresh`, the index is asked even where a cached page counts as fresh.
        Raises CannotJudgeError if the index does not answer as one, and nothing is cached.
        """
        key = index, canonicalize_name(name)
        with self._asking(key):
            if refresh or key not in self._projects:
                self._projects[key] = self._project(*key, refresh=refresh)
            return self._projects[key]

    def metadata(self, index: str, file: File) -> CoreMetadata | None:
        """Return the metadata of a wheel, or None where it cannot be had without the whole wheel.

        A released file does not change, so what was read once is kept. Raises CannotJudgeError if
        the index fails, or answers what it did not promise.
        """
        if not file.is_wheel:
            return None
        url = urlunsplit(urlsplit(file.url)._replace(fragment=""))
        with self._asking(url):
            if url not in self._metadata:
                self._metadata[url] = self._core_metadata(index, file, url)
            return self._metadata[url]

    def down(self, index: str) -> bool:
        """Tell whether an index was asked and failed."""
        return index in self._down

    def _asking(self, key: object) -> threading.Lock:
        """Return what lets one thread ask for a thing, and others wait for its answer."""
        with self._lock:
            return self._asked.setdefault(key, threading.Lock())

    def _project(self, index: str, name: str, *, refresh: bool) -> Project | None:
        url = f"{index.rstrip('/')}/{name}/"
        response = self._get(url, index, refresh=refresh)
        if response is None:
            return None
        digest = hashlib.sha256(response.content).hexdigest()
        inputs = [url, *(field.name for field in fields(File))]
        known = self.memory.recall("project", inputs)
        if known is not None and known.value["page"] == digest:
            return Project.from_lists(name, known.value["files"])
        project = _parse(response, name, index)
        self.memory.keep("project", inputs, {"page": digest, "files": project.to_lists()})
        return project

    def _core_metadata(self, index: str, file: File, url: str) -> CoreMetadata | None:
        inputs = [url, file.sha256]
        if known := self.memory.recall("metadata", inputs):
            return CoreMetadata.from_data(known.value)
        text = self._metadata_file(index, file, url) or self._metadata_in_wheel(index, url)
        if text is None:
            return None
        found = CoreMetadata.parse(text)
        self.memory.keep("metadata", inputs, found.to_data())
        return found

    def _metadata_file(self, index: str, file: File, url: str) -> str | None:
        # An index may offer these files without announcing them, so only a plain no is final.
        if file.has_metadata is False:
            return None
        response = self._get(f"{url}.metadata", index)
        if response is None:
            return None
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

    def _metadata_in_wheel(self, index: str, url: str) -> str | None:
        if self.down(index):
            return None
        return read_from_wheel(self._files, url, self._seconds)

    def _get(self, url: str, index: str, *, refresh: bool = False) -> AnyResponse | None:
        """Return an answer, None for "there is no such thing"; or else what is cached."""
        if index not in self._down:
            try:
                response = self._session.get(
                    url,
                    headers={"Accept": ACCEPT_ANY},
                    timeout=self._seconds,
                    refresh=refresh,
                )
                if response.status_code in (requests.codes.not_found, requests.codes.gone):
                    return None
                response.raise_for_status()
            except requests.RequestException as error:
                self._failed[url] = error
            except sqlite3.Error as error:
                raise CannotJudgeError(
                    f"the cache of index pages cannot be used ({error}); try again, or remove it"
                ) from error
            if url not in self._failed:
                return response
            self._down[index] = _failure(index, self._failed[url])
            if isinstance(self._failed[url], _NO_ADDRESS):
                raise self._down[index]
        return self._cached(url, self._down[index])

    def _cached(self, url: str, failure: CannotJudgeError) -> AnyResponse:
        request = requests.Request("GET", url, headers={"Accept": ACCEPT_ANY})
        key = self._session.cache.create_key(self._session.prepare_request(request))
        cached = self._session.cache.get_response(key)
        if cached is None:
            raise failure
        with self._lock:
            self.stale = min(cached.created_at, self.stale or cached.created_at)
        return cached


class _Watched(HTTPAdapter):
    """Notes which requests failed: the cache may answer in their place without a word."""

    def __init__(
        self, failed: dict[str, requests.RequestException], *, max_retries: Retry, pool_maxsize: int
    ) -> None:
        self._failed = failed
        super().__init__(max_retries=max_retries, pool_maxsize=pool_maxsize)

    def send(
        self,
        request: requests.PreparedRequest,
        *args: Any,  # noqa: ANN401 - whatever HTTPAdapter takes
        **options: Any,  # noqa: ANN401 - whatever HTTPAdapter takes
    ) -> requests.Response:
        """Send a request as HTTPAdapter does."""
        try:
            return super().send(request, *args, **options)
        except requests.RequestException as error:
            self._failed[request.url or ""] = error
            raise


def _failure(index: str, error: requests.RequestException) -> CannotJudgeError:
    shown = without_credentials(index)
    if error.response is not None:
        return CannotJudgeError(
            f"the package index {shown} answered {error.response.status_code}; try again later, "
            "or name another index to the installer"
        )
    if isinstance(error, _NO_ADDRESS):
        return CannotJudgeError(
            f"the package index {shown} has no address that can be asked over the web "
            f"({type(error).__name__}); name another index to the installer"
        )
    if isinstance(error, requests.Timeout) or "Read timed out" in str(error):
        return CannotJudgeError(
            f"the package index {shown} does not answer in time; try again later, or name another "
            "index to the installer"
        )
    return CannotJudgeError(
        f"the package index {shown} cannot be reached ({type(error).__name__}); check the "
        "network, or name another index to the installer"
    )


def _parse(response: AnyResponse, name: str, index: str) -> Project:
    shown = without_credentials(index)
    try:
        page = ProjectPage.from_response(response, name)
    except (
        UnsupportedContentTypeError,
        UnsupportedRepoVersionError,
        ValueError,
        KeyError,
    ) as error:
        raise CannotJudgeError(f"{shown} does not answer as a package index") from error
    files = [file for file in map(File.of, page.packages) if file is not None]
    if not files and "json" not in response.headers.get("Content-Type", ""):
        raise CannotJudgeError(
            f"{shown} does not answer as a package index (a web page without a file of {name}); "
            "check its address, and whether the network wants a login"
        )
    return Project(name, tuple(files))
