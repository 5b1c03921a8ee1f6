"""Ask over the web as HTTP has it: fresh answers are cached, others validated, failures told."""

from __future__ import annotations

import sqlite3
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import requests
from pypi_simple import ACCEPT_ANY
from requests.adapters import HTTPAdapter
from requests_cache import DO_NOT_CACHE, AnyResponse, CachedSession
from urllib3 import Retry

from stackproof.base.text import without_credentials
from stackproof.errors import CannotJudgeError

__all__ = ["PAGE_SECONDS", "NoAnswerError", "Web"]

_AT_ONCE = 16
_NO_ADDRESS = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
)


class NoAnswerError(CannotJudgeError):
    """An index was asked and gave no answer; without an `address`, it cannot be asked at all."""

    def __init__(self, message: str, *, address: bool) -> None:
        super().__init__(message)
        self.address = address


class _Failures(threading.local):
    """How the last request of a thread failed, None if it did not."""

    last: requests.RequestException | None = None


class _Watched(HTTPAdapter):
    """Notes which requests failed: the cache may answer in their place without a word."""

    def __init__(self, failures: _Failures, *, max_retries: Retry, pool_maxsize: int) -> None:
        self._failures = failures
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
            self._failures.last = error
            raise


class Web:
    """Asks addresses of indexes, for any number of threads; `database` holds the cache.

    `seconds` are the limits of connecting and of waiting for an answer. `files` asks without a
    cache. `stale` is when the oldest of the answers came that stood in for one of an index.
    """

    def __init__(self, database: Path, seconds: tuple[float, float]) -> None:
        self._seconds = seconds
        self._session = CachedSession(
            database,
            backend="sqlite",
            cache_control=True,
            expire_after=PAGE_SECONDS,
            urls_expire_after={"*.metadata": DO_NOT_CACHE},
        )
        self.files = requests.Session()
        retry = Retry(total=1, connect=1, read=0, status=0, other=0, redirect=5)
        self._failures = _Failures()
        for session in (self._session, self.files):
            for scheme in ("http://", "https://"):
                adapter = _Watched(self._failures, max_retries=retry, pool_maxsize=_AT_ONCE)
                session.mount(scheme, adapter)
        self._lock = threading.Lock()
        self.stale: datetime | None = None

    def close(self) -> None:
        """Close connections and cache."""
        self._session.close()  # type: ignore[no-untyped-call]
        self.files.close()

    def ask(self, url: str, index: str, *, refresh: bool) -> AnyResponse | None:
        """Return an answer, or None for "there is no such thing".

        With `refresh`, `index` is asked even where a cached answer counts as fresh.
        Raises NoAnswerError where there is none.
        """
        self._failures.last = None
        try:
            response = self._session.get(
                url, headers={"Accept": ACCEPT_ANY}, timeout=self._seconds, refresh=refresh
            )
            if self._failures.last is not None:  # and the cache answered in the index's place
                raise self._failures.last
            if response.status_code in (requests.codes.not_found, requests.codes.gone):
                return None
            response.raise_for_status()
        except requests.RequestException as error:
            raise NoAnswerError(
                _failure(index, error), address=not isinstance(error, _NO_ADDRESS)
            ) from error
        except sqlite3.Error as error:
            raise CannotJudgeError(
                f"the cache of index pages cannot be used ({error}); try again, or remove it"
            ) from error
        return response

    def cached(self, url: str, failure: CannotJudgeError) -> AnyResponse:
        """Return the answer that is kept of an address; raise the `failure` if there is none."""
        cached = self._session.cache.get_response(self._key(url))
        if cached is None:
            raise failure
        with self._lock:
            self.stale = min(cached.created_at, self.stale or cached.created_at)
        return cached

    def forget(self, url: str) -> None:
        """Keep an answer no longer."""
        self._session.cache.delete(self._key(url))

    def _key(self, url: str) -> str:
        request = requests.Request("GET", url, headers={"Accept": ACCEPT_ANY})
        return self._session.cache.create_key(self._session.prepare_request(request))


def _failure(index: str, error: requests.RequestException) -> str:
    shown = without_credentials(index)
    if error.response is not None and not isinstance(error, requests.TooManyRedirects):
        return (
            f"the package index {shown} answered {error.response.status_code}; try again later, "
            "or name another index to the installer"
        )
    if isinstance(error, _NO_ADDRESS):
        return (
            f"the package index {shown} has no address that can be asked over the web "
            f"({type(error).__name__}); name another index to the installer"
        )
    if isinstance(error, requests.Timeout) or "Read timed out" in str(error):
        return (
            f"the package index {shown} does not answer in time; try again later, or name another "
            "index to the installer"
        )
    return (
        f"the package index {shown} cannot be reached ({type(error).__name__}); check the "
        "network, or name another index to the installer"
    )


#: How long the public index lets its pages count as fresh.
PAGE_SECONDS = 600
