"""Which distributions a failure goes through, by its traceback and its words."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.utils import canonicalize_name

from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.found import Found
from stackproof.experiments.timeline.guiding import named_in
from stackproof.experiments.tracebacks import traceback_packages
from stackproof.installers.failed_builds import failed_build
from stackproof.matrix.checks import ALL, CheckId

__all__ = ["blamed_pins", "through"]


def through(found: Found, check: str) -> list[str]:
    """Return the distributions that the failure of a check goes through, the deepest first.

    The pin that an import check is about comes last.
    """
    modules = found.modules
    packages = traceback_packages(found.evidence, check)
    names = [modules.get(package, package) for package in packages]
    own = [canonicalize_name(CheckId.parse(check).subject)]
    known = {*found.freeze, *modules.values()}
    return [name for name in dict.fromkeys([*names, *own]) if name in known]


def blamed_pins(inquiry: Inquiry, found: Found, checks: Sequence[str]) -> list[str]:
    """Return the pins that the failures of checks have in common, or else those they name.

    What failed to be built, or speaks in a refusal, is blamed for it.
    """
    pins = list(inquiry.planner.at(inquiry.moment).asked)
    if found.refusal is not None:
        build = failed_build(found.refusal)
        return [build.name] if build and build.name in pins else named_in(found.refusal, pins)
    single = [check for check in checks if CheckId.parse(check).subject != ALL]
    gone = [[name for name in through(found, check) if name in pins] for check in single]
    common = [name for name in gone[0] if all(name in names for names in gone)] if gone else []
    if common or pins[1:]:
        return common
    return pins
