"""Tell of every collected item which one check it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack_suite.servers import Server, weakest_grade
from stack_suite.workload import MarkerError, Workload, parse_marker

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

# Typical seconds of a check of all pins at once.
_TOGETHER_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question with a yes/no answer, and the seconds that its answer typically takes."""

    kind: str
    subject: str
    grade: str
    seconds: float
    workload: Workload | None = None

    @property
    def name(self) -> str:
        """The id of the check, such as `smoke:feast-lifecycle`."""
        return f"{self.kind}:{self.subject}"

    @property
    def properties(self) -> list[tuple[str, object]]:
        """The properties by which a report tells whose it is."""
        own: list[tuple[str, object]] = [
            ("check", self.name),
            ("kind", self.kind),
            ("subject", self.subject),
            ("grade", self.grade),
        ]
        if self.workload is not None:
            own.append(("needs", (*self.workload.needs, *self.workload.uses)))
            own.append(("servers", self.workload.servers))
        return own


def pin_check(item: pytest.Function) -> Check:
    """Return the check of an item of a file beside conftest.py, which says its `KIND`."""
    kind: str = item.module.KIND
    seconds: float = item.module.SECONDS
    callspec = getattr(item, "callspec", None)
    if callspec is None:
        return Check(kind=kind, subject="*", grade="real", seconds=_TOGETHER_SECONDS)
    return Check(kind=kind, subject=callspec.params["pin"].name, grade="real", seconds=seconds)


def workload_check(item: pytest.Function, servers: Mapping[str, Server]) -> Check:
    """Return the check of a workload.

    Raises MarkerError where its marker is missing or wrong.
    """
    mark = item.get_closest_marker("workload")
    if mark is None:
        raise MarkerError("has no workload marker")
    workload = parse_marker(mark)
    return Check(
        kind="smoke",
        subject=workload.name,
        grade=weakest_grade(servers, workload.servers),
        seconds=workload.seconds,
        workload=workload,
    )
