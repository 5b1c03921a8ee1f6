"""What kind of failure a check met, and which failures are only those of another check.

It is read from what checks say: of Python the last line of a traceback, as it words its exceptions
(https://docs.python.org/3/library/exceptions.html), of our own suite how a process ended.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

from stackproof.base.records import Record
from stackproof.evidence.records import CheckResult
from stackproof.matrix.checks import ALL, CheckId

__all__ = ["Failure", "FailureClass", "failures", "severity", "telling_line"]

#: The worst first.
FailureClass = Literal[
    "crash",
    "hang",
    "build",
    "resolution",
    "missing-module",
    "missing-name",
    "call",
    "binary",
    "conflict",
    "overwritten",
    "accelerator",
    "version",
    "value",
    "error",
]


class Failure(Record):
    """Why a check failed: the class of it, and the module or name that it is about, "" for none.

    `because` is the id of the check whose failure this one is too: it fails only because of that.
    """

    kind: FailureClass
    name: str = ""
    because: str | None = None


_ERROR = re.compile(r"^\s*[\w.]*(?:Error|Exception|Warning|Interrupt|Exit)\b.*")
#: Where an import error says that a module lies: the same on no two machines.
_PLACE = re.compile(r"\s*\((?:\S*/)?site-packages/\S+\)$")
#: What one Python adds to the words of another: where a module lies, what may have been meant.
_ADDED = re.compile(r"\s*\((?:\S*/)?site-packages/.*|\. Did you mean: .*")
_FRAME = re.compile(r'^\s*File "', re.MULTILINE)
#: Kinds of checks with failures of one class each.
_OF_KINDS: Mapping[str, FailureClass] = {
    "pip-check": "conflict",
    "overwrite": "overwritten",
    "build": "accelerator",
    "version": "version",
}
#: What ends a process, wherever it is said; the group is by what.
_ENDED: tuple[tuple[FailureClass, re.Pattern[str]], ...] = (
    ("crash", re.compile(r"(?:crashed: ended by|was killed by) (\w+)")),
    ("hang", re.compile(r"hung: killed after|did not end within its time limit()")),
)
#: What the telling line of a traceback says; the group is the module or name.
_RAISED: tuple[tuple[FailureClass, re.Pattern[str]], ...] = (
    ("missing-module", re.compile(r"No module named '([^']+)'")),
    ("missing-name", re.compile(r"cannot import name '([^']+)'|has no attribute '([^']+)'")),
    ("call", re.compile(r"TypeError: .*unexpected keyword argument '([^']+)'")),
    ("call", re.compile(r"TypeError: (\S+\(\)) (?:takes|missing)\b.*\bargument")),
    (
        "binary",
        re.compile(
            r"may indicate binary incompatibility|undefined symbol: (\S+)"
            # A word is tried from its first character alone: from each one, a line without a
            # space, as long as may be kept, took a minute.
            r"|(?<!\S)(\S+): cannot open shared object file"
        ),
    ),
    ("value", re.compile(r"AssertionError()")),
)


def telling_line(message: str) -> str:
    """Return the line of a failure that says most, without a path: the last that names an error."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.match(line)]
    return _PLACE.sub("", (errors or lines[:1] or [""])[-1])


def severity(failure: Failure | None) -> int:
    """Return the place of a failure among others, the worst being first; what is none is last."""
    every = get_args(FailureClass)
    return every.index(failure.kind) if failure else len(every)


def failures(results: Iterable[CheckResult], *, unbuilt: bool) -> dict[str, Failure]:
    """Return why each check that failed did, by its id.

    `unbuilt` says that something could not be built, so that a stage failed by that.
    """
    failed = {result.id: result for result in results if result.outcome == "failed"}
    roots = _roots(failed)
    return {
        check: _failure(result, unbuilt=unbuilt).model_copy(update={"because": roots.get(check)})
        for check, result in failed.items()
    }


def _failure(result: CheckResult, *, unbuilt: bool) -> Failure:
    if result.kind == "stage":
        return Failure(kind="build" if unbuilt else "resolution")
    if kind := _OF_KINDS.get(result.kind):
        return Failure(kind=kind)
    for kind, pattern in _ENDED:
        if match := pattern.search(result.message):
            return Failure(kind=kind, name=_named(match))
    line = telling_line(result.message)
    for kind, pattern in _RAISED:
        if match := pattern.search(line):
            return Failure(kind=kind, name=_named(match))
    return Failure(kind="error")


def _named(match: re.Match[str]) -> str:
    return next(filter(None, match.groups()), "")


def _roots(failed: Mapping[str, CheckResult]) -> dict[str, str]:
    """Return the root of each check that fails only because of another one.

    Tracebacks that end in the same line are of one failure, and it belongs to whatever import
    comes to it by the shortest way. All imports together fail if any of them does.
    """
    groups: dict[str, list[CheckResult]] = defaultdict(list)
    for check, result in failed.items():
        line = telling_line(result.message)
        if check != CheckId("import") and _ERROR.match(line):
            groups[_ADDED.sub("", line)].append(result)
    roots: dict[str, str] = {}
    for group in groups.values():
        imports = [result for result in group if result.kind == "import"]
        if imports:
            root = min(imports, key=_distance).id
            roots |= {result.id: root for result in group if result.id != root}
    alone = [check for check in failed if _is_import(check)]
    if alone and CheckId("import") in failed:
        first = _first_said(failed[CheckId("import")].message, alone, failed)
        roots[CheckId("import")] = roots.get(first, first)
    return roots


def _distance(result: CheckResult) -> tuple[int, str]:
    return len(_FRAME.findall(result.message)), result.id


def _is_import(check: str) -> bool:
    asked = CheckId.parse(check)
    return asked.kind == "import" and asked.subject != ALL


def _first_said(message: str, alone: Sequence[str], failed: Mapping[str, CheckResult]) -> str:
    """Return the import whose failure that of all together has first, or else the first one."""
    same = (check for check in alone if telling_line(failed[check].message) in message)
    return next(same, alone[0])
