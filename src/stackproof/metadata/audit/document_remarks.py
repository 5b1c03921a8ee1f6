"""Words that speak of a version: remarks in a table, comments, code in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from packaging.utils import canonicalize_name
from packaging.version import Version

from stackproof.matrix.document.stack import Aside, Stack
from stackproof.metadata.audit.document_steps import Difference
from stackproof.reasons.reason import reason

__all__ = ["stale_asides", "stale_remarks"]

_PINNED = re.compile(r"(?<![\w.-])([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==(\d+(?:\.\d+)*)(?![\w.*+-])")


def stale_remarks(stack: Stack) -> Iterator[Difference]:
    """Yield a warning for each remark that names a version which the table no longer lists."""
    spoken = _spoken(stack)
    for item in stack.listed:
        for remark in item.remarks:
            for (name, said), version in _said(remark, spoken).items():
                if name != item.name and not _is_that(said, version):
                    why = reason(
                        "remark-stale", remark=remark, name=name, said=said, version=version
                    )
                    yield Difference("warning", item.line, why, item.name)


def stale_asides(stack: Stack) -> Iterator[Difference]:
    """Yield a warning for each comment, or code in a sentence, at another version than the table's.

    A comment counts if the commands below or above it install what it speaks of.
    """
    spoken = _spoken(stack)
    for aside in stack.asides:
        for (name, said), version in _said_aside(aside, spoken).items():
            if not _is_that(said, version):
                why = reason("aside-stale", text=aside.text, name=name, said=said, version=version)
                yield Difference("warning", aside.line, why, name)


def _said_aside(aside: Aside, spoken: Mapping[str, tuple[str, str]]) -> dict[tuple[str, str], str]:
    if aside.about is not None:
        said = _said(aside.text, spoken)
        return {key: version for key, version in said.items() if key[0] in aside.about}
    listed = dict(spoken.values())
    pinned = ((str(canonicalize_name(name)), said) for name, said in _PINNED.findall(aside.text))
    return {(name, said): listed[name] for name, said in pinned if name in listed}


def _said(remark: str, spoken: Mapping[str, tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return what a remark says, as (name, version), with the version that the table has."""
    return {
        (name, said): version
        for called, (name, version) in spoken.items()
        for said in _versions_of(called, remark)
    }


def _spoken(stack: Stack) -> dict[str, tuple[str, str]]:
    """Return name and version of each package by the words that remarks may have for it."""
    found = {"python": ("python", stack.python)} if stack.python is not None else {}
    for item in stack.listed:
        found.setdefault(item.label.lower(), (item.name, item.version))
    for item in stack.listed:
        # "Airflow" means "Apache Airflow", if nothing else is called so.
        found.setdefault(item.label.lower().split()[-1], (item.name, item.version))
    return found


def _versions_of(called: str, remark: str) -> Iterator[str]:
    """Yield the versions that stand right behind a package's word."""
    pattern = rf"(?<![\w-]){re.escape(called)}\s+v?(\d+(?:\.\d+)+)(?!\.?\d|\+|\s*(?:or |이상))"
    yield from re.findall(pattern, remark, re.IGNORECASE)


def _is_that(said: str, version: str) -> bool:
    """Tell whether a version is meant, perhaps by its first numbers alone: 2.17 for 2.17.2."""
    release = Version(version).release
    named = Version(said).release
    return release[: len(named)] == named or named[: len(release)] == release
