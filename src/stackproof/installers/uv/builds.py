"""What uv built from source during a call, and with which build dependencies.

uv says so in its debug log, as spans: `setup_build` names what is built, `install` which build
dependencies it gets, beside the digest of the source that it gets them for. Several builds run at a
time, so that order alone does not tell whose they are; the digest stands in uv's cache under the
name. Collected by running uv 0.8.4 and 0.13.9.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from packaging.utils import canonicalize_name

from stackproof.evidence.records import Built
from stackproof.installers.builds import Build, builds_of

__all__ = ["BUILD_LOGGING", "built_by_uv", "debug_log", "without_debug_log"]

#: The filters of `RUST_LOG` with which uv tells of its builds; `UV_LOG_CONTEXT` has to be set too.
BUILD_LOGGING = "uv_dispatch=debug,uv_build_frontend=debug,uv_distribution=debug"
_TALK = re.compile(r"^ *(?:[\d.]+s +[\d.]+m?s +[A-Z]+ )?uv_\w+::.*\n?", re.MULTILINE)
_EVENT = re.compile(
    r'uv_dispatch::setup_build version_id="(?P<setup>[^"]+)"'
    r"|uv_dispatch::install build_stack=BuildStack\(\{(?P<stack>.*?)\}\), "
    r'resolution="(?P<resolution>[^"]*)"'
    r"|^ *(?P<at>[\d.]+)s +[\d.]+m?s +DEBUG uv_distribution::source "
    r"(?:(?P<begins>Preparing metadata for|Building): |"
    r"(?P<ends>Prepared metadata for:|Built|Finished building:) )"
    r"`?(?P<what>[^`\s]+)",
    re.MULTILINE,
)
_CLOCK = re.compile(r"^ *([\d.]+)s +[\d.]+m?s +DEBUG ", re.MULTILINE)
_DIGEST = re.compile(r"[0-9a-f]{32,}")


def debug_log(words: str) -> str:
    """Return what is uv's debug log of what it said."""
    return "".join(_TALK.findall(words))


def without_debug_log(words: str) -> str:
    """Return what uv said, without its debug log: that may say anything."""
    return _TALK.sub("", words)


def built_by_uv(words: str, cache: Path | None, log: str) -> tuple[Built, ...]:
    """Return what a call built by its log, and what it failed to build.

    `cache` is the call's cache folder, in which digests of sources stand.
    """
    builds: dict[tuple[str, str], Build] = {}
    order: list[tuple[str, str]] = []
    for event in _EVENT.finditer(words):
        if event["setup"] and (key := _key(event["setup"])):
            builds.setdefault(key, Build())
            order = [*(item for item in order if item != key), key]
        elif event["resolution"] is not None and order:
            owner = _owner(event["stack"], order, cache)
            builds[owner].requires.update(filter(None, map(_key, _listed(event))))
        elif event["what"] and (key := _key(event["what"])):
            build = builds.setdefault(key, Build())
            now = float(event["at"])
            if event["begins"]:
                build.begin(now)
            else:
                build.end(now)
                build.done = build.done or not event["ends"].startswith("Prepared")
    clock = _CLOCK.findall(words)
    return builds_of(builds, without_debug_log(words), float(clock[-1]) if clock else 0.0, log)


def _key(text: str) -> tuple[str, str] | None:
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
