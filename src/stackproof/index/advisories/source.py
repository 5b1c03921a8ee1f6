"""Where advisories come from: a folder, a file, or a service that speaks OSV's API."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import requests
import yaml

from stackproof.base.text import without_credentials
from stackproof.errors import CannotJudgeError
from stackproof.index.advisories.record import Advisory

__all__ = ["Advisories", "AdvisorySource"]

_AT_ONCE = 16
_SECONDS = (5, 30)
#: How many questions a service takes at a time (https://google.github.io/osv.dev/post-v1-querybatch/).
_BATCH = 1000
_SUFFIXES = (".json", ".yaml", ".yml")
#: What reading something raises that is no record.
_NO_RECORD = (LookupError, TypeError, AttributeError, ValueError, yaml.YAMLError)


@dataclass(frozen=True, kw_only=True)
class Advisories:
    """What a source says of some distributions; `said` tells what it is, for people."""

    found: Mapping[str, tuple[Advisory, ...]]
    said: str


@dataclass
class AdvisorySource:
    """One source, which is read once however many rows ask; `place` is a path or an address."""

    place: str
    root: Path
    _read: dict[str, tuple[Advisory, ...]] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, installed: Mapping[str, str]) -> Advisories:
        """Return the advisories of distributions, by name.

        Those that affect no version that is there may be missing of a service. Raises
        CannotJudgeError if the source does not answer, or has what is no advisory: then nothing is
        known, least of all that something is safe.
        """
        if self.place.startswith(("http://", "https://")):
            return _Service(self.place.rstrip("/")).ask(installed)
        with self._lock:
            if self._read is None:
                self._read = _by_name(_records(self.root / self.place))
        every = [item for items in self._read.values() for item in items]
        newest = max((item.modified for item in every), default="").partition("T")[0]
        found = {name: self._read[name] for name in installed if name in self._read}
        said = f"{len(every)} advisories of {self.place}, the newest of {newest or 'no date'}"
        return Advisories(found=found, said=said)


def _by_name(advisories: Collection[Advisory]) -> dict[str, tuple[Advisory, ...]]:
    found: dict[str, list[Advisory]] = {}
    for item in advisories:
        found.setdefault(item.name, []).append(item)
    return {name: tuple(items) for name, items in found.items()}


def _records(place: Path) -> list[Advisory]:
    """Return every advisory of a folder or a file, of whatever distribution."""
    texts = list(_texts(place))
    if not texts:
        raise CannotJudgeError(
            f"there are no advisories at {place}; name a folder or a file of OSV records, or the "
            "address of a service, as advisories in [policy]"
        )
    return [item for where, text in texts for item in _parsed(where, text)]


def _texts(place: Path) -> Iterator[tuple[str, str]]:
    """Yield what may be a record, and where it stands."""
    try:
        if place.is_dir():
            for file in sorted(place.rglob("*")):
                if file.suffix in _SUFFIXES:
                    yield str(file), file.read_text(encoding="utf-8")
        elif place.suffix == ".zip":
            with ZipFile(place) as archive:
                for name in archive.namelist():
                    if name.endswith(_SUFFIXES):
                        yield f"{place}: {name}", archive.read(name).decode("utf-8")
        elif place.exists():
            yield str(place), place.read_text(encoding="utf-8")
    except (OSError, BadZipFile, UnicodeDecodeError) as error:
        raise CannotJudgeError(f"the advisories at {place} cannot be read: {error}") from error


def _parsed(where: str, text: str) -> list[Advisory]:
    """Return the advisories of a record, of a list of them, or of what a service answered."""
    try:
        data = json.loads(text) if text.lstrip()[:1] in "[{" else yaml.safe_load(text)
        records = data if isinstance(data, list) else data.get("vulns", [data])
        return [item for record in records for item in Advisory.parse(record)]
    except _NO_RECORD as error:
        raise CannotJudgeError(f"{where} is no OSV record: {error}") from error


@dataclass(frozen=True)
class _Service:
    """A service at an address, which is asked for what affects versions that are there."""

    address: str

    def ask(self, installed: Mapping[str, str]) -> Advisories:
        with requests.Session() as session, ThreadPoolExecutor(_AT_ONCE) as pool:
            affected = self._affected(session, installed)

            def every(name: str) -> tuple[Advisory, ...]:
                return self._every(session, name)

            found = dict(zip(affected, pool.map(every, affected), strict=True))
        shown = without_credentials(self.address)
        return Advisories(found=found, said=f"the advisories that {shown} has today")

    def _affected(self, session: requests.Session, installed: Mapping[str, str]) -> list[str]:
        """Return the distributions of which some advisory affects the version that is there."""
        names, found = list(installed), []
        for start in range(0, len(names), _BATCH):
            some = names[start : start + _BATCH]
            queries = [{**_package(name), "version": installed[name]} for name in some]
            results = self._post(session, "/v1/querybatch", {"queries": queries}, _results)
            if len(results) != len(some):
                raise self._fault(f"{len(results)} answers to {len(some)} questions")
            found += [name for name, said in zip(some, results, strict=True) if said]
        return found

    def _every(self, session: requests.Session, name: str) -> tuple[Advisory, ...]:
        """Return every advisory of a distribution: a fix should be free of all of them."""
        found: list[Advisory] = []
        page: str | None = ""
        while page is not None:
            query = _package(name) | ({"page_token": page} if page else {})
            advisories, page = self._post(session, "/v1/query", query, _page)
            found += [item for item in advisories if item.name == name]
        return tuple(found)

    def _post(
        self, session: requests.Session, path: str, query: object, read: Callable[[Any], Any]
    ) -> Any:  # noqa: ANN401 - whatever `read` returns
        try:
            answer = session.post(f"{self.address}{path}", json=query, timeout=_SECONDS)
            answer.raise_for_status()
            return read(answer.json())
        except (requests.RequestException, *_NO_RECORD) as error:
            raise self._fault(error) from error

    def _fault(self, what: object) -> CannotJudgeError:
        shown = without_credentials(f"{self.address}: {what}")
        return CannotJudgeError(f"no answer of advisories from {shown}; try again later")


def _package(name: str) -> dict[str, object]:
    return {"package": {"name": name, "ecosystem": "PyPI"}}


def _results(data: Any) -> list[bool]:  # noqa: ANN401 - any JSON
    return [bool((item or {}).get("vulns")) for item in data["results"]]


def _page(data: Any) -> tuple[list[Advisory], str | None]:  # noqa: ANN401 - any JSON
    records = data.get("vulns", ())
    found = [item for record in records for item in Advisory.parse(record)]
    return found, data.get("next_page_token") or None
