"""What pip built from source during a call, and with which build dependencies.

pip builds one after the other, and writes the log of what it installs for a build into its own
debug log. Collected by running pip 26.3.
"""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import unquote

from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename

from stackproof.evidence.records import Built
from stackproof.installers.builds import Build, builds_of

__all__ = ["built_by_pip"]

_EVENT = re.compile(
    r"^(?P<at>\S+) +(?:"
    r"Added (?P<added>\S+) from (?P<url>\S+) to build tracker"
    r"|Removed (?P<removed>\S+) from \S+ from build tracker"
    r"|Running command installing (?:build|backend) dependencies for (?P<wants>\S+)"
    r"|Successfully installed (?P<installed>.+)"
    r"|Building wheel for (?P<begins>\S+) \(.*started"
    r"|Created wheel for (?P<ends>\S+): filename=(?P<wheel>\S+))",
    re.MULTILINE,
)


def built_by_pip(words: str, debug: str, log: str) -> tuple[Built, ...]:
    """Return what a call built by its words and its debug log, and what it failed to build."""
    builds: dict[tuple[str, str], Build] = {}
    known: dict[str, tuple[str, str]] = {}
    wanting: list[str] = []
    now = 0.0
    for event in _EVENT.finditer(debug):
        now = _seconds(event["at"], now)
        if event["added"]:
            key = _sdist_key(event["url"], event["added"])
            known[key[0]] = key
            builds.setdefault(key, Build()).begin(now)
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
    return builds_of(builds, words, now, log)


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
