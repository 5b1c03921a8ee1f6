"""How deep a run's answers go, pin by pin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from packaging.utils import canonicalize_name

from stackproof.evidence.links import Links
from stackproof.evidence.records import CheckResult
from stackproof.matrix.plan import Plan

__all__ = ["Depth", "depth_of"]

#: What was asked of a pin: a workload that needs it; an import, and whether what its code uses of
#: other distributions is there; an import only; or nothing.
Depth = Literal["workload", "link", "import", "none"]


def depth_of(
    plan: Plan, results: Iterable[CheckResult], freeze: Mapping[str, str], links: Links | None
) -> dict[str, Depth]:
    """Say of each pin how deep its answers go; of none where the suite's log is an older one.

    What is not installed, or cannot be imported, was not imported, though that was asked.
    """
    answered = [result for result in results if result.outcome != "skipped"]
    workloads = [result.needs for result in answered if result.kind == "smoke"]
    worked = {canonicalize_name(name) for needs in workloads for name in needs or ()}
    imported = {
        result.subject
        for result in answered
        if result.kind == "import" and result.outcome == "passed" and result.modules != ()
    }
    linked = {item.name for item in links.checked} if links else set()

    def deepest(pin: str) -> Depth:
        if pin in worked:
            return "workload"
        if pin not in imported or pin not in freeze:
            return "none"
        return "link" if pin in linked else "import"

    return {} if None in workloads else {pin.name: deepest(pin.name) for pin in plan.pins}
