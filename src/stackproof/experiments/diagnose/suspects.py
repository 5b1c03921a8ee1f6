"""The distributions that a failure speaks of: whose releases to ask first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stackproof.experiments.diagnose.signs import missing_module, telling_line
from stackproof.experiments.found import Found
from stackproof.experiments.timeline.guiding import named_in
from stackproof.experiments.tracebacks import traceback_packages

__all__ = ["BROUGHT", "Suspect", "suspects"]

#: Modules that are called otherwise than the distribution that once brought them.
BROUGHT = {"pkg_resources": "setuptools", "distutils": "setuptools"}


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """A distribution at the version that a build holds; `builds` is what it built, if that."""

    name: str
    version: str
    builds: tuple[str, ...] = ()


def suspects(found: Found, failing: Sequence[str], fixed: Sequence[str]) -> list[Suspect]:
    """Return what failing checks speak of, that which says most first; not what is `fixed`.

    Where something could not be built, these are its build dependencies.
    """
    if found.refusal is not None:
        return list(_of_builds(found))
    names = [name for name in found.freeze if name not in fixed]
    named = dict.fromkeys(name for check in failing for name in _named(found, check, names))
    return [Suspect(name=name, version=found.freeze[name]) for name in named]


def _of_builds(found: Found) -> Iterator[Suspect]:
    for item in found.built:
        if item.failed:
            words = found.refusal or ""
            named = named_in(words, list(item.requires))
            for name in dict.fromkeys([*named, *item.requires]):
                yield Suspect(name=name, version=item.requires[name], builds=(item.name,))


def _named(found: Found, check: str, names: Sequence[str]) -> Iterator[str]:
    known = found.checks.get(check)
    said = known.message if known is not None else ""
    missing = BROUGHT.get(missing_module(said) or "", "")
    if missing in names:
        yield missing
    yield from named_in(telling_line(said), names)
    through = traceback_packages(found.evidence, check)
    yield from (name for name in through if name in names)
    yield from named_in(said, names)
