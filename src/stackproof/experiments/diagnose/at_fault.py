"""The workload itself at fault: its own code raises, whatever the stack is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.record import Cause
from stackproof.experiments.found import Found
from stackproof.experiments.tracebacks import telling_line
from stackproof.matrix.checks import CheckId
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["asking_too_much", "never_well", "raising_by_itself"]

_FRAME = re.compile(r'^\s*File "([^"]+)", line \d+(?:, in (\w+))?', re.MULTILINE)
#: What only the code that raises it can mend.
_OWN = re.compile(r"^(?:SyntaxError|IndentationError|TabError|NameError|UnboundLocalError)\b")
_ABSENT = re.compile(r"^ModuleNotFoundError: No module named '([\w.]+)'")


def raising_by_itself(inquiry: Inquiry, found: Found) -> set[str]:
    """Return the scripts whose own code is wrong, with their causes: nothing is searched for them.

    A name that a star import may have brought is the stack's.
    """
    checks = {}
    for check in found.failed:
        line = telling_line(found.checks[check].message)
        file = _own_file(found, check)
        if file is not None and _OWN.match(line) and not _stars(file):
            checks[check] = reason("itself-at-fault", file=file.name, said=line)
    _keep(inquiry, checks, confirmed=True)
    return set(checks)


def asking_too_much(inquiry: Inquiry, found: Found) -> set[str]:
    """Return the scripts that import what the row does not bring, with their causes."""
    checks = {}
    for check in inquiry.failing(found):
        gone = _ABSENT.match(telling_line(found.checks[check].message))
        file = _own_file(found, check)
        if gone is not None and file is not None:
            checks[check] = reason("imports-unbrought", file=file.name, module=gone[1])
    _keep(inquiry, checks, confirmed=True)
    return set(checks)


def never_well(inquiry: Inquiry, found: Found) -> None:
    """Blame scripts that never passed and in whose own code it ends, where all else is well."""
    checks = {}
    for check in inquiry.unexplained(found):
        file = _own_file(found, check)
        if file is None or any("site-packages" in other for other in _files(found, check)):
            return
        line = telling_line(found.checks[check].message)
        never = reason("passes-with-none", file=file.name)
        checks[check] = never.then(reason("own-code-ends", said=line))
    _keep(inquiry, checks, confirmed=False)


def _keep(inquiry: Inquiry, checks: dict[str, Reason], *, confirmed: bool) -> None:
    inquiry.causes += (
        Cause(
            kind="workload", checks=(check,), confirmed=confirmed, sentence=in_words(why), why=why
        )
        for check, why in checks.items()
    )


def _own_file(found: Found, check: str) -> Path | None:
    """Return the script of a command in whose own code its failure ends, None if in another's."""
    if CheckId.parse(check).kind != "command":
        return None
    files = _files(found, check)
    return Path(files[-1]) if files and _is_own(files) else None


def _files(found: Found, check: str) -> list[str]:
    """Return the files that a failure came through, but a module's that was asked for a name."""
    frames: list[tuple[str, str]] = _FRAME.findall(found.checks[check].message)
    while frames and frames[-1][1] == "__getattr__":
        frames.pop()
    return [file for file, _ in frames]


def _is_own(files: Sequence[str]) -> bool:
    """Tell whether the last frame is in the file of the first one, and of no installed code."""
    return files[-1] == files[0] and "site-packages" not in files[-1] and files[0][0] != "<"


def _stars(file: Path) -> bool:
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    return re.search(r"^\s*from .* import \*", text, re.MULTILINE) is not None
