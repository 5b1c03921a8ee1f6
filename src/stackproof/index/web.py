"""Ask over the web as HTTP has it: fresh answers are cached, others validated, failures told."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from stackproof.base.cache_folder import DATABASE, reliable_folder
from stackproof.base.text import without_credentials
from stackproof.errors import CannotJudgeError

if TYPE_CHECKING:
    from requests_cache import CachedSession

__all__ = ["NO_ADDRESS", "PAGE_SECONDS", "NoAnswerError", "Web"]

_AT_ONCE = 16
#: How often the cache is asked that will not answer.
_TRIES = 3
#: Pages as JSON or HTML, whatever an index has (PEP 691, "Content types").
_ACCEPT = {
    "Accept": "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html, "
    "text/html;q=0.01"
}
#: What requests raises for what is no address of the web.
NO_ADDRESS = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
)


#: What an index says to whom it does not know, or does not trust.
_REFUSALS = {
    requests.codes.unauthorized: "asks for a user and password that it accepts",
    requests.codes.forbidden: "refuses the user and password, or asks for some",
}

_Session = TypeVar("_Session", bound=requests.Session)


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
    """Asks addresses of indexes, for any number of threads; the folder `home` holds the cache.

    `seconds` are the limits of connecting and of waiting for an answer. `files` asks without a
    cache. `stale` is when the oldest of the answers came that stood in for one of an index, `notes`
    say, a line each, what was wrong with the cache.
    """

    def __init__(self, home: Path, seconds: tuple[float, float]) -> None:
        self._home = home
        self._seconds = seconds
        self._failures = _Failures()
        self._lock = threading.RLock()
        self._lasting = ExitStack()
        self._cached: CachedSession | None = None
        self.files = self._mounted(self._lasting.enter_context(requests.Session()))
        self.notes: tuple[str, ...] = ()
        self.stale: datetime | None = None

    def close(self) -> None:
        """Close connections and cache."""
        self._lasting.close()

    def ask(self, url: str, index: str, *, refresh: bool) -> requests.Response | None:
        """Return an answer, or None for "there is no such thing".

        With `refresh`, `index` is asked even where a cached answer counts as fresh.
        Raises NoAnswerError where there is none.
        """
        get = partial(self._session.get, refresh=refresh)
        return self._ask(get, url, index)

    def ask_itself(self, url: str, index: str) -> requests.Response | None:
        """Return what `index` itself answers now, as `ask` does; nothing is cached."""
        return self._ask(self.files.get, url, index)

    def _ask(
        self, get: Callable[..., requests.Response], url: str, index: str
    ) -> requests.Response | None:
        self._failures.last = None
        try:
            response = self._got(partial(get, url, headers=_ACCEPT, timeout=self._seconds))
            if self._failures.last is not None:  # and the cache answered in the index's place
                raise self._failures.last
            if response.status_code in (requests.codes.not_found, requests.codes.gone):
                return None
            response.raise_for_status()
        except requests.RequestException as error:
            raise NoAnswerError(
                _failure(index, error), address=not isinstance(error, NO_ADDRESS)
            ) from error
        except sqlite3.Error as error:
            raise CannotJudgeError(
                f"the cache of index pages cannot be used ({error}); try again, or remove it"
            ) from error
        return response

    def _got(self, get: Callable[[], requests.Response]) -> requests.Response:
        # requests-cache lets threads read by one connection at once, which SQLite may refuse then.
        for _ in range(_TRIES - 1):
            try:
                return get()
            except sqlite3.Error:
                continue
        return get()

    @property
    def _session(self) -> CachedSession:
        """The session with the cache, which is opened and looked through when it is needed."""
        with self._lock:
            if self._cached is None:
                from requests_cache import DO_NOT_CACHE, CachedSession  # noqa: PLC0415 - slow

                folder, self.notes = reliable_folder(self._home, self._lasting)
                session = CachedSession(
                    folder / DATABASE,
                    backend="sqlite",
                    cache_control=True,
                    expire_after=PAGE_SECONDS,
                    urls_expire_after={"*.metadata": DO_NOT_CACHE},
                )
                self._lasting.callback(session.close)
                self._cached = self._mounted(session)
            return self._cached

    def _mounted(self, session: _Session) -> _Session:
        """Have a session try again what could not be connected, and note what failed."""
        retry = Retry(total=1, connect=1, read=0, status=0, other=0, redirect=5)
        for scheme in ("http://", "https://"):
            adapter = _Watched(self._failures, max_retries=retry, pool_maxsize=_AT_ONCE)
            session.mount(scheme, adapter)
        return session

    def cached(self, url: str, failure: CannotJudgeError) -> requests.Response:
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
        request = requests.Request("GET", url, headers=_ACCEPT)
        return self._session.cache.create_key(self._session.prepare_request(request))


def _failure(index: str, error: requests.RequestException) -> str:
    shown = without_credentials(index)
    if error.response is not None and error.response.status_code in _REFUSALS:
        code = error.response.status_code
        return (
            f"the package index {shown} {_REFUSALS[code]} ({code}); give them by a netrc file, in "
            "the index's address, or by UV_INDEX_<NAME>_USERNAME and _PASSWORD"
        )
    if error.response is not None and not isinstance(error, requests.TooManyRedirects):
        return (
            f"the package index {shown} answered {error.response.status_code}; try again later, "
            "or name another index to the installer"
        )
    if isinstance(error, NO_ADDRESS):
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
