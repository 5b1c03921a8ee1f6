"""The Python itself: a row that fails on one interpreter and passes on its neighbour."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import partial
from itertools import islice

from stackproof.experiments.diagnose.causes import said_by
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.record import Cause
from stackproof.experiments.found import Found
from stackproof.index.history import Releases
from stackproof.installers.failed_builds import failed_build
from stackproof.installers.failures import cause
from stackproof.installers.interpreters import find_target, interpreters
from stackproof.installers.resolver import Refused
from stackproof.reasons.reason import reason
from stackproof.reasons.words import in_words

__all__ = ["another_python", "speaks_of_python"]

#: What Python dropped since 3.10, as its documents say. `distutils` is not among them: setuptools
#: brings it, so that its loss may be the work of a release.
_DROPPED = {
    "asynchat", "asyncore", "audioop", "binhex", "cgi", "cgitb", "chunk", "crypt", "formatter",
    "imghdr", "imp", "lib2to3", "mailcap", "msilib", "nis", "nntplib", "ossaudiodev", "parser",
    "pipes", "smtpd", "sndhdr", "spwd", "sunau", "symbol", "telnetlib", "uu", "xdrlib",
}  # fmt: skip
_MODULE = re.compile(
    r"No module named '(?P<gone>\w+)|module '(?P<owner>[\w.]+)' has no attribute"
    r"|cannot import name '\w+' from '(?P<source>[\w.]+)'"
)
_REQUIRED = re.compile(r"does not satisfy Python|requires a different Python|Requires-Python")
#: How many neighbours are tried, nearest first and older before newer.
_NEIGHBOURS = 2


def speaks_of_python(found: Found) -> bool:
    """Tell whether a failure names what this Python dropped, or a Python that is not this one."""
    words = [item.message for item in found.checks.values() if item.outcome == "failed"]
    if found.refusal is not None:
        words.append(found.refusal)
        if _REQUIRED.search(" ".join(found.refusal.split())):
            return True
    return any(_of_python(match) for text in words for match in _MODULE.finditer(text))


def _of_python(match: re.Match[str]) -> bool:
    if match["gone"]:
        return match["gone"] in _DROPPED
    top = (match["owner"] or match["source"]).partition(".")[0]
    return top in sys.stdlib_module_names and top != "distutils"


def another_python(inquiry: Inquiry, found: Found) -> bool:
    """Try the row on the neighbouring interpreters that can be had; tell whether one will do."""
    here = inquiry.planner.at(inquiry.moment).python
    for python in _neighbours(inquiry, found, here):
        planner = inquiry.planner.with_row(python=python)
        if isinstance(inquiry.resolved(planner), Refused):
            continue
        plan = partial(planner.at, inquiry.moment)
        other = inquiry.prober.ask(plan, (), f"on Python {python}")
        if not inquiry.failing(other):
            checks = tuple(inquiry.failing(found))
            said = cause(found.refusal) if found.refusal else said_by(found, checks)
            why = reason("other-python", here=here, other=python).then(said)
            inquiry.causes.append(
                Cause(kind="python", checks=checks, confirmed=True, sentence=in_words(why), why=why)
            )
            inquiry.fix = inquiry.fix.model_copy(
                update={
                    "found": True,
                    "confirmed": True,
                    "minimal": not inquiry.planner.lines,
                    "requirements": inquiry.planner.lines,
                    "build_constraints": inquiry.constraints,
                    "versions": inquiry.versions(other),
                    "python": python,
                }
            )
            return True
    return False


def _neighbours(inquiry: Inquiry, found: Found, here: str) -> list[str]:
    """Return other interpreters of this machine, the nearest first, older before newer.

    Of what cannot be built here, those come first of all that have a wheel.
    """
    minor = _minor(here)
    environ = inquiry.prober.runner.project.environ
    others = [item for item in interpreters(environ) if item != here]
    others.sort(key=lambda item: (abs(_minor(item) - minor), _minor(item)))
    near = others[:_NEIGHBOURS]
    build = failed_build(found.refusal or "")
    if build is None or build.version is None:
        return near
    name, version = build.name, build.version
    wheels = (item for item in others if _has_wheel(inquiry, name, version, item, environ))
    return list(dict.fromkeys([*islice(wheels, 1), *near]))


def _minor(python: str) -> int:
    return int(python.partition(".")[2])


def _has_wheel(
    inquiry: Inquiry, name: str, version: str, python: str, environ: Mapping[str, str]
) -> bool:
    index, client = inquiry.releases.index, inquiry.releases.client
    releases = Releases(client=client, index=index, target=find_target(python, environ))
    offered = releases.offered(name, f"=={version}", inquiry.moment)
    return any(map(releases.has_wheel, offered))
