"""A package index on loopback that can be told to misbehave."""

from __future__ import annotations

__all__ = ["Fault", "Index", "Offers"]

import base64
import secrets
import threading
from collections import Counter
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from packaging.utils import canonicalize_name

from support.artifacts import from_path, from_release
from support.faults import Fault, Faults, Place, Rule
from support.pages import Offers
from support.serving import Answer, Server
from support.site import EMPTY, GARBAGE, Body, Site, Target
from support.wheels import Release

if TYPE_CHECKING:
    from typing_extensions import Self


_INSTEAD = {Fault.GARBAGE: GARBAGE, Fault.EMPTY: EMPTY}


class Index:
    """Serve made-up releases, and real wheels beside them, as long as the context lasts.

    Every index has an address of its own, down to the path: what an installer cached from one
    is never taken for the content of another.
    """

    def __init__(self, *releases: Release, offers: Offers | None = None) -> None:
        self._prefix = f"/{secrets.token_hex(4)}/"
        self._server = Server(self._respond)
        self._site = Site(f"{self._prefix}files/", offers or Offers())
        self._faults = Faults()
        self._requests: Counter[str] = Counter()
        # Kept by an installer but asked for anew each time: a release may be added meanwhile.
        self.cache_control = "no-cache"
        # User and password, as "user:password", without which nothing is answered.
        self.login: str | None = None
        self._lock = threading.Lock()
        self.add(*releases)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._faults.clear()
        self._server.close()

    @property
    def url(self) -> str:
        """The address to give to an installer."""
        return f"{self._server.origin}{self._prefix}simple/"

    @property
    def requests(self) -> Counter[str]:
        """How often each path was asked for: `simple/alpha/`, `files/alpha-1-py3-none-any.whl`."""
        with self._lock:
            return self._requests.copy()

    def forget(self) -> None:
        """Count the requests anew."""
        with self._lock:
            self._requests.clear()

    def add(self, *releases: Release) -> None:
        """Offer more releases, also while the index runs."""
        self._site.add(from_release(release) for release in releases)

    def add_wheels(self, directory: Path) -> None:
        """Offer the real wheels of `directory`, as uploaded long ago."""
        self._site.add(from_path(path) for path in sorted(directory.glob("*.whl")))

    def put(self, name: str, content: bytes) -> str:
        """Serve any other content, such as a constraints file; return its address."""
        self._site.put(name, content)
        return f"{self._server.origin}{self._prefix}texts/{name}"

    def fail(
        self,
        fault: Fault,
        project: str | None = None,
        *,
        place: Place | None = None,
        times: int | None = None,
    ) -> None:
        """Misbehave until `mend`: for one project or all, in one place or wherever it can be.

        With `times`, only so many requests fare badly. Raises `ValueError` for a place where
        the fault cannot strike.
        """
        places = fault.places if place is None else frozenset({place})
        name = None if project is None else canonicalize_name(project)
        self._faults.add(Rule(fault=fault, project=name, places=places, left=times))

    def mend(self) -> None:
        """Behave again; requests that hang are let go without an answer."""
        self._faults.clear()

    def stop(self) -> None:
        """Refuse connections."""
        self._server.stop()

    def start(self) -> None:
        """Answer, after a `stop` at the same address."""
        self._server.start()

    def _respond(self, path: str, headers: Message[str, str]) -> Answer | None:
        path = unquote(path).removeprefix(self._prefix)
        with self._lock:
            self._requests[path] += 1
        if self.login is None or headers.get("Authorization") == _basic(self.login):
            return self._answer(path, headers)
        asked = {"WWW-Authenticate": 'Basic realm="tests"'}
        return Answer(status=HTTPStatus.UNAUTHORIZED, headers=asked)

    def _answer(self, path: str, headers: Message[str, str]) -> Answer | None:
        target = self._site.locate(path)
        if target is None:
            return Answer(status=HTTPStatus.NOT_FOUND)
        rule = self._faults.strike(target.project, target.place)
        if rule is None:
            return self._content(target, headers)
        if rule.fault is Fault.HANG:
            rule.over.wait()
            return None
        if rule.fault is Fault.LOOP:
            return Answer(status=HTTPStatus.FOUND, headers={"Location": self._prefix + path})
        if isinstance(rule.fault.value, int):
            return Answer(status=HTTPStatus(rule.fault.value))
        return self._content(target, headers, rule.fault)

    def _content(
        self, target: Target, headers: Message[str, str], fault: Fault | None = None
    ) -> Answer:
        body = self._site.read(target, accept=headers.get("Accept", ""))
        if body is None:
            return Answer(status=HTTPStatus.NOT_FOUND)
        if fault in _INSTEAD:
            body = _INSTEAD[fault]
        if fault is Fault.WRONG_HASH:
            body = self._site.belie(body)
        if headers.get("If-None-Match") == body.etag:
            return Answer(status=HTTPStatus.NOT_MODIFIED)
        return Answer(
            status=HTTPStatus.OK,
            content=body.content,
            headers={**_describe(body), "Cache-Control": self.cache_control},
            cut=fault is Fault.TRUNCATED,
        )


def _basic(login: str) -> str:
    return f"Basic {base64.b64encode(login.encode()).decode()}"


def _describe(body: Body) -> dict[str, str]:
    return {
        "Content-Type": body.content_type,
        "ETag": body.etag,
        "Vary": "Accept",
    }
