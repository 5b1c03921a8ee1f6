"""What kind of failure a check met, and which failures are only those of another check.

It is read from what checks say: of Python the last line of a traceback, as it words its exceptions
(https://docs.python.org/3/library/exceptions.html), of our own suite how a process ended.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
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


_ERROR = re.compile(r"^\s*[\w.]*(?:Error|Exception|Interrupt|Exit)\b.*")
_WARNING = re.compile(r"^\s*[\w.]*Warning\b.*")
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
#: What ends a process, in the words with which our own lines of each kind of check begin: anybody
#: may say in an error that something was killed. The group is by what.
_CRASHED, _HUNG = r"crashed: ended by (\w+)", r"hung: killed after()"
_MODULE = r"(?:Failed: )?(?:import )?(?:the end of the process|\S+) "
_ENDED: Mapping[str, tuple[tuple[FailureClass, re.Pattern[str]], ...]] = {
    "import": (("crash", re.compile(_MODULE + _CRASHED)), ("hang", re.compile(_MODULE + _HUNG))),
    "smoke": (
        ("crash", re.compile(f"the workload's process {_CRASHED}")),
        ("hang", re.compile(f"the workload's process {_HUNG}")),
    ),
    "command": (
        ("crash", re.compile(r"(?:not reached: )?was killed by (\w+)")),
        ("hang", re.compile(r"(?:not reached: )?did not end within its time limit()")),
    ),
}
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


#: What tells nothing but that another process failed, and where a traceback begins.
_OF_PROCESS = re.compile(r"(?:subprocess\.)?CalledProcessError: ")
_TRACEBACK = "Traceback (most recent call last):"


def telling_line(message: str) -> str:
    """Return the line of a failure that says most, without a path: the last that names an error.

    Where that is of a process that failed, it is what this had said before, if anything.
    """
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.match(line)]
    if errors and _OF_PROCESS.match(errors[-1]):
        begin = max((at for at, line in enumerate(lines) if line == _TRACEBACK), default=0)
        said = lines[1:begin]  # the first line is ours
        errors = [line for line in said if _ERROR.match(line)] or said[-1:] or errors
    # What is raised as a warning ends in one; what is only printed is no error.
    warnings = [line for line in lines if _WARNING.match(line)]
    return _PLACE.sub("", (errors or warnings or lines[:1] or [""])[-1])


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
    for said in _own_lines(result):
        for kind, pattern in _ENDED.get(result.kind, ()):
            if match := pattern.match(said):
                return Failure(kind=kind, name=_named(match))
    line = telling_line(result.message)
    for kind, pattern in _RAISED:
        if match := pattern.search(line):
            return Failure(kind=kind, name=_named(match))
    return Failure(kind="error")


def _named(match: re.Match[str]) -> str:
    return next(filter(None, match.groups()), "")


def _own_lines(result: CheckResult) -> list[str]:
    """Return the lines that the suite says itself, before what was printed or raised."""
    own = result.message.partition("\n\n")[0].splitlines()
    return own if result.id == CheckId("import") else own[:1]


def _roots(failed: Mapping[str, CheckResult]) -> dict[str, str]:
    """Return the root of each check that fails only because of another one.

    That is an import which fails in the same words, and which the traceback of the other one goes
    through; of several the one that comes to it by the shortest way. All imports together fail
    because of one if nothing else fails there than does alone.
    """
    groups: dict[str, list[CheckResult]] = defaultdict(list)
    for check, result in failed.items():
        line = telling_line(result.message)
        if check != CheckId("import") and _ERROR.match(line):
            groups[_ADDED.sub("", line)].append(result)
    roots: dict[str, str] = {}
    for group in groups.values():
        imports = sorted((result for result in group if result.kind == "import"), key=_distance)
        others = [result for result in group if result.kind != "import"]
        for place, result in enumerate([*imports, *others]):
            through = (root.id for root in imports[:place] if _goes_through(result, root))
            if root := next(through, None):
                roots[result.id] = roots.get(root, root)
    if together := failed.get(CheckId("import")):
        alone = [result for check, result in failed.items() if _is_import(check)]
        if root := _root_of_all(together, alone):
            roots[together.id] = roots.get(root, root)
    return roots


def _distance(result: CheckResult) -> tuple[int, str]:
    return len(_FRAME.findall(result.message)), result.id


def _is_import(check: str) -> bool:
    asked = CheckId.parse(check)
    return asked.kind == "import" and asked.subject != ALL


def _goes_through(result: CheckResult, root: CheckResult) -> bool:
    """Tell whether a traceback has a frame in a module's files, or a line that imports it."""
    text = f"{result.message}\n{result.trace}"
    return any(_use(module).search(text) for module in _modules(root))


def _use(module: str) -> re.Pattern[str]:
    name, path = re.escape(module), re.escape(module.replace(".", "/"))
    frame = rf"(?:site|dist)-packages/{path}(?:\.py\b|/)"
    return re.compile(rf"{frame}|^\s*(?:from|import) {name}\b", re.MULTILINE)


def _root_of_all(together: CheckResult, alone: Iterable[CheckResult]) -> str | None:
    """Return the import that fails alone too, if each that fails among all others does."""
    owners = {module: result for result in alone for module in _modules(result)}
    lines = (line.removeprefix("Failed: ") for line in _own_lines(together))
    found = [owners.get(line.partition(" ")[0]) for line in lines]
    roots = [result for result in found if result is not None]
    if not roots or len(roots) < len(found):
        return None
    kinds = {_failure(result, unbuilt=False).kind for result in roots}
    kind = _failure(together, unbuilt=False).kind
    return roots[0].id if kind in kinds or kind not in ("crash", "hang") else None


def _modules(result: CheckResult) -> tuple[str, ...]:
    return result.modules or (result.subject.replace("-", "_"),)
