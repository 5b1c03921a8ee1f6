"""What an installer built from source during a call, and with which build dependencies.

uv says so in its debug log, as spans: `setup_build` names what is built, `install` which build
dependencies it gets, beside the digest of the source that it gets them for. Several builds run at a
time, so that order alone does not tell whose they are; the digest stands in uv's cache under the
name. pip builds one after the other, and writes the log of what it installs for a build into its
own debug log. Collected by running uv 0.8.4 and 0.13.9, pip 26.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

from packaging.utils import (
    InvalidSdistFilename,
    canonicalize_name,
    parse_sdist_filename,
)

from stackproof.evidence.records import Built
from stackproof.installers.failed_builds import failed_build

__all__ = ["BUILD_LOGGING", "built_by_pip", "built_by_uv", "debug_log", "without_debug_log"]

#: The filters of `RUST_LOG` with which uv tells of its builds; `UV_LOG_CONTEXT` has to be set too.
BUILD_LOGGING = "uv_dispatch=debug,uv_build_frontend=debug,uv_distribution=debug"
_UV_TALK = re.compile(r"^ *(?:[\d.]+s +[\d.]+m?s +[A-Z]+ )?uv_\w+::.*\n?", re.MULTILINE)
_UV_EVENT = re.compile(
    r'uv_dispatch::setup_build version_id="(?P<setup>[^"]+)"'
    r"|uv_dispatch::install build_stack=BuildStack\(\{(?P<stack>.*?)\}\), "
    r'resolution="(?P<resolution>[^"]*)"'
    r"|^ *(?P<at>[\d.]+)s +[\d.]+m?s +DEBUG uv_distribution::source "
    r"(?:(?P<begins>Preparing metadata for|Building): |"
    r"(?P<ends>Prepared metadata for:|Built|Finished building:) )"
    r"`?(?P<what>[^`\s]+)",
    re.MULTILINE,
)
_UV_CLOCK = re.compile(r"^ *([\d.]+)s +[\d.]+m?s +DEBUG ", re.MULTILINE)
_DIGEST = re.compile(r"[0-9a-f]{32,}")
_PIP_EVENT = re.compile(
    r"^(?P<at>\S+) +(?:"
    r"Added (?P<added>\S+) from (?P<url>\S+) to build tracker"
    r"|Removed (?P<removed>\S+) from \S+ from build tracker"
    r"|Running command installing (?:build|backend) dependencies for (?P<wants>\S+)"
    r"|Successfully installed (?P<installed>.+)"
    r"|Building wheel for (?P<begins>\S+) \(.*started"
    r"|Created wheel for (?P<ends>\S+): filename=(?P<wheel>\S+))",
    re.MULTILINE,
)


@dataclass
class _Build:
    """What is known of a build as its log is read; times are seconds of some clock."""

    requires: dict[str, str] = field(default_factory=dict)
    began: float | None = None
    seconds: float = 0.0
    done: bool = False

    def begin(self, now: float) -> None:
        self.began = now if self.began is None else self.began

    def end(self, now: float) -> None:
        self.seconds += now - (now if self.began is None else self.began)
        self.began = None


def debug_log(words: str) -> str:
    """Return what is uv's debug log of what it said."""
    return "".join(_UV_TALK.findall(words))


def without_debug_log(words: str) -> str:
    """Return what uv said, without its debug log: that may say anything."""
    return _UV_TALK.sub("", words)


def built_by_uv(words: str, cache: Path | None, log: str) -> tuple[Built, ...]:
    """Return what a call built by its log, and what it failed to build.

    `cache` is the call's cache folder, in which digests of sources stand.
    """
    builds: dict[tuple[str, str], _Build] = {}
    order: list[tuple[str, str]] = []
    for event in _UV_EVENT.finditer(words):
        if event["setup"] and (key := _uv_key(event["setup"])):
            builds.setdefault(key, _Build())
            order = [*(item for item in order if item != key), key]
        elif event["resolution"] is not None and order:
            owner = _owner(event["stack"], order, cache)
            builds[owner].requires.update(filter(None, map(_uv_key, _listed(event))))
        elif event["what"] and (key := _uv_key(event["what"])):
            build = builds.setdefault(key, _Build())
            now = float(event["at"])
            if event["begins"]:
                build.begin(now)
            else:
                build.end(now)
                build.done = build.done or not event["ends"].startswith("Prepared")
    clock = _UV_CLOCK.findall(words)
    return _told(builds, without_debug_log(words), float(clock[-1]) if clock else 0.0, log)


def built_by_pip(words: str, debug: str, log: str) -> tuple[Built, ...]:
    """Return what a call built by its words and its debug log, and what it failed to build."""
    builds: dict[tuple[str, str], _Build] = {}
    known: dict[str, tuple[str, str]] = {}
    wanting: list[str] = []
    now = 0.0
    for event in _PIP_EVENT.finditer(debug):
        now = _seconds(event["at"], now)
        if event["added"]:
            key = _sdist_key(event["url"], event["added"])
            known[key[0]] = key
            builds.setdefault(key, _Build()).begin(now)
        elif event["wants"]:
            wanting.append(canonicalize_name(event["wants"]))
        elif event["installed"] and wanting:
            owner = known.get(wanting.pop())
            if owner is not None:
                builds[owner].requires.update(map(_installed, event["installed"].split()))
        elif name := event["removed"] or event["begins"] or event["ends"]:
            owner = known.get(canonicalize_name(re.split(r"[^\w.-]", name)[0]))
            if owner is None:
                continue
            if event["begins"]:
                builds[owner].begin(now)
            else:
                builds[owner].end(now)
                builds[owner].done = builds[owner].done or event["ends"] is not None
    return _told(builds, words, now, log)


def _told(
    builds: Mapping[tuple[str, str], _Build], words: str, end: float, log: str
) -> tuple[Built, ...]:
    """Return the builds that came to an end; one that another's failure cut short tells nothing."""
    failure = failed_build(words)
    found: list[Built] = []
    for (name, version), build in builds.items():
        failed = failure is not None and failure.names(name, version) and not build.done
        if failed or build.done:
            if build.began is not None:
                build.end(end)
            found.append(
                Built(
                    name=name,
                    version=version,
                    requires=dict(sorted(build.requires.items())),
                    seconds=round(max(build.seconds, 0.0), 3),
                    log=log,
                    failed=failed,
                )
            )
    return tuple(sorted(found, key=lambda item: (item.name, item.version)))


def _uv_key(text: str) -> tuple[str, str] | None:
    """Return the normal name and the version of `name==version`, None of anything else."""
    name, both, version = text.strip().partition("==")
    return (str(canonicalize_name(name)), version) if both else None


def _listed(event: re.Match[str]) -> Iterator[str]:
    yield from event["resolution"].split(", ")


def _owner(stack: str, order: list[tuple[str, str]], cache: Path | None) -> tuple[str, str]:
    """Return whose build dependencies are installed: of builds within builds, the innermost.

    Where no digest tells, it is what was set up last.
    """
    digests = [digest.encode() for digest in _DIGEST.findall(stack)]
    for key in reversed(order):
        if any(digest in source for source in _sources(cache, key) for digest in digests):
            return key
    return order[-1]


def _sources(cache: Path | None, key: tuple[str, str]) -> Iterator[bytes]:
    """Yield what uv's cache says of the source of a release."""
    name, version = key
    for index in ("pypi", "index/*") if cache is not None else ():
        for file in cache.glob(f"sdists-*/{index}/{name}/{version}/revision.*") if cache else ():
            yield file.read_bytes()


def _sdist_key(url: str, requirement: str) -> tuple[str, str]:
    """Return the normal name and the version of what pip builds."""
    name = unquote(url.partition("#")[0].rpartition("/")[2])
    try:
        found, version = parse_sdist_filename(name)
    except InvalidSdistFilename:
        asked, _, pinned = requirement.partition("==")
        return str(canonicalize_name(asked)), pinned
    return str(found), str(version)


def _installed(text: str) -> tuple[str, str]:
    """Return the normal name and the version of pip's `Name-version`."""
    name, _, version = text.rpartition("-")
    return str(canonicalize_name(name)), version


def _seconds(text: str, otherwise: float) -> float:
    try:
        return datetime.fromisoformat(text.replace(",", ".")).timestamp()
    except ValueError:
        return otherwise
