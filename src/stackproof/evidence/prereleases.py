"""The pre-releases that a run took, of those that its row lets in."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.version import Version

from stackproof.base.versions import is_version
from stackproof.matrix.plan import Plan

__all__ = ["taken"]


def taken(plan: Plan, freeze: Mapping[str, str]) -> dict[str, str]:
    """Return the version of each distribution that is a pre-release, and no pin's exact version."""
    return {
        name: version
        for name, version in sorted(freeze.items())
        if plan.lets_in(name)
        and name not in plan.versions
        and is_version(version)
        and Version(version).is_prerelease
    }
