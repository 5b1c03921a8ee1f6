"""The Python itself: a row that fails on one interpreter and passes on its neighbour."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import partial
from itertools import islice

from stackproof.base.versions import OLDEST_MINOR
from stackproof.experiments.diagnose.causes import said_by
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.record import Cause
from stackproof.experiments.diagnose.removed import (
    MISSING,
    SINCE,
    Removed,
    minor_of,
    removed_from,
)
from stackproof.experiments.found import Found
from stackproof.index.history import Releases
from stackproof.installers.failed_builds import failed_build
from stackproof.installers.failures import cause
from stackproof.installers.interpreters import find_target, interpreters
from stackproof.installers.resolver import Refused
from stackproof.reasons.reason import reason
from stackproof.reasons.words import in_words

__all__ = ["another_python", "speaks_of_python", "without_a_name"]

#: Modules that Python dropped; the last ones take a build to be told from others of that name.
_DROPPED = {*SINCE, "formatter", "msilib", "parser", "symbol"}
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
    return any(_of_python(match) for text in words for match in MISSING.finditer(text))


def _of_python(match: re.Match[str]) -> bool:
    if match["module"]:
        return match["module"].partition(".")[0] in _DROPPED
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


def without_a_name(inquiry: Inquiry, found: Found) -> None:
    """Blame Python for checks that miss what it dropped, where no older one here was seen to pass.

    Their words alone tell it: no release brings back what is gone, and no build here shows it.
    """
    here, oldest = inquiry.planner.at(inquiry.moment).python, f"3.{OLDEST_MINOR}"
    gone: dict[Removed, list[str]] = {}
    for check in inquiry.unexplained(found):
        if (item := removed_from(found, check, here)) is not None:
            gone.setdefault(item, []).append(check)
    for item, checks in gone.items():
        why = reason("gone-from-python", here=here, name=item.name, since=f"3.{item.minor}").then(
            reason("none-older-supported", oldest=oldest)
            if item.minor <= OLDEST_MINOR
            else reason("none-older-passes"),
            cause(found.refusal) if found.refusal else said_by(found, checks),
        )
        inquiry.causes.append(
            Cause(
                kind="python",
                checks=tuple(checks),
                confirmed=False,
                sentence=in_words(why),
                why=why,
            )
        )


def _neighbours(inquiry: Inquiry, found: Found, here: str) -> list[str]:
    """Return other interpreters of this machine, the nearest first, older before newer.

    Of what cannot be built here, those come first of all that have a wheel. What Python dropped is
    in none but those of before.
    """
    minor = minor_of(here)
    environ = inquiry.prober.runner.project.environ
    others = [item for item in interpreters(environ) if item != here]
    others.sort(key=lambda item: (abs(minor_of(item) - minor), minor_of(item)))
    removed = (removed_from(found, check, here) for check in inquiry.failing(found))
    before = min((item.minor for item in removed if item), default=None)
    having = [item for item in others if before is None or minor_of(item) < before]
    near = having[:_NEIGHBOURS]
    build = failed_build(found.refusal or "")
    if build is None or build.version is None:
        return near
    name, version = build.name, build.version
    wheels = (item for item in others if _has_wheel(inquiry, name, version, item, environ))
    return list(dict.fromkeys([*islice(wheels, 1), *near]))


def _has_wheel(
    inquiry: Inquiry, name: str, version: str, python: str, environ: Mapping[str, str]
) -> bool:
    index, client = inquiry.releases.index, inquiry.releases.client
    releases = Releases(client=client, index=index, target=find_target(python, environ))
    offered = releases.offered(name, f"=={version}", inquiry.moment)
    return any(map(releases.has_wheel, offered))
