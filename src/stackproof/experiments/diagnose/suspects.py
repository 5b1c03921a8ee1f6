"""The distributions that a failure speaks of: whose releases to ask first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from packaging.utils import canonicalize_name

from stackproof.experiments.diagnose.signs import missing_module
from stackproof.experiments.found import Found
from stackproof.experiments.timeline.guiding import named_in
from stackproof.experiments.tracebacks import telling_line, traceback_packages

__all__ = ["BROUGHT", "Suspect", "suspects"]

#: Modules that are called otherwise than the distribution that once brought them.
BROUGHT = {"pkg_resources": "setuptools", "distutils": "setuptools"}

#: The top module of a name in quotes, such as `module 'PIL.Image' has no attribute`.
_QUOTED = re.compile(r"['\"`]([A-Za-z_]\w*)(?:\.\w+)*['\"`]")

#: How many are asked one by one; what is named beyond that is named by the way.
_MOST = 4


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """A distribution at the version that a build holds; `builds` is what it built, if that.

    `said` tells whether the failure itself names it, rather than what led there. `checks` are those
    whose failures speak of it, and so are in question; all that fail where there are none.
    """

    name: str
    version: str
    builds: tuple[str, ...] = ()
    said: bool = False
    checks: tuple[str, ...] = ()


def suspects(found: Found, failing: Sequence[str], fixed: Sequence[str]) -> list[Suspect]:
    """Return what failing checks speak of, that which says most first; not what is `fixed`.

    Where something could not be built, these are its build dependencies.
    """
    if found.refusal is not None:
        return list(_of_builds(found))
    names = [name for name in found.freeze if name not in fixed]
    said, beside = (
        {check: list(speaking(found, check, names)) for check in failing}
        for speaking in (_said, _beside)
    )
    named = list(dict.fromkeys(chain(*said.values(), *beside.values())))[:_MOST]
    return [
        Suspect(
            name=name,
            version=found.freeze[name],
            said=any(name in spoken for spoken in said.values()),
            checks=tuple(check for check in failing if name in {*said[check], *beside[check]}),
        )
        for name in named
    ]


def _of_builds(found: Found) -> Iterator[Suspect]:
    for item in found.built:
        if item.failed:
            named = named_in(found.refusal or "", list(item.requires))
            for name in dict.fromkeys([*named, *item.requires]):
                builds = (item.name,)
                yield Suspect(name=name, version=item.requires[name], builds=builds, said=True)


def _said(found: Found, check: str, names: Sequence[str]) -> Iterator[str]:
    """Yield what the line of a failure that says most speaks of."""
    said = found.said(check)
    missing = BROUGHT.get(missing_module(said) or "", "")
    if missing in names:
        yield missing
    yield from _named_in(telling_line(said), found, names)


def _beside(found: Found, check: str, names: Sequence[str]) -> Iterator[str]:
    """Yield what a failure came through, the deepest first, and what else it speaks of."""
    through = traceback_packages(found.evidence, check)
    owners = (found.modules.get(package, package) for package in through)
    yield from (name for name in owners if name in names)
    yield from _named_in(found.said(check), found, names)


def _named_in(text: str, found: Found, names: Sequence[str]) -> Iterator[str]:
    """Yield the distributions that a text names, by their modules too where these are in quotes."""
    yield from named_in(text, names)
    quoted = (canonicalize_name(top) for top in _QUOTED.findall(text))
    owners = (found.modules.get(top, "") for top in quoted)
    yield from (name for name in owners if name in names)
